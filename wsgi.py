"""The application for a WSGI server: `granian --interface wsgi wsgi:app`."""

from typing import Any

from portal import create_app
from portal.notifications.waking import wake_by


def _wake() -> Any:
    from tasks import deliver  # brings the queue along, which takes half a second: not while the portal starts

    return deliver()


app = create_app()
wake_by(app, _wake)
