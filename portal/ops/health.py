"""Whether what the portal stands on is there, said within a second even when one of it hangs."""

import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import text

from portal import clock
from portal.database import only_reading
from portal.extensions import db
from portal.ops.probing import LIMIT, Probe, answers_within
from portal.ops.queue import new_queue
from portal.ops.version import version

OK, DEGRADED, ERROR, UNUSED = "OK", "DEGRADED", "ERROR", "NOT USED"
_BEGAN = time.monotonic()
_PROBES = "portal_probes"
_QUEUE = "portal_queue"


def health(app: Flask) -> dict[str, Any]:
    """State of database, Redis and queue; `ERROR` without the database, `DEGRADED` when only another one is away."""
    if _PROBES not in app.extensions:
        app.extensions[_PROBES] = {"database": Probe(_database(app)), "queue": Probe(_queue(app))}
    probes = app.extensions[_PROBES]
    found = dict(zip(probes, answers_within(LIMIT, probes.values()), strict=True))
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
    def ask() -> int:
        # Its library alone takes half a second to import, so that is done beside the request too.
        if _QUEUE not in app.extensions:
            app.extensions[_QUEUE] = new_queue(app.config["PORTAL"])
        return int(app.extensions[_QUEUE].pending_count())

    return ask
