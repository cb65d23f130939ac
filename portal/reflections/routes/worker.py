"""The service worker, from an address that lets it answer for reflections and for nothing else."""

from pathlib import Path

from flask import Response, current_app, make_response

from portal.reflections.routes.blueprint import bp
from portal.web.access import public


@bp.get("/worker.js")
@public
def worker() -> Response:
    """The script; browsers ask for it anew at each visit."""
    text = (Path(current_app.static_folder or "") / "js" / "reflections" / "worker.js").read_text()
    answer = make_response(text)
    answer.mimetype = "text/javascript"
    answer.headers["Cache-Control"] = "no-cache"
    # What it may reach is said here: it is not ruled by the pages that it serves.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    return answer
