"""Whether what the portal stands on is there."""

import time
from typing import Any

from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.extensions import db
from portal.ops.queue import new_queue
from portal.ops.version import version

OK, DEGRADED, DOWN = "ok", "degraded", "down"


def health(app: Flask) -> dict[str, Any]:
    """State of database and queue; `down` without the database, `degraded` when only the queue is away."""
    database, queue = _database(), _queue(app)
    state = DOWN if database["status"] == DOWN else DEGRADED if queue["status"] == DOWN else OK
    return {"status": state, "version": version(), "database": database, "queue": queue}


def _database() -> dict[str, Any]:
    began = time.perf_counter()
    try:
        db.session.execute(text("SELECT 1"))
        db.session.rollback()
    except SQLAlchemyError:
        db.session.remove()
        return {"status": DOWN}
    return {"status": OK, "kind": db.engine.dialect.name, "ms": round((time.perf_counter() - began) * 1000, 1)}


def _queue(app: Flask) -> dict[str, Any]:
    settings = app.config["PORTAL"]
    kind = "redis" if settings.redis_address() else "sqlite"
    try:
        queue = app.extensions.get("portal_queue") or new_queue(settings)
        app.extensions["portal_queue"] = queue
        return {"status": OK, "kind": kind, "waiting": queue.pending_count()}
    except Exception:  # redis and sqlite have no error in common
        return {"status": DOWN, "kind": kind}
