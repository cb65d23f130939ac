"""Pages for what went wrong: calm, in the reader's language, and never a traceback."""

from http import HTTPStatus

import structlog
from flask import Flask, g, render_template
from flask_limiter import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from portal import clock
from portal.away import is_away
from portal.errors import DomainError
from portal.extensions import db, limiter, login_manager
from portal.web.entrances import Refusal, present_entrance
from portal.web.requests import path_for_log

log = structlog.get_logger()
# Pages of their own; any other code is shown by the nearest of these.
_PAGES = {400, 403, 404, 409, 413, 429, 500, 503}

Answer = tuple[str, int, dict[str, str]]


def init_errors(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unforeseen)


def error_page(
    status: int, message: str | None = None, headers: dict[str, str] | None = None, field: str | None = None
) -> Answer | Response:
    """The page for a status, with a message of its own if there is one; what an entrance says for what is no page."""
    if entrance := present_entrance():
        return entrance.refuse(Refusal(status, message, headers or {}, field))
    name = status if status in _PAGES else (404 if status < HTTPStatus.INTERNAL_SERVER_ERROR else 500)
    facts = {"message": message, "status": status, "request_id": g.get("request_id")}
    try:
        return render_template(f"errors/{name}.html", **facts), status, headers or {}
    except Exception as error:  # the frame of a page asks who is signed in; this page has no such frame
        if name == HTTPStatus.SERVICE_UNAVAILABLE or not is_away(error):
            raise
        return _database_away(error)


def _domain_error(error: DomainError) -> Answer | Response:
    db.session.rollback()
    return error_page(error.status if error.status in _PAGES else 400, str(error), None, error.field)


def _stale_form(error: CSRFError) -> Answer | Response:
    # The token is bound to the session: it is stale after a sign-in elsewhere, and absent in a forgery.
    return error_page(400, None, {"HX-Stale-Form": "1"})


def _http_error(error: HTTPException) -> Answer | Response:
    if error.response is not None:
        return error.response  # type: ignore[return-value]
    # What goes wrong after the view, while its answer is finished, comes in this shape.
    if cause := getattr(error, "original_exception", None):
        return _unforeseen(cause)
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    kept = {name: value for name, value in error.get_headers() if name in {"Retry-After", "Allow"}}
    if isinstance(error, RateLimitExceeded):
        kept |= retry_after()
    return error_page(int(status), None, kept)


def retry_after() -> dict[str, str]:
    """The header that says in how many seconds the limit that was met lets the next request through."""
    met = limiter.current_limit
    return {"Retry-After": str(max(1, met.reset_at - int(clock.now().timestamp())) if met else 1)}


def _database_away(error: Exception) -> Answer | Response:
    log.error("database_away", error=str(error.__cause__ or error), path=path_for_log())
    db.let_go()
    _ask_for_nobody()
    return error_page(503, None, {"Retry-After": "10"})


def _unforeseen(error: Exception) -> Answer | Response:
    if is_away(error):
        return _database_away(error)
    log.error("unforeseen_error", exc_info=error, path=path_for_log(), request_id=g.get("request_id"))
    db.let_go()
    _ask_for_nobody()
    return error_page(500)


def _ask_for_nobody() -> None:
    """Keep the page from asking the database who is signed in, unless that is known already."""
    if "_login_user" not in g:
        g._login_user = login_manager.anonymous_user()
