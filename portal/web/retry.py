"""A deadlock, a lost wait for a lock or a lost connection is settled by asking once more.

A database that turns a transaction away has undone it whole, so the view runs again from its start, as if the request
had arrived a moment later. When the connection is lost, which is what a failover looks like, only a request that does
not write is repeated: a COMMIT whose answer was lost may have been kept.
"""

from typing import Any

import structlog
from flask import Flask, request
from sqlalchemy import event
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import SQLAlchemyError

from portal.away import code_of, is_lost, was_turned_away
from portal.extensions import db
from portal.web.requests import SAFE, path_for_log, seconds_so_far

log = structlog.get_logger()
# A server that hangs is noticed after seconds; whoever waited for that is not made to wait again.
_SOON = 4.0
# A node of a Galera cluster that is not ready; a server that stops, has trouble with the network, or only reads now.
_LEFT = {1047, 1053, 1158, 1159, 1160, 1161, 1290, 1836}


def init_retry(app: Flask) -> None:
    """Repeat a view once when the database turned its transaction away, or went while it only read."""
    dispatch = app.dispatch_request

    def dispatch_again() -> Any:
        try:
            return dispatch()
        except SQLAlchemyError as error:
            if not (was_turned_away(error) or _was_cut(error)):
                raise
            cause = getattr(error, "orig", error)
            log.warning("transaction_repeated", path=path_for_log(), cause=type(cause).__name__)
            db.session.rollback()
            return dispatch()

    app.dispatch_request = dispatch_again  # type: ignore[method-assign]
    if not event.contains(Engine, "handle_error", _leave_node):
        event.listen(Engine, "handle_error", _leave_node)


def _was_cut(error: SQLAlchemyError) -> bool:
    """Whether the connection of a request that only reads was lost, and so soon that nobody waits twice for long."""
    return is_lost(error) and request.method in SAFE and seconds_so_far() < _SOON


def _leave_node(context: ExceptionContext) -> None:
    """A connection to a server that takes nothing in is given up: the next one goes where the proxy says."""
    if code_of(context.original_exception) in _LEFT:
        context.is_disconnect = True
