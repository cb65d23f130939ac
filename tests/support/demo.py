"""The demo institution, put in and taken out, and all that a database holds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.audit.services import System
from portal.exchange.demo import DemoCounts, clear_demo, load_demo
from portal.exchange.demo.clear import ClearCounts
from portal.extensions import db
from tests.support.databases import build_app
from tests.support.sql import Statements, count_sql


@dataclass(frozen=True, slots=True)
class School:
    """An application with the demo institution, and what loading it counted and sent."""

    app: Flask
    counts: DemoCounts
    sent: Statements


def open_school(url: str, folder: Path) -> School:
    """The demo institution, loaded into a migrated database for good; without CSRF."""
    app = build_app(url, folder)
    app.config["WTF_CSRF_ENABLED"] = False
    with count_sql() as sent:
        counts = load(app)
    return School(app, counts, sent)


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
            table.name: [tuple(row) for row in db.session.execute(select(table).order_by(*table.primary_key))]
            for table in db.metadata.sorted_tables
            if table.name != "pulses"
        }
    rows["audit_events"] = [row for row in rows["audit_events"] if "clear_demo" not in row]
    return rows
