"""Waking the worker as soon as work for it is committed, so that a link for a new password is there within seconds.

Only a quicker way: what nobody was woken for is found by the sweep of the next minute.
"""

from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Any

import structlog
from flask import Flask, current_app
from sqlalchemy import event

from portal.database import WORK_WAITS
from portal.extensions import db

log = structlog.get_logger()
_WAKERS = "portal_wakers"


class _Waker:
    """Calls `wake` beside the request: at most one call at a time, so that a queue which is away gathers no threads."""

    def __init__(self, wake: Callable[[], Any]) -> None:
        self._wake = wake
        self._wanted = Event()
        self._busy = Lock()

    def ask(self) -> None:
        """Have it called soon; a call that is under way may have looked too early and is followed by another."""
        self._wanted.set()
        self._begin()

    def _begin(self) -> None:
        if self._wanted.is_set() and self._busy.acquire(blocking=False):
            Thread(target=self._call, daemon=True).start()

    def _call(self) -> None:
        self._wanted.clear()
        try:
            self._wake()
        except Exception as error:  # whatever keeps the queue away, the work is safe
            log.warning("worker_not_woken", error=f"{type(error).__name__}: {error}")
        finally:
            self._busy.release()
        self._begin()


def init_waking(app: Flask) -> None:
    """Listen to commits; doing so again changes nothing."""
    app.extensions[_WAKERS] = {}
    if not event.contains(db.session, "after_commit", _after_commit):
        event.listen(db.session, "after_commit", _after_commit)
        event.listen(db.session, "after_rollback", _after_rollback)


def wake_by(app: Flask, **wakers: Callable[[], Any]) -> None:
    """Call these by name whenever such work waits, beside the request, which they can neither delay nor break."""
    app.extensions[_WAKERS].update({name: _Waker(wake) for name, wake in wakers.items()})


def _after_commit(session: Any) -> None:
    if session.in_nested_transaction():
        return
    for name in session.info.pop(WORK_WAITS, ()):
        waker = current_app.extensions[_WAKERS].get(name)
        if waker is not None:
            waker.ask()


def _after_rollback(session: Any) -> None:
    if not session.in_nested_transaction():
        session.info.pop(WORK_WAITS, None)
