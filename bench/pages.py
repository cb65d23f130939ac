"""Pages as a manager and a facilitator ask for them: statements, and milliseconds in the server."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from bench.figures import Figure, timed
from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module
from portal.extensions import db
from portal.tracker.models import ActivityLog, ChecklistItem
from tests.support.people import Person, make_manager
from tests.support.sql import count_sql
from tests.support.web import session_of

TIMES = 40
LIST, TICK = (5, 80), (5, 25)
_EVERY_WEEK = ChecklistItem.from_week == 1, ChecklistItem.to_week.is_(None)
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def run_long(statement: str, **values: Any) -> None:
    """A statement that takes longer than a page ever may, with the parameters that it names."""
    driver: Any = db.session.connection().connection.driver_connection
    if hasattr(driver, "_read_timeout"):
        driver._read_timeout = None
    named = {name: value for name, value in values.items() if f":{name}" in statement}
    db.session.execute(text(statement), named)


def client_of(app: Flask, person: Person) -> FlaskClient:
    """A browser in which somebody is signed in."""
    client = app.test_client()
    with client.session_transaction() as session:
        session.update(session_of(person, app))
    return client


def measure(database: str, app: Flask) -> Iterator[Figure]:
    """The manager's list with each filter, the facilitator's week, and a tick."""
    with app.app_context():
        manager = make_manager(email="bench-manager@example.org")
        busiest, usual = _teacher(most=True), _teacher(most=False)
        module, course = db.session.execute(
            select(Module.code, CourseOffering.id).join(CourseOffering, CourseOffering.module_id == Module.id).limit(1)
        ).one()
    office = client_of(app, manager)
    for name, query in _filters(module, busiest):
        yield from _page(database, office, f"allocations: {name}", f"/allocations/{query}", LIST)
    next_page = re.search(
        r'href="(/allocations/\?[^"]*after=[^"]*)"', office.get("/allocations/").get_data(as_text=True)
    )
    if next_page:
        address = next_page[1].replace("&amp;", "&")
        yield from _page(database, office, "allocations: second page", address, LIST)
    yield from _page(database, office, "allocations: one course", f"/allocations/{course}", None)
    yield from _page(database, office, "allocations: whom to allocate", f"/allocations/{course}/facilitator", None)
    for name, person in (("facilitator of four courses", usual), ("facilitator of 153 courses", busiest)):
        yield from _page(database, client_of(app, person), f"this week: {name}", "/tracker/", None)
    yield from _page(database, client_of(app, usual), "notifications", "/notifications/", None)
    yield from _tick(database, app, usual)


def _teacher(*, most: bool) -> Person:
    """Who teaches most courses, or someone who teaches four."""
    courses = func.count(CourseOffering.id)
    wanted = (
        select(Facilitator.id)
        .join(CourseOffering, CourseOffering.facilitator_id == Facilitator.id)
        .group_by(Facilitator.id)
        .order_by(courses.desc() if most else func.abs(courses - 4), Facilitator.id)
        .limit(1)
    )
    profile = db.session.get_one(Facilitator, db.session.scalars(wanted).one())
    person = Person(db.session.get_one(User, profile.user_id), profile)
    db.session.expunge_all()
    return person


def _filters(module: str, busiest: Person) -> list[tuple[str, str]]:
    """What a manager narrows the list to, one after the other and together."""
    single = {
        "trimester": "2026-3",
        "cohort": f"{re.match('[A-Z]+', module)[0]}-UG-2026",  # type: ignore[index]
        "intake": "HT1",
        "facilitator": busiest.profile.employee_id,
        "mode": "Online",
        "module": module,
        "status": "active",
        "q": "an",
        "sort": "facilitator",
    }
    found = [("all", "")] + [(name, f"?{name}={quote(value)}") for name, value in single.items()]
    found.append(("without facilitator", "?status=none"))
    found.append(("three filters and text", "?trimester=2026-3&mode=Online&status=active&q=intro"))
    return found


def _page(
    database: str, client: FlaskClient, name: str, address: str, limits: tuple[int, int] | None
) -> Iterator[Figure]:
    """A page's statements, median and 95th percentile."""
    most_statements, most_ms = limits or (None, None)
    client.get(address)
    with count_sql() as sql:
        answer = client.get(address)
    if answer.status_code != 200:
        yield Figure(database, f"{name}: status", answer.status_code, "", 200)
        return
    median, high = timed(lambda: client.get(address), times=TIMES)
    yield Figure(database, f"{name}: statements", len(sql), "", most_statements)
    yield Figure(database, f"{name}: median", median, "ms", most_ms)
    yield Figure(database, f"{name}: p95", high, "ms")


def _tick(database: str, app: Flask, person: Person) -> Iterator[Figure]:
    """One switch of this week's log, back and forth, each time with the version that the page would hold."""
    client = client_of(app, person)
    with app.app_context():
        log_id = db.session.scalars(
            select(ActivityLog.id)
            .where(ActivityLog.facilitator_id == person.profile_id, ActivityLog.week_number == 8)
            .limit(1)
        ).one()
        key = db.session.scalars(select(ChecklistItem.key).where(*_EVERY_WEEK).limit(1)).one()
        version = db.session.scalars(select(ActivityLog.version).where(ActivityLog.id == log_id)).one()
    state = {"version": version, "status": "Not Started"}

    def tick() -> None:
        wish = "Done" if state["status"] != "Done" else "Pending"
        form = {"status": wish, f"was-{key}": state["status"], "version": state["version"]}
        answer = client.post(f"/tracker/logs/{log_id}/items/{key}", data=form, headers=PARTIAL)
        assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
        state.update(version=int(str(state["version"])) + 1, status=wish)

    tick()
    with count_sql() as sql:
        tick()
    median, high = timed(tick, times=TIMES)
    yield Figure(database, "tick: statements", len(sql), "", TICK[0])
    yield Figure(database, "tick: median", median, "ms", TICK[1])
    yield Figure(database, "tick: p95", high, "ms")
