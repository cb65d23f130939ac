"""The worker's jobs with a whole term in arrears: nobody has submitted seven weeks of logs."""

import time
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import func, select

from bench.figures import Figure
from portal import clock
from portal.catalogue.calendar import rules_of
from portal.extensions import db
from portal.notifications.delivering import deliver_pending
from portal.tracker.models import ActivityLog
from portal.tracker.services import plan_logs
from portal.tracker.services.reminders import remind
from tests.support.sql import count_sql

PASS_SECONDS = 5
MAILS_A_SECOND = 20
MAIL_SECONDS = 10


def measure(database: str, app: Flask) -> Iterator[Figure]:
    """Planning that finds nothing to do, two reminder passes, and mails."""
    with app.app_context():
        logs = db.session.scalar(select(func.count()).select_from(ActivityLog)) or 0
        db.session.rollback()
        yield Figure(database, "weekly logs planned by the import", logs, "rows")
        begin = time.perf_counter()
        plan_logs(None, rules_of(app.config["PORTAL"]))
        db.session.commit()
        yield Figure(database, "planning again: nothing to do", time.perf_counter() - begin, "s")
        now = clock.now()
        yield from _pass(database, "first reminder pass", now)
        yield from _pass(database, "second reminder pass", now)
        begin = time.perf_counter()
        counts = deliver_pending(app.config["PORTAL"], seconds=MAIL_SECONDS)
        seconds = time.perf_counter() - begin
        yield Figure(
            database, "mails written and sent", counts.sent / seconds, "mails/s", MAILS_A_SECOND, at_least=True
        )


def _pass(database: str, name: str, now: datetime) -> Iterator[Figure]:
    begin = time.perf_counter()
    with count_sql() as sql:
        told = remind(now, ZoneInfo("UTC"))
        db.session.commit()
    seconds = time.perf_counter() - begin
    yield Figure(database, name, seconds, "s", PASS_SECONDS)
    yield Figure(database, f"{name}: statements", len(sql), "")
    yield Figure(database, f"{name}: people told", told.people, "")
