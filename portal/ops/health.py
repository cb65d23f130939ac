"""Whether what the portal stands on is there, said within a second even when one of it hangs."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any

from flask import Flask
from sqlalchemy import text

from portal import clock
from portal.database import only_reading
from portal.extensions import db
from portal.ops.queue import new_queue
from portal.ops.version import version

OK, DEGRADED, ERROR, UNUSED = "OK", "DEGRADED", "ERROR", "NOT USED"
# Nobody who watches over processes waits longer for an answer.
LIMIT = 1.0
_BEGAN = time.monotonic()
_PROBES = "portal_probes"
_QUEUE = "portal_queue"


class _Probe:
    """Asks one dependency beside the request. While a question hangs no further one is asked."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._answered: Event | None = None
        self._answer: Any = None

    def answer(self, until: float) -> Any:
        """What the dependency says, or None when it is away or says nothing in time."""
        with self._lock:
            if self._answered is None or self._answered.is_set():
                self._answered = Event()
                Thread(target=self._run, args=(self._answered,), daemon=True).start()
            waited_for = self._answered
        return self._answer if waited_for.wait(max(until - time.monotonic(), 0)) else None

    def _run(self, answered: Event) -> None:
        try:
            self._answer = self._ask()
        except Exception:  # drivers have no error in common; whatever it is, the answer is the same
            self._answer = None
        answered.set()


def health(app: Flask) -> dict[str, Any]:
    """State of database, Redis and queue; `ERROR` without the database, `DEGRADED` when only another one is away."""
    if _PROBES not in app.extensions:
        app.extensions[_PROBES] = {"database": _Probe(_database(app)), "queue": _Probe(_queue(app))}
    probes = app.extensions[_PROBES]
    until = time.monotonic() + LIMIT
    found = {name: probe.answer(until) for name, probe in probes.items()}
    services = {name: OK if answer is not None else ERROR for name, answer in found.items()}
    services["redis"] = services["queue"] if app.config["PORTAL"].redis_address() else UNUSED
    now = clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    return {
        "status": ERROR if services["database"] == ERROR else DEGRADED if ERROR in services.values() else OK,
        "time": now,
        "timestamp": now,
        "uptime": round(time.monotonic() - _BEGAN, 1),
        "version": version(),
        "environment": app.config["PORTAL"].portal_env,
        "services": services,
        "database_kind": found["database"],
        "queue_waiting": found["queue"],
    }


def _database(app: Flask) -> Callable[[], str]:
    with app.app_context():
        engine = db.engine.engine

    def ask() -> str:
        with only_reading(), engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            return str(engine.dialect.name)

    return ask


def _queue(app: Flask) -> Callable[[], int]:
    # Made before the second begins: its library alone may take as long to import. It asks nobody yet.
    with suppress(Exception):
        app.extensions.setdefault(_QUEUE, new_queue(app.config["PORTAL"]))

    def ask() -> int:
        return int(app.extensions[_QUEUE].pending_count())

    return ask
