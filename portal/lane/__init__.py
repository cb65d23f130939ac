"""A lane past the application, for answers of the API that this process has given before.

A program that asks again gets what it got, as long as one statement says that it still would: who bears the token,
what they are by now, and the pulses that the answer follows from. All else goes on to the application, which knows
nothing of the lane but that it says what its answer follows from (`portal/api/tickets.py`). So does what is uncertain.
"""

from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Any

import structlog
from flask import Flask
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from portal import clock
from portal.accounts.jwt import read_with
from portal.accounts.services import hash_token
from portal.api.bearer import AWAY
from portal.api.limits import Counted, count, limit_headers
from portal.api.tickets import TICKET, Ticket
from portal.extensions import db, limiter
from portal.lane.keeping import Answer, Key, Said, answers, keep, key_of
from portal.lane.looking import Looker
from portal.measuring import Asked
from portal.ops.metrics import count_flying, count_landed, measure
from portal.ops.tracing import is_traced
from portal.web.requests import Done, note_request
from portal.web.security import id_of_request

log = structlog.get_logger()
# A database that is away is noticed after seconds; whoever waited for that is not made to wait again.
_SOON = 4.0
Environ = dict[str, Any]
Start = Callable[..., Any]
Application = Callable[[Environ, Start], Iterable[bytes]]


def init_lane(app: Flask) -> None:
    """Put the lane around the application."""
    app.wsgi_app = Lane(app, app.wsgi_app)  # type: ignore[assignment, method-assign]


class Lane:
    """Answers what it has kept, and hands on all else."""

    def __init__(self, app: Flask, onward: Application) -> None:
        self._app, self._onward = app, onward
        self._log = structlog.get_logger("portal.request").bind()
        self._looker: Looker | None = None

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """The answer to a request."""
        is_ours = (
            environ["REQUEST_METHOD"] == "GET"
            and "HTTP_AUTHORIZATION" in environ
            and environ.get("PATH_INFO", "").startswith("/api/")
        )
        if not is_ours or is_traced(self._app):
            return self._onward(environ, start)
        key = key_of(self._app, environ)
        kept: Answer | None = answers.get(key)
        if kept is not None:
            headers = self._answered(key, kept, environ)
            if headers is not None:
                start(kept.status, headers)
                return [kept.body]
        return self._first(key, environ, start)

    def _first(self, key: Key, environ: Environ, start: Start) -> Iterable[bytes]:
        """What the application answers, kept if it may be given again."""
        said: list[tuple[str, list[tuple[str, str]]]] = []

        def note(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            said[:] = [(status, headers)]
            return start(status, headers, *error)

        given = self._onward(environ, note)
        ticket = environ.pop(TICKET, None)
        if ticket is None or not said:
            return given
        try:
            body = b"".join(given)
        finally:
            getattr(given, "close", bool)()
        keep(key, Said(*said[0], body), ticket, self._app.config["PORTAL"])
        return [body]

    def _answered(self, key: Key, kept: Answer, environ: Environ) -> list[tuple[str, str]] | None:
        """The headers of what is given again; None where the application is to answer."""
        began, asked, ticket = perf_counter(), Asked(), kept.ticket
        count_flying()
        try:
            own = self._own_headers(kept, environ, asked)
        except Exception as error:  # whatever it is, the long way is there
            log.error("lane_failed", exc_info=error, path=ticket.path)
            own = None
        finally:
            count_landed()
        if own is None:
            answers.drop(key)
            return None
        seconds, request_id = perf_counter() - began, id_of_request(environ.get("HTTP_X_REQUEST_ID", ""))
        measure("GET", ticket.route, kept.code, seconds, asked)
        done = Done("GET", ticket.path, ticket.route, kept.code, seconds, ticket.user_id, request_id)
        note_request(self._log, done, asked)
        return [*kept.headers, ("X-Request-ID", request_id), *own]

    def _own_headers(self, kept: Answer, environ: Environ, asked: Asked) -> list[tuple[str, str]] | None:
        if kept.settings is not self._app.config["PORTAL"] or clock.now().timestamp() >= kept.ticket.until:
            return None
        standing = self._look(kept.ticket, environ, asked)
        if standing != kept.ticket.standing:
            return None
        return _counted(kept.ticket.limits)

    def _look(self, ticket: Ticket, environ: Environ, asked: Asked) -> str | None:
        """How the bearer of the token stands now; None for one that is to be asked for in full."""
        if ticket.family is not None:
            claims = read_with(ticket.token, self._app.config)
            if claims is None or claims.family != ticket.family:
                return None
        began = perf_counter()
        try:
            looker = self._looker or self._new_looker()
            if ticket.family is not None:
                return looker.of_family(ticket.family, asked)
            return looker.of_token(hash_token(ticket.token), asked)
        except Exception as error:
            # The application asks once more, as for any read, and says what there is to say.
            if perf_counter() - began > _SOON:
                environ[AWAY] = error if isinstance(error, SQLAlchemyError) else OperationalError("", None, error)
            return None

    def _new_looker(self) -> Looker:
        with self._app.app_context():
            self._looker = Looker(db.engine.engine)
        return self._looker


def _counted(limits: Sequence[Counted]) -> list[tuple[str, str]] | None:
    """Count the request as the limiter does, and what its headers say; None where that is left to the limiter."""
    if not limits or not limiter.enabled:
        return None if limiter.enabled or limits else []
    windows = count(limits)
    return None if windows is None else list(limit_headers(windows).items())
