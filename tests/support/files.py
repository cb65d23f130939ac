"""A small term: one file of each kind, and what an import prints."""

import csv
from pathlib import Path
from typing import Any

from flask import Flask

from portal.accounts.models import Facilitator, Student, User
from portal.allocations.models import CourseOffering
from portal.audit.models import AuditEvent
from portal.catalogue.models import CalendarBreak, ClassGroup, Cohort, Department, Module
from portal.enrolments.models import Enrolment
from portal.exchange.models import ImportRun
from portal.extensions import db
from portal.tracker.models import ActivityLog

FIRST, LAST = "2026-08-24", "2026-12-09"
COURSE = ("CS101", "CS A", "CS-UG-2026", "In-person", "2026", "3", "FT")

SMALL: dict[str, list[tuple[Any, ...]]] = {
    "breaks": [("Fall break", "2026-11-23", "2026-11-29")],
    "modules": [("CS101", "Programming", "CS", "100", 3), ("CS102", "Data, and more", "CS", "100", 4)],
    "classes": [("CS A", "2026", "A"), ("CS B", "2026", "B")],
    "cohorts": [("CS-UG-2026", "CS undergraduate 2026", "CS", FIRST, LAST)],
    "facilitators": [
        ("F1", "jurgen.gross@example.edu", "Jürgen", "Groß", "CS", 4),
        ("F2", "thuy.dang@example.edu", "Thuỳ", "Đặng", "CS", 4),
    ],
    "students": [
        ("S1", "ngozi@example.edu", "Ngozi", "Okafor", "CS-UG-2026"),
        ("S2", "isil@example.edu", "Işıl", "Demir", ""),
    ],
    "offerings": [
        (*COURSE, "F1", FIRST, LAST, 25),
        ("CS102", "CS B", "CS-UG-2026", "Online", "2026", "3", "FT", "", FIRST, LAST, 30),
    ],
    "enrolments": [("S1", *COURSE, "active"), ("S2", *COURSE, "waitlisted")],
}


def counts(output: str) -> dict[str, tuple[int, ...]]:
    """The table that an import prints: by file create, update, unchanged, error and skipped."""
    found = {}
    for line in output.splitlines():
        name, *cells = line.split() or [""]
        if name.endswith((".csv", ".xlsx")) and len(cells) == 6:
            found[name] = tuple(int(cell.replace(",", "")) for cell in cells[1:])
    return found


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file by column."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


_TABLES = (
    Module, ClassGroup, Cohort, Department, CalendarBreak, User, Facilitator, Student, CourseOffering, Enrolment,
    ActivityLog, AuditEvent, ImportRun,
)  # fmt: skip


def everything(app: Flask) -> dict[str, list[Any]]:
    """All rows that an import may touch."""
    with app.app_context():
        found = {}
        for model in _TABLES:
            table = db.metadata.tables[model.__tablename__]
            found[table.name] = [tuple(row) for row in db.session.execute(table.select().order_by(table.c.id))]
        return found
