"""Whatever the clock says, everything that counts weeks counts the same: page, list, matrix, file, API."""

import csv
import io
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal import pulses
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries import OfferingFilter
from portal.catalogue.calendar import Rules
from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.tracker.queries import compliance as queries
from portal.tracker.queries.compliance import Watched
from portal.tracker.queries.rows import Moment
from portal.tracker.queries.watched import LogFilter, count_logs
from portal.tracker.services import plan_logs
from portal.tracker.states import LogState, state_of
from tests.support.api import Program
from tests.support.teaching import make_break

# Clocks go back on 1 November 2026 there, and forward on 14 March 2027.
ZONE = ZoneInfo("America/Chicago")
FIRST, LAST = datetime(2026, 10, 5, tzinfo=UTC), datetime(2027, 4, 5, tzinfo=UTC)
SECONDS = int((LAST - FIRST).total_seconds())
WORDS = {"On time": LogState.ON_TIME, "Late": LogState.LATE, "Missing": LogState.MISSING, "Open": LogState.OPEN,
         "Not due": LogState.NOT_DUE, "Excused": LogState.EXCUSED}  # fmt: skip

moments = st.one_of(
    st.integers(0, SECONDS).map(lambda seconds: FIRST + timedelta(seconds=seconds)),
    # A second around each deadline, and around each midnight that begins a week, as the institution's clock has it.
    # Adding weeks to a moment with a zone keeps the hour on the wall.
    st.tuples(st.integers(0, 25), st.sampled_from([-1, 0, 1]), st.sampled_from([0, 17])).map(
        lambda at: (datetime(2026, 10, 5, at[2], tzinfo=ZONE) + timedelta(weeks=at[0], seconds=at[1])).astimezone(UTC)
    ),
)


@pytest.fixture
def autumn(app, make, frozen_time, monkeypatch):
    """Courses from October to March over breaks and New Year, one of them cancelled, with all that becomes of weeks."""
    settings_there = app.config["PORTAL"].model_copy(update={"portal_time_zone": "America/Chicago"})
    monkeypatch.setitem(app.config, "PORTAL", settings_there)
    with app.app_context():
        make_break(date(2026, 11, 23), date(2026, 11, 29))
        make_break(date(2026, 12, 21), date(2027, 1, 3))
    people = [make.facilitator() for _ in range(3)]
    courses = [
        make.offering(people[number % 3], start_date=date(2026, 10, 5), weeks=24, module_id=make.module().id)
        for number in range(6)
    ]
    chance = Random(7)
    with app.app_context():
        db.session.get(CourseOffering, courses[5].id).status = OfferingStatus.CANCELLED
        db.session.flush()
        plan_logs([course.id for course in courses], Rules(ZONE))
        for log in db.session.scalars(select(ActivityLog)):
            fate = chance.choice(["in time", "late", "nothing", "nothing", "excused", "on the dot"])
            hours = {"in time": -30, "late": 30, "on the dot": 0}.get(fate)
            if hours is not None:
                log.started_at = log.submitted_at = log.due_at + timedelta(hours=hours)
            elif fate == "excused":
                log.excused_at = log.due_at
        db.session.commit()
        return [row[0] for row in db.session.execute(select(ActivityLog.id))]


def truth(moment):
    """Every week that is owed, by its state: the pure function on every row."""
    rows = db.session.execute(
        select(ActivityLog.week_start, ActivityLog.due_at, ActivityLog.submitted_at, ActivityLog.excused_at)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .where(CourseOffering.status != OfferingStatus.CANCELLED)
    )
    return Counter(state_of(*row, moment.now, moment.today) for row in rows)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(now=datetime(2026, 11, 2, 23, tzinfo=UTC))
@example(now=datetime(2027, 1, 1, tzinfo=UTC))
@example(now=datetime(2027, 3, 14, 8, tzinfo=UTC))
@given(now=moments)
def test_all_counts_agree_at_any_time(app, autumn, now):
    moment = Moment.of(now, ZONE)
    with app.app_context():
        expected = truth(moment)
        weeks = queries.sums_by_week(OfferingFilter(), moment)
        total = queries.total_of(weeks)
        assert {state: total.of(state) for state in LogState} == {state: expected[state] for state in LogState}
        for state in LogState:
            assert count_logs(LogFilter(Watched(OfferingFilter(), state=state)), moment) == expected[state]
        ids = list(db.session.scalars(select(CourseOffering.id).where(CourseOffering.status == OfferingStatus.ACTIVE)))
        cells = queries.cells_of_courses(ids, moment)
        assert Counter(cell.state for row in cells.values() for cell in row.values()) == +expected
        for week in weeks:
            column = Counter(row[week.start].state for row in cells.values() if week.start in row)
            assert {state: week.sums.of(state) for state in LogState} == {state: column[state] for state in LogState}


@pytest.mark.in_turn
@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 10, 5, 4, 59, 59, tzinfo=UTC),  # a second before the first week begins there
        datetime(2026, 10, 12, 22, 0, 0, tzinfo=UTC),  # the first deadline, to the second
        datetime(2026, 11, 2, 23, 0, 1, tzinfo=UTC),  # a second after the one behind the end of daylight saving
        datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
        datetime(2027, 3, 15, 22, 0, 0, tzinfo=UTC),
    ],
)
def test_page_list_and_file_say_the_same(app, client, make, sign_in, autumn, frozen_time, now):
    frozen_time.move_to(now)
    pulses.forget()
    manager = make.manager()
    sign_in(client, manager)
    with app.app_context():
        expected = truth(Moment.of(now, ZONE))
    file = list(csv.reader(io.StringIO(client.get("/compliance/export.csv").text.removeprefix("\ufeff"))))
    boxes = [box for row in file[1:] for box in row[4:-2] if box]
    assert Counter(WORDS[re.sub(r" \+\d+$", "", box)] for box in boxes) == +expected
    told: Counter[str] = Counter()
    asks = Program(app, manager)
    for number in range(1, len(_mondays(app)) + 1):
        week = asks("GET", f"/activity-tracker/summary?week_number={number}").json
        told.update({state: week[state.value] for state in LogState})
    assert told == expected
    for state in LogState:
        assert asks("GET", f"/activity-tracker?state={state.value}").headers["X-Total-Count"] == str(expected[state])
    by_week: Counter[str] = Counter()
    for log in {row[0] for row in _mondays(app)}:
        text = client.get(f"/compliance/numbers?week={log.isoformat()}").text
        by_week.update({name: int(count) for name, count in re.findall(r'id="number-(\w+)"[^>]*><b>(\d+)</b>', text)})
    for state in set(LogState) - {LogState.NOT_DUE}:
        assert by_week[state.value] == expected[state], state
        listed = client.get(f"/compliance/logs?state={state.value}").text
        assert (str(expected[state]) in listed) or not expected[state]


def _mondays(app):
    with app.app_context():
        return db.session.execute(select(ActivityLog.week_start).distinct()).all()
