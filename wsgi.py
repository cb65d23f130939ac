"""The application for a WSGI server: `granian --interface wsgi wsgi:app`."""

import gc
import signal
from functools import partial
from importlib import import_module
from threading import current_thread, main_thread
from typing import Any

# Nothing of what is made here is ever thrown away: looking for it costs a sixth of the start, and later each sweep.
gc.disable()
# Whoever is told to stop meanwhile stops: a forked worker has the handler of its parent, which would let it go on.
handler = signal.getsignal(signal.SIGTERM)
is_ours = current_thread() is main_thread() and handler is not None  # only there, and if it can be put back
if is_ours:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

from portal import create_app
from portal.waking import wake_by


def _enqueue(task: str) -> Any:
    # The tasks bring the queue along, which takes half a second: not while the portal starts.
    return getattr(import_module("tasks"), task)()


app = create_app()
wake_by(
    app, **{task: partial(_enqueue, task) for task in ("deliver", "deliver_letters", "run_jobs", "deliver_webhooks")}
)
gc.freeze()
gc.enable()
if is_ours:
    signal.signal(signal.SIGTERM, handler)
