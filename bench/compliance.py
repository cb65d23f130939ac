"""Compliance with the term three times over: each view of the page, the list of logs, a nudge, the matrix as a file."""

import gzip
import time
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import select

from bench.figures import Figure, timed
from bench.pages import client_of
from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module
from portal.extensions import db
from tests.support.people import make_manager
from tests.support.sql import count_sql

TIMES = 12
PAGE, LOGS = (8, 150), (8, 150)
NUDGE_SECONDS, EXPORT_SECONDS = 5, 15


def measure(database: str, app: Flask) -> Iterator[Figure]:
    """Every figure of compliance."""
    with app.app_context():
        manager = make_manager(email="bench-compliance@example.org")
        module = db.session.scalar(select(Module.code).join(CourseOffering).limit(1))
        person = db.session.scalar(select(User.last_name).join(Facilitator).order_by(User.id).limit(1))
    client = client_of(app, manager)
    views = {
        "all": "", "a year ago": "?trimester=2025-3", "missing": "?state=missing", "by facilitator": "?by=facilitators",
        "missing, by facilitator": "?by=facilitators&state=missing", "another week": "?week=2026-09-07",
        "mode": "?mode=Online", "module": f"?module={module}", "search": f"?q={person}",
    }  # fmt: skip
    for name, query in views.items():
        yield from _page(database, client, f"compliance, {name}", f"/compliance/{query}", PAGE)
    logs = {"all": "", "missing": "?state=missing", "one week": "?week=2026-10-05", "item": "?status_of=Pending"}
    for name, query in logs.items():
        yield from _page(database, client, f"logs, {name}", f"/compliance/logs{query}", LOGS)
    size = len(gzip.compress(client.get("/compliance/").data, 6))
    yield Figure(database, "compliance: bytes compressed", float(size), "B")
    for kind in ("csv", "xlsx"):
        begin = time.perf_counter()
        assert client.get(f"/compliance/export.{kind}").data
        yield Figure(database, f"matrix as {kind}", time.perf_counter() - begin, "s", EXPORT_SECONDS)
    begin = time.perf_counter()
    with count_sql() as sql:
        answer = client.post("/compliance/nudge/all", data={"state": "missing", "week": "2026-10-05"})
    assert answer.status_code == 303, answer.status_code
    yield Figure(database, "nudging all who miss a week", time.perf_counter() - begin, "s", NUDGE_SECONDS)
    yield Figure(database, "nudging all: statements", len(sql), "")


def _page(database: str, client: object, name: str, address: str, limits: tuple[int, int]) -> Iterator[Figure]:
    with count_sql() as sql:
        answer = client.get(address)  # type: ignore[attr-defined]
    assert answer.status_code == 200, (address, answer.status_code)
    median, high = timed(lambda: client.get(address), times=TIMES)  # type: ignore[attr-defined]
    yield Figure(database, f"{name}: statements", len(sql), "", limits[0])
    yield Figure(database, f"{name}: median", median, "ms", limits[1])
    yield Figure(database, f"{name}: p95", high, "ms")
