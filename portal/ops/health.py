"""Whether what the portal stands on is there, said within a second even when one of it hangs."""

import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import Engine

from portal import clock
from portal.database import only_reading
from portal.extensions import db
from portal.ops.probing import LIMIT, Probe, answers_within
from portal.ops.queue import counting_of
from portal.ops.version import version

OK, DEGRADED, ERROR, UNUSED = "OK", "DEGRADED", "ERROR", "NOT USED"
_BEGAN = time.monotonic()
_PROBES = "portal_probes"


def init_health(app: Flask) -> None:
    """Load what the questions need: on a busy machine that may take longer than an answer may."""
    with app.app_context():
        engine = db.engine.engine
    if engine.driver == "pymysql":
        from portal import thrift  # noqa: F401  # with the first connection
    app.extensions[_PROBES] = {"database": Probe(_database(engine)), "queue": Probe(counting_of(app.config["PORTAL"]))}


def health(app: Flask) -> dict[str, Any]:
    """State of database, Redis and queue; `ERROR` without the database, `DEGRADED` when only another one is away."""
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


def _database(engine: Engine) -> Callable[[], str]:
    def ask() -> str:
        with only_reading(), engine.connect() as connection:
            connection.execute(text("SELECT 1"))
            return str(engine.dialect.name)

    return ask
