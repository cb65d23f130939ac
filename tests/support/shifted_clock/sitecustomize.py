"""On PYTHONPATH, Python imports this when it starts: the process lives PORTAL_TEST_SHIFT seconds from now."""

import os
import time

import time_machine

if shift := os.environ.get("PORTAL_TEST_SHIFT"):
    time_machine.travel(time.time() + float(shift), tick=True).start()
