"""Whatever happens to a course between two plans: a plan settles, and leaves alone what somebody started."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from portal import clock
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.catalogue.calendar import Rules
from portal.catalogue.models import CalendarBreak
from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.tracker.services import PlanCounts, plan_logs

RULES = Rules(ZoneInfo("UTC"))
WEEK = timedelta(days=7)

week_shifts = st.integers(-4, 4)
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("start"), st.integers(0, 15)),
        st.tuples(st.just("shift"), week_shifts),
        st.tuples(st.just("lengthen"), st.integers(1, 15)),
        st.tuples(st.just("break"), st.integers(-1, 15)),
        st.tuples(st.just("facilitator"), st.integers(0, 2)),
        st.tuples(st.just("status"), st.sampled_from([OfferingStatus.ACTIVE, OfferingStatus.CANCELLED])),
        st.tuples(st.just("zone"), st.sampled_from(["UTC", "America/Chicago", "Europe/Paris", "Africa/Kigali"])),
        st.tuples(st.just("forward"), st.integers(1, 30)),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=deeds)
def test_whatever_happens_plans_settle_and_never_touch_what_was_started(app, make, frozen_time, deeds):
    frozen_time.move_to(datetime(2026, 10, 14, 12, tzinfo=UTC))
    with app.app_context():
        facilitators = [make.facilitator(), make.facilitator()]
        offering = make.offering(facilitators[0], weeks=10, weeks_ago=3)
        rules, kept = RULES, {}
        for deed in [None, *deeds]:
            rules = _do(deed, offering, facilitators, rules, kept, frozen_time)
            plan_logs([offering.id], rules)
            assert plan_logs([offering.id], rules) == PlanCounts()
            rows = _rows(offering)
            assert len({row[1] for row in rows.values()}) == len(rows), "a week number twice"
            assert all(row[1] > 0 for row in rows.values())
            assert {log_id: rows.get(log_id) for log_id in kept} == kept
        db.session.execute(delete(CalendarBreak))
        db.session.commit()


def _rows(offering):
    wanted = select(
        ActivityLog.id, ActivityLog.week_start, ActivityLog.week_number, ActivityLog.due_at, ActivityLog.facilitator_id
    ).where(ActivityLog.allocation_id == offering.id)
    return {row[0]: tuple(row[1:]) for row in db.session.execute(wanted)}


def _do(deed, offering, facilitators, rules, kept, frozen_time):
    """One thing that happens between two plans; gives the rules from then on."""
    kind, value = deed or (None, None)
    current = db.session.execute(
        select(CourseOffering.start_date, CourseOffering.end_date).where(CourseOffering.id == offering.id)
    ).one()
    if kind == "start":
        rows = _rows(offering)
        ids = sorted(rows)[value : value + 1]
        db.session.execute(update(ActivityLog).where(ActivityLog.id.in_(ids)).values(started_at=clock.now()))
        kept.update({log_id: rows[log_id] for log_id in ids})
    elif kind == "shift":
        _set(offering, start_date=current.start_date + value * WEEK, end_date=current.end_date + value * WEEK)
    elif kind == "lengthen":
        _set(offering, end_date=current.start_date + value * WEEK)
    elif kind == "break":
        monday = current.start_date + value * WEEK
        name = f"B{db.session.scalar(select(func.count()).select_from(CalendarBreak))}"
        db.session.add(CalendarBreak(name=name, start_date=monday, end_date=monday + timedelta(days=6)))
        db.session.flush()
    elif kind == "facilitator":
        chosen = facilitators[value].profile_id if value < 2 else None
        _set(offering, facilitator_id=chosen, allocated_on=clock.now().date())
    elif kind == "status":
        _set(offering, status=value)
    elif kind == "zone":
        return Rules(ZoneInfo(value))
    elif kind == "forward":
        frozen_time.shift(timedelta(days=value))
    return rules


def _set(offering, **values):
    db.session.execute(update(CourseOffering).where(CourseOffering.id == offering.id).values(**values))
