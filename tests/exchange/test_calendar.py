"""The breaks of the teaching calendar from the command line."""

import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from portal.audit.models import AuditEvent
from portal.catalogue.models import CalendarBreak
from portal.tracker.models import ActivityLog

Run = Callable[..., Result]
RowsOf = Callable[..., list[tuple[Any, ...]]]


def _make_break(make: Any, start: date, end: date, name: str) -> None:
    getattr(make, "break")(start, end, name)


pytestmark = pytest.mark.usefixtures("frozen_time")


def test_a_break_takes_its_weeks_out_and_gives_them_back(run: Run, rows_of: RowsOf, small_term: Path) -> None:
    (small_term / "breaks.csv").unlink()
    run("exchange", "import", small_term)
    assert len(rows_of(ActivityLog.id)) == 16
    result = run("calendar", "add-break", "Fall break", "2026-11-23", "2026-11-29")
    assert result.exit_code == 0
    assert "3 weekly logs were planned anew." in result.output
    assert date(2026, 11, 23) not in [row[0] for row in rows_of(ActivityLog.week_start)]
    assert run("calendar", "list-breaks").output == "2026-11-23  2026-11-29  Fall break\n"
    assert run("calendar", "remove-break", "Fall break").exit_code == 0
    assert len(rows_of(ActivityLog.id)) == 16
    assert rows_of(AuditEvent.entity, AuditEvent.action).count(("calendar_breaks", "delete")) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add-break", "X", "2026-11-29", "2026-11-23"), "The last day of a break cannot be before its first."),
        (("add-break", " ", "2026-11-23", "2026-11-29"), "Give the break a name."),
        (("add-break", "X" * 101, "2026-11-23", "2026-11-29"), "at most 100 characters"),
        (("add-break", "two\nlines", "2026-11-23", "2026-11-29"), "A name cannot hold line breaks"),
        (("add-break", os.fsdecode(b"No\xebl"), "2026-11-23", "2026-11-29"), "A name cannot hold line breaks"),
        (("add-break", "X", "tomorrow", "2026-11-29"), "tomorrow"),
        (("add-break", "Easter", "2027-03-29", "2027-04-02"), "There is a break Easter from 2027-03-29 already."),
        (("remove-break", "Yule"), "There is no break Yule on these days."),
        (("remove-break", "Easter"), "say which by its first day: 2026-04-06, 2027-03-29"),
    ],
)
def test_what_the_calendar_cannot_take(
    run: Run, rows_of: RowsOf, make: Any, arguments: tuple[str, ...], said: str
) -> None:
    _make_break(make, date(2026, 4, 6), date(2026, 4, 10), "Easter")
    _make_break(make, date(2027, 3, 29), date(2027, 4, 2), "Easter")
    result = run("calendar", *arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert len(rows_of(CalendarBreak.id)) == 2


def test_breaks_of_one_name_are_told_apart_by_their_first_day(run: Run, rows_of: RowsOf, make: Any) -> None:
    _make_break(make, date(2026, 4, 6), date(2026, 4, 10), "Easter")
    _make_break(make, date(2027, 3, 29), date(2027, 4, 2), "Easter")
    assert run("calendar", "remove-break", "Easter", "2026-04-06").exit_code == 0
    assert rows_of(CalendarBreak.start_date) == [(date(2027, 3, 29),)]
