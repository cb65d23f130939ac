"""What happens around each request: sessions that only read, bodies of bounded size, one line of log."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, TypeVar, cast

import structlog
from flask import Flask, Request, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wsgi import LimitedStream

from portal.database import reading_only
from portal.measuring import Asked, asked_so_far, begin_measuring
from portal.web.bare import bare

log = structlog.get_logger("portal.request")
# The token of an invitation has 43 letters; nothing else in an address is as long.
_SECRET = re.compile(r"[\w-]{32,}")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


# Asked for so often that nothing else would stand in the log.
_UNLOGGED = frozenset({"static", "live.pulse"})
# Of a body that is refused: more is not waited for. In pieces, so that none of it stays.
_MOST_READ, _PIECE = 4 * 1024 * 1024, 64 * 1024
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
    app.after_request(_read_rest)
    app.teardown_request(_end)


def _begin() -> None:
    asked, app, here = bare(request), bare(current_app), bare(g)
    here.began = time.perf_counter()
    begin_measuring()
    if asked.content_type and asked.mimetype == "application/x-www-form-urlencoded":
        asked.max_content_length = app.config["MAX_FORM_MEMORY_SIZE"]
    elif most := getattr(app.view_functions.get(asked.endpoint or ""), "__most_bytes__", None):
        asked.max_content_length = most
    # A GET never writes, so on SQLite it needs no write lock and waits for nobody.
    here.reading_only = reading_only.set(asked.method in SAFE)


def _read_rest(response: Response) -> Response:
    """Read what nobody wanted of a body, such as that of a request without a token.

    A server that still has some of it closes the connection after the answer, mostly without a word, and what the
    client asks for next on it is lost. Whoever asks by `Expect: 100-continue` whether a body is wanted has not sent it
    yet: to read would be to say yes, and this answer is the no.
    """
    asked = bare(request)
    length = asked.content_length
    if not length or length > _MOST_READ or "Expect" in asked.headers:
        return response
    with suppress(HTTPException, OSError):
        rest = _body_of(asked, length)
        while rest.read(_PIECE):
            pass
    return response


def _body_of(asked: Request, length: int) -> IO[bytes]:
    """What is left of a body: where it is larger than was allowed, nobody has begun to read it."""
    try:
        return asked.stream
    except RequestEntityTooLarge:
        return cast(IO[bytes], LimitedStream(asked.environ["wsgi.input"], length))


def _log(response: Response) -> Response:
    asked = bare(request)
    if asked.endpoint not in _UNLOGGED:
        route = asked.url_rule.rule if asked.url_rule else None
        done = Done(
            asked.method, path_for_log(), route, response.status_code, seconds_so_far(), known_user_id(),
            bare(g).get("request_id"),
        )  # fmt: skip
        note_request(log, done, asked_so_far())
    return response


@dataclass(frozen=True, slots=True)
class Done:
    """A request that has its answer, as the log tells of it."""

    method: str
    path: str
    route: str | None
    status: int
    seconds: float
    user_id: int | None
    request_id: str | None


def note_request(to: Any, done: Done, asked: Asked) -> None:
    """The line of log of a request."""
    to.info(
        "request",
        method=done.method,
        path=done.path,
        route=done.route,
        status=done.status,
        ms=round(done.seconds * 1000, 1),
        sql=asked.statements,
        sql_ms=round(asked.seconds * 1000, 1),
        user_id=done.user_id,
        request_id=done.request_id,
    )


def seconds_so_far() -> float:
    """How long this request has taken until now."""
    began: float | None = bare(g).get("began")
    return 0.0 if began is None else time.perf_counter() - began


def known_user_id() -> int | None:
    """Who is signed in, if anything has asked for that already; a line of log asks no database."""
    found: int | None = getattr(bare(g).get("_login_user"), "id", None)
    return found


def path_for_log() -> str:
    """The path of this request; an address that opens something by itself is written without its secret."""
    return _SECRET.sub("<token>", request.path)


def opens_by_itself() -> bool:
    """Whether the address of this request holds a secret, as the link of an invitation does."""
    asked = bare(request)
    return asked.endpoint != "static" and _SECRET.search(asked.path) is not None


def _end(_error: BaseException | None) -> None:
    token = bare(g).pop("reading_only", None)
    if token is not None:
        reading_only.reset(token)
