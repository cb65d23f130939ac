"""The list of courses with the term three times over: filters, sorts, searches; statements, milliseconds, bytes."""

import gzip
from collections.abc import Iterator
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import func, select

from bench import orders
from bench.figures import Figure, timed
from bench.pages import client_of
from portal.accounts.models import Facilitator, User
from portal.allocations import queries
from portal.allocations.forms.listing import COLUMNS
from portal.allocations.models import CourseOffering
from portal.allocations.queries import SORTS
from portal.catalogue.models import ClassGroup, Cohort, Department, Module
from portal.extensions import db
from tests.support.people import make_manager
from tests.support.sql import count_sql

TIMES = 12
STATEMENTS, MILLISECONDS, BYTES = 5, 100, 20_000

Args = list[tuple[str, str]]


def measure(database: str, app: Flask) -> Iterator[Figure]:
    """Every figure of the list."""
    with app.app_context():
        manager = make_manager(email="bench-list@example.org")
        addresses = list(_addresses())
        total = db.session.scalar(select(func.count()).select_from(CourseOffering))
    yield Figure(database, "list: courses", float(total or 0), "")
    client = client_of(app, manager)
    for name, args in addresses:
        address = f"/allocations/?{urlencode(args)}"
        with count_sql() as sql:
            answer = client.get(address)
        if answer.status_code != 200:
            yield Figure(database, f"list, {name}: status", answer.status_code, "", 200)
            continue
        median, high = timed(lambda address=address: client.get(address), times=TIMES)
        yield Figure(database, f"list, {name}: statements", len(sql), "", STATEMENTS)
        yield Figure(database, f"list, {name}: median", median, "ms", MILLISECONDS)
        yield Figure(database, f"list, {name}: p95", high, "ms")
    size = len(gzip.compress(client.get("/allocations/").data, 6))
    yield Figure(database, "list: bytes compressed", float(size), "B", BYTES)
    yield from orders.measure(database, app, client)


def _addresses() -> Iterator[tuple[str, Args]]:
    """Each filter with one and with several values, each sort both ways, searches, pages far behind."""
    several = {
        "trimester": ["2026-3", "2025-3"],
        "mode": ["Online", "Hybrid"],
        "intake": ["HT1", "HT2"],
        "status": ["active", "none"],
        "department": _most(Department.code, Module.department_id == Department.id),
        "cohort": _most(Cohort.code, CourseOffering.cohort_id == Cohort.id),
        "module": _most(Module.code, CourseOffering.module_id == Module.id),
        "facilitator": _most(Facilitator.employee_id, CourseOffering.facilitator_id == Facilitator.id),
    }
    yield "all", []
    for name, values in several.items():
        yield name, [(name, values[0])]
        yield f"{len(values)} of {name}", [(name, value) for value in values]
    yield "every filter", [(name, value) for name, values in several.items() for value in values]
    person = db.session.scalar(select(User.last_name).join(Facilitator).order_by(User.id).limit(1)) or "an"
    group = db.session.scalar(select(ClassGroup.name).limit(1)) or "an"
    for word in ("e", "intro", person, group, "an in e 2026", "nothing-like-it"):
        yield f"search “{word[:20]}”", [("q", word)]
    yield "every column", [("columns", ",".join(COLUMNS))]
    for sort in SORTS:
        yield f"by {sort}", [("sort", sort)]
        yield f"by {sort}, downwards", [("sort", f"-{sort}")]
        yield f"by {sort}, far behind", [("sort", sort), ("after", _far(sort))]


def _most(column: object, join: object) -> list[str]:
    """The four keys with the most courses."""
    courses = func.count(CourseOffering.id)
    found = select(column).select_from(CourseOffering).outerjoin(Module, Module.id == CourseOffering.module_id)  # type: ignore[call-overload]
    table = column.class_  # type: ignore[attr-defined]
    if table is not Module:
        found = found.join(table, join)
    return list(db.session.scalars(found.group_by(column).order_by(courses.desc()).limit(4)))


def _far(sort: str) -> str:
    """The cursor of a page near the end."""
    wanted = queries.OfferingFilter()
    last = queries.page_of_offerings(wanted, queries_page(sort), 0)
    return last.following or ""


def queries_page(sort: str):  # type: ignore[no-untyped-def]
    """One long page that ends where the last but ten begin."""
    from portal.paging import PageRequest

    total = db.session.scalar(select(func.count()).select_from(CourseOffering)) or 0
    return PageRequest(sort, size=max(total - 500, 1))
