from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.catalogue.calendar import Break, Rules, due_at, monday_of, opens_at, weeks_of

KIGALI, CHICAGO, PARIS = ZoneInfo("Africa/Kigali"), ZoneInfo("America/Chicago"), ZoneInfo("Europe/Paris")

days = st.dates(date(2020, 1, 1), date(2035, 12, 31))
lengths = st.integers(1, 200).map(lambda count: timedelta(days=count))
zones = st.sampled_from([KIGALI, CHICAGO, PARIS])


@st.composite
def breaks(draw: st.DrawFn, start: date, end: date) -> list[Break]:
    """Up to three breaks in and around a course."""
    around = st.dates(start - timedelta(days=20), end + timedelta(days=20))
    return [Break(day, day + timedelta(days=draw(st.integers(0, 20)))) for day in draw(st.lists(around, max_size=3))]


@given(st.data(), days, lengths)
def test_weeks_are_mondays_in_order_numbered_without_gaps(data: st.DataObject, start: date, length: timedelta) -> None:
    weeks = weeks_of(start, start + length, data.draw(breaks(start, start + length)))
    assert [week.number for week in weeks] == list(range(1, len(weeks) + 1))
    assert all(week.start.weekday() == 0 for week in weeks)
    assert all(later.start > earlier.start for earlier, later in pairwise(weeks))


@given(st.data(), days, lengths)
def test_every_week_holds_a_day_of_teaching_and_no_weekday_of_teaching_is_without_a_week(
    data: st.DataObject, start: date, length: timedelta
) -> None:
    end = start + length
    pauses = data.draw(breaks(start, end))
    teaching = {
        day
        for day in (start + timedelta(days=n) for n in range(length.days + 1))
        if not any(pause.start <= day <= pause.end for pause in pauses)
    }
    mondays = {week.start for week in weeks_of(start, end, pauses)}
    assert mondays <= {monday_of(day) for day in teaching}
    assert {monday_of(day) for day in teaching if day.weekday() < 5} <= mondays


@given(days, lengths)
def test_a_break_never_adds_a_week_and_one_that_ends_before_the_course_changes_nothing(
    start: date, length: timedelta
) -> None:
    plain = weeks_of(start, start + length)
    before = Break(start - timedelta(days=30), start - timedelta(days=1))
    assert weeks_of(start, start + length, [before]) == plain
    assert weeks_of(start, start + length, [Break(start, start + length)]) == ()


@given(days, zones)
def test_the_deadline_is_monday_at_five_by_the_institutions_clock_whatever_the_season(
    day: date, zone: ZoneInfo
) -> None:
    monday = monday_of(day)
    local = due_at(monday, Rules(zone)).astimezone(zone)
    assert (local.date(), local.time()) == (monday + timedelta(days=7), time(17))
    assert opens_at(monday, Rules(zone)).astimezone(zone).replace(tzinfo=None) == datetime.combine(monday, time(0))


@pytest.mark.parametrize(
    ("zone", "week", "due"),
    [
        (CHICAGO, date(2026, 10, 19), datetime(2026, 10, 26, 22, tzinfo=UTC)),
        (CHICAGO, date(2026, 10, 26), datetime(2026, 11, 2, 23, tzinfo=UTC)),  # clocks went back on 1 November
        (CHICAGO, date(2026, 3, 2), datetime(2026, 3, 9, 22, tzinfo=UTC)),  # and forward on 8 March
        (PARIS, date(2026, 10, 12), datetime(2026, 10, 19, 15, tzinfo=UTC)),
        (PARIS, date(2026, 10, 19), datetime(2026, 10, 26, 16, tzinfo=UTC)),
        (KIGALI, date(2026, 10, 26), datetime(2026, 11, 2, 15, tzinfo=UTC)),
    ],
)
def test_the_hour_in_utc_moves_with_daylight_saving(zone: ZoneInfo, week: date, due: datetime) -> None:
    assert due_at(week, Rules(zone)) == due


def test_weeks_run_on_across_new_year() -> None:
    weeks = weeks_of(date(2026, 12, 14), date(2027, 1, 17))
    assert [week.start for week in weeks] == [
        date(2026, 12, 14), date(2026, 12, 21), date(2026, 12, 28), date(2027, 1, 4), date(2027, 1, 11),
    ]  # fmt: skip
    assert [week.number for week in weeks] == [1, 2, 3, 4, 5]


def test_a_break_over_new_year_takes_whole_weeks_out_and_the_numbers_go_on() -> None:
    holidays = Break(date(2026, 12, 21), date(2027, 1, 3))
    weeks = weeks_of(date(2026, 12, 14), date(2027, 1, 17), [holidays])
    assert [(week.number, week.start) for week in weeks] == [
        (1, date(2026, 12, 14)), (2, date(2027, 1, 4)), (3, date(2027, 1, 11)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pause", "kept"),
    [
        (Break(date(2026, 10, 5), date(2026, 10, 8)), True),  # Friday is left
        (Break(date(2026, 10, 5), date(2026, 10, 9)), False),  # the whole working week
        (Break(date(2026, 10, 6), date(2026, 10, 9)), True),  # Monday is left
    ],
)
def test_a_break_takes_a_week_only_when_no_weekday_is_left(pause: Break, kept: bool) -> None:
    weeks = weeks_of(date(2026, 9, 28), date(2026, 10, 25), [pause])
    assert (date(2026, 10, 5) in [week.start for week in weeks]) is kept


def test_a_course_that_meets_on_one_weekend_has_a_week() -> None:
    assert [week.start for week in weeks_of(date(2026, 10, 10), date(2026, 10, 11))] == [date(2026, 10, 5)]


def test_a_deadline_on_another_day_and_hour() -> None:
    rules = Rules(KIGALI, timedelta(days=9), time(9, 30))
    assert due_at(date(2026, 10, 5), rules) == datetime(2026, 10, 14, 7, 30, tzinfo=UTC)
