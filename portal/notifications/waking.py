"""Waking the worker as soon as a message is committed, so that a link for a new password is there within seconds.

Only a quicker way: whoever cannot be woken finds the message in the sweep of the next minute.
"""

from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy import event

from portal.extensions import db
from portal.notifications.services.telling import MAIL_WAITS

log = structlog.get_logger()
_WAKE = "portal_wake"
_wanted = Event()
_busy = Lock()


def init_waking() -> None:
    """Listen to commits; doing so again changes nothing."""
    if not event.contains(db.session, "after_commit", _after_commit):
        event.listen(db.session, "after_commit", _after_commit)
        event.listen(db.session, "after_rollback", _after_rollback)


def wake_by(app: Flask, wake: Callable[[], Any]) -> None:
    """Call this whenever messages wait. It runs beside the request, which it can neither delay nor break."""
    app.extensions[_WAKE] = wake


def _after_commit(session: Any) -> None:
    if session.in_nested_transaction() or not session.info.pop(MAIL_WAITS, False):
        return
    wake = current_app.extensions.get(_WAKE)
    if wake is not None:
        _wanted.set()
        _begin(wake)


def _after_rollback(session: Any) -> None:
    if not session.in_nested_transaction():
        session.info.pop(MAIL_WAITS, None)


def _begin(wake: Callable[[], Any]) -> None:
    """At most one call at a time, so that a queue which is away cannot gather threads."""
    if _wanted.is_set() and _busy.acquire(blocking=False):
        Thread(target=_call, args=(wake,), daemon=True).start()


def _call(wake: Callable[[], Any]) -> None:
    _wanted.clear()
    try:
        wake()
    except Exception as error:  # whatever keeps the queue away, the message is safe
        log.warning("worker_not_woken", error=f"{type(error).__name__}: {error}")
    finally:
        _busy.release()
    _begin(wake)  # for messages that were committed meanwhile: the worker may have looked before
