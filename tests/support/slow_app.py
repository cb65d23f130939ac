"""The portal with one more page, which takes its time."""

import time

from portal.web.access import public
from wsgi import app

__all__ = ["app"]


@app.get("/slow")
@public
def slow() -> str:
    """Answer after two seconds."""
    time.sleep(2)
    return "slept well"
