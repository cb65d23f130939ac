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


def note_statement(seconds: float) -> None:
    """Count a statement that took so long."""
    if asked := _asked.get():
        asked.statements += 1
        asked.seconds += seconds


def measure_engine(engine: Engine) -> None:
    """Count what is sent by an engine whose connections do not do so by themselves, as those of thrift.py do."""
    event.listen(engine, "before_cursor_execute", _before)
    event.listen(engine, "after_cursor_execute", _after)


def _before(connection: Any, *_rest: Any) -> None:
    connection.info[_BEGAN] = time.perf_counter()


def _after(connection: Any, *_rest: Any) -> None:
    note_statement(time.perf_counter() - connection.info[_BEGAN])
