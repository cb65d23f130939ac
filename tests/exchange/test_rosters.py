"""Rosters in files: the places of a course are given to those who fit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from portal.allocations.models import CourseOffering
from tests.support.files import COURSE, FIRST, LAST
from tests.support.term import write_table

Run = Callable[..., Result]
RowsOf = Callable[..., list[tuple[Any, ...]]]
pytestmark = pytest.mark.usefixtures("frozen_time")  # Wednesday 14 October 2026


def test_who_finds_no_place_on_a_course_is_refused_unless_they_shall_wait(
    run: Run, rows_of: RowsOf, small_term: Path
) -> None:
    write_table(small_term, "offerings", [(*COURSE, "F1", FIRST, LAST, 1)])
    write_table(small_term, "enrolments", [("S1", *COURSE, "active"), ("S2", *COURSE, "")])
    result = run("exchange", "import", small_term)
    assert result.exit_code != 0
    assert "The only place of this course is taken." in " ".join(result.output.split())
    assert rows_of(CourseOffering.id) == []
    write_table(small_term, "enrolments", [("S1", *COURSE, "active"), ("S2", *COURSE, "waitlisted")])
    assert run("exchange", "import", small_term).exit_code == 0
    counts = (CourseOffering.enrolled_count, CourseOffering.waiting_count, CourseOffering.queue_last)
    assert rows_of(*counts) == [(1, 1, 1)]
    # Who leaves makes room within the same file; more places let the portal itself move people up.
    write_table(small_term, "enrolments", [("S1", *COURSE, "withdrawn"), ("S2", *COURSE, "active")])
    assert run("exchange", "import", small_term).exit_code == 0
    assert rows_of(*counts) == [(1, 0, 1)]
