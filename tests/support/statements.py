"""Statements that are compiled once in a test process, whichever of its applications sends them.

SQLAlchemy keeps what it compiled for each engine, and for each dialect object within: an application that is made for
one test would have all of its statements compiled anew, a tenth of the time of all tests.
"""

from typing import Any

from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

# More than a process is asked for: nothing is to be compiled twice.
_ROOM = 8000
_kept: Any = LRUCache(_ROOM)


def keep_statements(engine: Engine) -> None:
    """Have an engine find what the others of its kind had compiled."""
    engine._compiled_cache = _kept


def _what_compiling_asks(dialect: DefaultDialect) -> tuple[Any, ...]:
    """The kind of server, and of what release it is: all engines of the tests are made alike."""
    release = getattr(dialect, "server_version_info", None)
    return type(dialect), release, getattr(dialect, "is_mariadb", None), dialect.insert_returning


def _is_alike(dialect: DefaultDialect, other: object) -> bool:
    if dialect is other:
        return True
    return isinstance(other, DefaultDialect) and _what_compiling_asks(dialect) == _what_compiling_asks(other)


DefaultDialect.__eq__ = _is_alike  # type: ignore[method-assign]
DefaultDialect.__hash__ = lambda dialect: hash(type(dialect))  # type: ignore[method-assign]
