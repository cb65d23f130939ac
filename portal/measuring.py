"""What a request has asked of the database: how many statements, and how long they took together."""

import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_BEGAN = "portal_began"


@dataclass(slots=True)
class Asked:
    """Statements sent by one request and the seconds that the database took for them."""

    statements: int = 0
    seconds: float = 0.0


_asked: ContextVar[Asked | None] = ContextVar("asked", default=None)


def begin_measuring() -> Asked:
    """Count from nothing, for what runs from here on in this context."""
    fresh = Asked()
    _asked.set(fresh)
    return fresh


def asked_so_far() -> Asked:
    """What was asked since the count began."""
    return _asked.get() or Asked()


@event.listens_for(Engine, "before_cursor_execute")
def _before(connection: Any, *_rest: Any) -> None:
    connection.info[_BEGAN] = time.perf_counter()


@event.listens_for(Engine, "after_cursor_execute")
def _after(connection: Any, *_rest: Any) -> None:
    if asked := _asked.get():
        asked.statements += 1
        asked.seconds += time.perf_counter() - connection.info[_BEGAN]
