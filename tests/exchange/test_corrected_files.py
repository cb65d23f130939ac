"""Files that are imported again because the first ones were wrong."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from portal.allocations.models import CourseOffering
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.tracker.models import ActivityLog
from tests.support.files import COURSE, FIRST, LAST
from tests.support.term import write_table

Run = Callable[..., Result]
RowsOf = Callable[..., list[tuple[Any, ...]]]
pytestmark = [pytest.mark.in_turn, pytest.mark.usefixtures("frozen_time")]  # Wednesday 14 October 2026


@pytest.fixture
def correct(run: Run, small_term: Path) -> Callable[..., None]:
    """Imports the course with these days, facilitator and places, beside all else that it needs."""

    def do(first: str, last: str, facilitator: str = "F1") -> None:
        write_table(small_term, "offerings", [(*COURSE, facilitator, first, last, 25)])
        result = run("exchange", "import", small_term)
        assert result.exit_code == 0, result.output

    return do


def test_a_course_that_began_earlier_owes_its_first_week_too(correct: Callable[..., None], rows_of: RowsOf) -> None:
    correct(FIRST, LAST)
    correct("2026-08-17", LAST)
    assert rows_of(CourseOffering.allocated_on) == [(date(2026, 8, 17),)]
    assert [row[0] for row in rows_of(ActivityLog.week_number)] == list(range(1, 17))


@pytest.mark.every_database
def test_a_first_day_moved_there_and_back_changes_nothing_in_what_is_owed(
    correct: Callable[..., None], rows_of: RowsOf
) -> None:
    correct(FIRST, LAST)
    before = rows_of(ActivityLog.week_number, ActivityLog.week_start)
    correct("2026-09-07", LAST)
    correct(FIRST, LAST)
    assert rows_of(ActivityLog.week_number, ActivityLog.week_start) == before


def test_who_came_later_owes_no_week_from_before(correct: Callable[..., None], rows_of: RowsOf) -> None:
    correct(FIRST, LAST, "")
    correct(FIRST, LAST)
    correct("2026-08-17", LAST)
    assert rows_of(CourseOffering.allocated_on) == [(date(2026, 10, 14),)]
    assert min(rows_of(ActivityLog.week_number)) == (9,)


def test_a_course_with_last_years_dates_runs_when_they_are_corrected(
    app: Flask, correct: Callable[..., None], rows_of: RowsOf
) -> None:
    correct("2025-08-25", "2025-12-10")
    assert rows_of(CourseOffering.status) == [("completed",)]
    correct(FIRST, LAST)
    assert rows_of(CourseOffering.status) == [("active",)]
    assert len(rows_of(ActivityLog.week_number)) == 15
    with app.app_context():
        of_courses = db.select(AuditEvent.changes).where(
            AuditEvent.entity == "course_offerings", AuditEvent.action == "update"
        )
        assert ["completed", "active"] in [changes.get("status") for changes in db.session.scalars(of_courses)]
