"""Which errors mean that the database was away or turned somebody away, in whatever shape they come.

Whoever asked is then told to come again, or is asked for again by the portal itself; nothing of it is a fault of code.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InvalidRequestError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

# SQLAlchemy's code of "can't reconnect until invalid transaction is rolled back"; a failed flush has another one.
_INVALIDATED = "8s2b"
# What a pool says when the connections that it made just now had gone, too.
_EXHAUSTED = "This connection is closed"
# MySQL and MariaDB: lock wait timeout, deadlock, and a savepoint that is no more because a deadlock has undone it all.
# A node of a Galera cluster that is not ready takes nothing in: the statement was not begun. Whoever is undone while
# they wait for the next number of a table is told that it could not be read.
_UNDONE = {1205, 1213, 1305, 1047, 1467}
# PostgreSQL: serialization failure, deadlock.
_UNDONE_STATES = {"40001", "40P01"}
# PostgreSQL, of a server that has become a standby or ended an idle transaction; the driver takes both for its faults.
_GONE_STATES = {"25006", "25P03"}


def is_away(error: BaseException) -> bool:
    """Whether the database is the reason: it is lost, hangs, refuses, or is too busy."""
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout) or is_lost(error):
        return True
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _GONE_STATES


@contextmanager
def unless_away() -> Iterator[None]:
    """For book-keeping: what is done within is left undone while the database is away."""
    try:
        yield
    except SQLAlchemyError as error:
        if not is_away(error):
            raise


def is_lost(error: BaseException) -> bool:
    """Whether it is the end of a connection, also where this shows only at its next use or at that of the session."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated
    if type(error) is InvalidRequestError:
        return str(error) == _EXHAUSTED
    return isinstance(error, StatementError | InvalidRequestError) and error.code == _INVALIDATED


def was_turned_away(error: BaseException) -> bool:
    """Whether the database did nothing or undid the transaction, so that repeating it is safe."""
    if not isinstance(error, DBAPIError):
        return False
    return code_of(error.orig) in _UNDONE or getattr(error.orig, "sqlstate", None) in _UNDONE_STATES


def code_of(cause: Any) -> Any:
    """The number that MySQL and MariaDB give an error; None without one."""
    return cause.args[0] if getattr(cause, "args", None) else None
