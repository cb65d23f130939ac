"""What happens around each request: sessions that only read, bodies of bounded size, one line of log."""

import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from flask import Flask, Response, current_app, g, request

from portal.database import reading_only

log = structlog.get_logger("portal.request")
# The token of an invitation has 43 letters; nothing else in an address is as long.
_SECRET = re.compile(r"[\w-]{32,}")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


# Asked for so often that nothing else would stand in the log.
_UNLOGGED = frozenset({"static", "live.pulse"})
View = TypeVar("View", bound=Callable[..., Any])


def takes_bodies_of(most: int) -> Callable[[View], View]:
    """Let a view take a body of more bytes than others: for uploads. Whoever may not open it is refused before."""

    def mark(view: View) -> View:
        view.__most_bytes__ = most  # type: ignore[attr-defined]
        return view

    return mark


def init_requests(app: Flask) -> None:
    """Register the hooks."""
    app.before_request(_begin)
    app.after_request(_log)
    app.teardown_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()
    view = current_app.view_functions.get(request.endpoint or "")
    if request.mimetype == "application/x-www-form-urlencoded":
        request.max_content_length = current_app.config["MAX_FORM_MEMORY_SIZE"]
    elif most := getattr(view, "__most_bytes__", None):
        request.max_content_length = most
    # A GET never writes, so on SQLite it needs no write lock and waits for nobody.
    g.reading_only = reading_only.set(request.method in SAFE)


def _log(response: Response) -> Response:
    if request.endpoint not in _UNLOGGED:
        took = round((time.perf_counter() - g.began) * 1000, 1) if "began" in g else None
        log.info(
            "request",
            method=request.method,
            path=path_for_log(),
            status=response.status_code,
            ms=took,
            request_id=g.get("request_id"),
        )
    return response


def path_for_log() -> str:
    """The path of this request; an address that opens something by itself is written without its secret."""
    return _SECRET.sub("<token>", request.path)


def opens_by_itself() -> bool:
    """Whether the address of this request holds a secret, as the link of an invitation does."""
    return request.endpoint != "static" and _SECRET.search(request.path) is not None


def _end(_error: BaseException | None) -> None:
    token = g.pop("reading_only", None)
    if token is not None:
        reading_only.reset(token)
