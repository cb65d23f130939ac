"""One deed in a process of its own, which holds nothing but the portal: `export ADDRESS SESSION`, or `check FOLDER`.

Prints the seconds that it took and the most kilobytes that the process ever held.
"""

import json
import re
import sys
import time
from pathlib import Path

import time_machine
from flask import Flask
from flask.cli import ScriptInfo

from portal import create_app

# As in bench/importing.py, whose imports would count here.
MOMENT = "2026-10-14T12:00:00+00:00"


def _export(app: Flask, address: str, session: str) -> None:
    client = app.test_client()
    with client.session_transaction() as kept:
        kept.update(json.loads(session))
    answer = client.get(address, buffered=False)
    assert answer.status_code == 200, answer.status_code
    assert sum(len(part) for part in answer.response)
    answer.close()


def main() -> None:
    """Do it."""
    with time_machine.travel(MOMENT, tick=True):
        app = create_app()
        begin = time.perf_counter()
        if sys.argv[1] == "export":
            _export(app, *sys.argv[2:])
        else:
            obj = ScriptInfo(create_app=lambda: app)
            words = ["exchange", "import", sys.argv[2], "--dry-run", "--skip-errors"]
            app.cli.main(words, obj=obj, standalone_mode=False)
        seconds = time.perf_counter() - begin
    peak = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    print(seconds, peak[1] if peak else 0)


if __name__ == "__main__":
    main()
