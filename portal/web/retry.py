"""A deadlock or a lost wait for a lock is settled by asking once more.

The database has undone the whole transaction, so the view runs again from its start, as if the
request had arrived a moment later. A connection lost at COMMIT is not repeated: it may have been kept.
"""

from typing import Any

import structlog
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal.extensions import db
from portal.web.requests import path_for_log

log = structlog.get_logger()
# MySQL and MariaDB: lock wait timeout, deadlock. PostgreSQL: serialization failure, deadlock.
_MYSQL = {1205, 1213}
_POSTGRESQL = {"40001", "40P01"}


def init_retry(app: Flask) -> None:
    """Repeat a view once when the database turned its transaction away."""
    dispatch = app.dispatch_request

    def dispatch_again() -> Any:
        try:
            return dispatch()
        except OperationalError as error:
            if not was_turned_away(error):
                raise
            log.warning("transaction_repeated", path=path_for_log())
            db.session.rollback()
            return dispatch()

    app.dispatch_request = dispatch_again  # type: ignore[method-assign]


def was_turned_away(error: OperationalError) -> bool:
    """Whether the database undid the transaction because of another one, so that repeating it is safe."""
    cause: Any = error.orig
    code = cause.args[0] if getattr(cause, "args", None) else None
    return code in _MYSQL or getattr(cause, "sqlstate", None) in _POSTGRESQL
