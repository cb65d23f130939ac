"""Parts of the portal that are no pages: who stands before them, and how they say no.

The guard, the error handlers and the choice of the language ask here, so that a whole part below an
address (`/api`) can know people by tokens and answer in JSON, whatever goes wrong and wherever.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Request, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.wrappers import Response

from portal.web.bare import bare

_KEY = "portal_entrances"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the answer to a request that went wrong says; `field` names the input at fault, if one is."""

    status: int
    message: str | None
    headers: Mapping[str, str]
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Entrance:
    """Everything below `prefix`: no cookie is read or written there.

    `recognise` gives the person behind the request or None, `turn_away` the answer to a stranger, `refuse` the
    answer to a request that went wrong.
    """

    prefix: str
    recognise: Callable[[], Any]
    turn_away: Callable[[], Response]
    refuse: Callable[[Refusal], Response]

    def leads_to(self, path: str) -> bool:
        """Whether an address is below this entrance."""
        return path == self.prefix or path.startswith(f"{self.prefix}/")


def init_entrances(app: Flask) -> None:
    """Keep the cookie of the pages away from what is below an entrance."""
    app.extensions[_KEY] = []
    app.session_interface = _PagesAlone()


def add_entrance(app: Flask, entrance: Entrance) -> None:
    """Register an entrance."""
    app.extensions[_KEY].append(entrance)


def present_entrance() -> Entrance | None:
    """The entrance of the present request; None for a page."""
    return _entrance_of(bare(current_app).extensions[_KEY], bare(request).path)


def _entrance_of(entrances: list[Entrance], path: str) -> Entrance | None:
    for entrance in entrances:
        if entrance.leads_to(path):
            return entrance
    return None


class _PagesAlone(SecureCookieSessionInterface):
    """Flask's signed cookie; below an entrance there is no session, and writing to it raises."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of a page."""
        return None if _entrance_of(app.extensions[_KEY], request.path) else super().open_session(app, request)
