"""The application for a WSGI server: `granian --interface wsgi wsgi:app`."""

from typing import Any

from portal import create_app
from portal.waking import wake_by


# Each brings the queue along, which takes half a second: not while the portal starts.
def _deliver() -> Any:
    from tasks import deliver

    return deliver()


def _deliver_letters() -> Any:
    from tasks import deliver_letters

    return deliver_letters()


def _run_jobs() -> Any:
    from tasks import run_jobs

    return run_jobs()


app = create_app()
wake_by(app, deliver=_deliver, deliver_letters=_deliver_letters, run_jobs=_run_jobs)
