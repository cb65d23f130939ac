"""The list of courses in every order, alone and with filters together, first and deep pages: the slowest by name."""

import time
from collections.abc import Iterator
from heapq import nlargest
from statistics import median
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from bench.figures import Figure
from portal.allocations import queries
from portal.allocations.forms.listing import ListForm
from portal.allocations.models import CourseOffering
from portal.allocations.queries import SORTS
from portal.catalogue.models import Department, Module
from portal.extensions import db
from portal.paging import PageRequest
from tests.support.sql import count_sql

STATEMENTS, MILLISECONDS = 5, 100
# The best of so many is what it takes when nothing else runs.
TIMES, WORST = 4, 8
# How many rows stand before a deep page.
DEEP = 1_500

Args = list[tuple[str, str]]


def measure(database: str, app: Flask, client: FlaskClient) -> Iterator[Figure]:
    """How many lists were tried, the most statements of any, and the slowest ones."""
    with app.app_context():
        addresses = list(_addresses())
    taken: dict[str, float] = {}
    usual: list[float] = []
    most = 0
    for name, args in addresses:
        usual.append(_best_of(client, "/allocations/")[0])
        taken[name], statements = _best_of(client, f"/allocations/?{urlencode(args)}")
        most = max(most, statements)
    yield Figure(database, "every order: lists", float(len(taken)), "")
    yield Figure(database, "every order: most statements", float(most), "", STATEMENTS)
    # Against this the others stand on a machine that does other things besides.
    yield Figure(database, "every order: the usual one meanwhile", median(usual), "ms", MILLISECONDS)
    for name in nlargest(WORST, taken, key=taken.__getitem__):
        yield Figure(database, f"slowest: {name}", taken[name], "ms", MILLISECONDS)


def _best_of(client: FlaskClient, address: str) -> tuple[float, int]:
    """Milliseconds once all is kept, and the statements of the first time, when it is not."""
    with count_sql() as sql:
        answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    found = []
    for _ in range(TIMES):
        begin = time.perf_counter()
        client.get(address)
        found.append((time.perf_counter() - begin) * 1000)
    return min(found), len(sql)


def _addresses() -> Iterator[tuple[str, Args]]:
    for filters, chosen in _filters().items():
        for sort in SORTS:
            for down in ("", "-"):
                args, name = [*chosen, ("sort", down + sort)], f"by {down}{sort}{filters}"
                yield name, args
                if after := _behind(args):
                    yield f"{name}, deep", [*args, ("after", after)]


def _filters() -> dict[str, Args]:
    courses = func.count(CourseOffering.id)
    large = select(Department.code).join(Module, Module.department_id == Department.id)
    large = large.join(CourseOffering, CourseOffering.module_id == Module.id).group_by(Department.code)
    departments = [("department", code) for code in db.session.scalars(large.order_by(courses.desc()).limit(4))]
    this_term, in_person, halves = (
        ("trimester", "2026-3"),
        ("mode", "In-person"),
        [("intake", "HT1"), ("intake", "HT2")],
    )
    return {
        "": [],
        ", term": [this_term],
        ", term, mode": [this_term, in_person],
        ", intakes, status": [*halves, ("status", "active")],
        ", departments, mode": [*departments, in_person],
        ", term, mode, search": [this_term, in_person, ("q", "e")],
    }


def _behind(args: Args) -> str | None:
    """The cursor of a page behind so many rows; None where there are no more."""
    form = ListForm.from_args(MultiDict(args))
    page = PageRequest(form.page.sort, form.page.descending, size=DEEP)
    return queries.page_of_offerings(form.wanted, page, 0).following
