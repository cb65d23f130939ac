from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.tracker.states import LogState, in_state, state_of, today_in

NOW = datetime(2026, 10, 14, 12, tzinfo=UTC)
TODAY = date(2026, 10, 14)
MONDAY = date(2026, 10, 12)
DUE = datetime(2026, 10, 19, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)

CASES = {
    "open": ({}, LogState.OPEN),
    "missing": ({"week_start": date(2026, 10, 5), "due_at": NOW - HOUR}, LogState.MISSING),
    "due_now": ({"due_at": NOW}, LogState.OPEN),
    "not_due": ({"week_start": date(2026, 10, 19), "due_at": DUE + timedelta(days=7)}, LogState.NOT_DUE),
    "begins_today": ({"week_start": TODAY}, LogState.OPEN),
    "on_time": ({"submitted_at": DUE}, LogState.ON_TIME),
    "late": ({"submitted_at": DUE + HOUR}, LogState.LATE),
    "excused": ({"excused_at": NOW}, LogState.EXCUSED),
    "excused_and_submitted": ({"excused_at": NOW, "submitted_at": NOW}, LogState.EXCUSED),
}
FIELDS = {"week_start": MONDAY, "due_at": DUE, "submitted_at": None, "excused_at": None}


@pytest.mark.parametrize(("given", "expected"), CASES.values(), ids=CASES)
def test_the_state_follows_from_the_clock(given, expected):
    assert state_of(**(FIELDS | given), now=NOW, today=TODAY) is expected


def test_the_database_tells_the_same_states(app, make):
    offering = make.offering(make.facilitator())
    expected = {}
    for number, (given, state) in enumerate(CASES.values(), 1):
        expected[make.log(offering, number, **(FIELDS | given)).id] = state
    with app.app_context():
        for state in LogState:
            found = set(db.session.scalars(select(ActivityLog.id).where(in_state(state, NOW, TODAY))))
            assert found == {log_id for log_id, known in expected.items() if known is state}


@pytest.mark.parametrize(("zone", "day"), [("America/Chicago", 13), ("UTC", 14), ("Asia/Tokyo", 14)])
def test_the_day_is_the_institutions(zone, day):
    assert today_in(ZoneInfo(zone), datetime(2026, 10, 14, 2, tzinfo=UTC)) == date(2026, 10, day)
