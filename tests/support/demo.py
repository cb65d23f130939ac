"""The demo institution, put in and taken out, and all that a database holds."""

from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.audit.services import System
from portal.exchange.demo import DemoCounts, clear_demo, load_demo
from portal.exchange.demo.clear import ClearCounts
from portal.extensions import db


def load(app: Flask) -> DemoCounts:
    """Load it and commit."""
    with app.app_context():
        counts = load_demo(app.config["PORTAL"], System())
        db.session.commit()
        return counts


def clear(app: Flask) -> ClearCounts:
    """Take it out and commit."""
    with app.app_context():
        counts = clear_demo(app.config["PORTAL"], System())
        db.session.commit()
        return counts


def everything(app: Flask) -> dict[str, list[Any]]:
    """All rows of all tables but the audit of clearing itself, and but how often there was a change."""
    with app.app_context():
        rows = {
            table.name: sorted(map(tuple, db.session.execute(select(table))), key=repr)
            for table in db.metadata.sorted_tables
            if table.name != "pulses"
        }
    rows["audit_events"] = [row for row in rows["audit_events"] if "clear_demo" not in row]
    return rows
