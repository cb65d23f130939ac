from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.allocations.models import OfferingStatus
from portal.allocations.services import offerings_changed
from portal.catalogue.calendar import Rules
from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.tracker.services import PlanCounts, plan_logs

RULES = Rules(ZoneInfo("UTC"))
WEEK = timedelta(days=7)
pytestmark = [pytest.mark.in_turn, pytest.mark.usefixtures("frozen_time")]


@pytest.fixture
def plan(app):
    """Plans, and gives the counts."""

    def do(*offerings, rules=RULES):
        with app.app_context():
            counts = plan_logs([offering.id for offering in offerings] or None, rules)
            db.session.commit()
            return counts

    return do


@pytest.fixture
def logs(app):
    """The logs of a course, first week first."""

    def do(offering):
        with app.app_context():
            wanted = (
                select(ActivityLog).where(ActivityLog.allocation_id == offering.id).order_by(ActivityLog.week_start)
            )
            return db.session.scalars(wanted).all()

    return do


@pytest.fixture
def change(app):
    """Changes columns of a row by its entity."""

    def do(entity, **values):
        with app.app_context():
            db.session.execute(update(type(entity)).where(type(entity).id == entity.id).values(**values))
            db.session.commit()

    return do


@pytest.fixture
def make_break(make):
    """`make.break`, which Python does not let one write."""
    return getattr(make, "break")


def numbers(found):
    return [log.week_number for log in found]


def test_every_teaching_week_gets_a_row_with_its_deadline(make, plan, logs):
    facilitator = make.facilitator()
    offering = make.offering(facilitator, weeks=12)
    assert plan(offering) == PlanCounts(created=12)
    found = logs(offering)
    assert numbers(found) == list(range(1, 13))
    assert {log.facilitator_id for log in found} == {facilitator.profile_id}
    assert found[0].due_at == datetime.combine(offering.start_date + WEEK, time(17), UTC)
    assert [log.started_at for log in found] == [None] * 12


@pytest.mark.parametrize(
    "fields",
    [{"facilitator_id": None}, {"status": OfferingStatus.CANCELLED}, {"status": OfferingStatus.COMPLETED}],
    ids=["no facilitator", "cancelled", "completed"],
)
def test_who_does_not_teach_owes_nothing(make, plan, fields):
    assert plan(make.offering(make.facilitator(), **fields)) == PlanCounts()


def test_a_mode_without_weekly_logs_owes_none(make, plan):
    mode = make.mode("Self-paced", expects_weekly_log=False)
    assert plan(make.offering(make.facilitator(), mode_id=mode.id)) == PlanCounts()


def test_weeks_that_ended_before_the_allocation_owe_no_log(make, plan, logs):
    offering = make.offering(make.facilitator(), weeks=6, weeks_ago=2, allocated_on=date(2026, 10, 11))
    plan(offering)
    assert numbers(logs(offering)) == [2, 3, 4, 5, 6]  # the Sunday of week 2 is 11 October


@pytest.mark.every_database
def test_planning_twice_changes_nothing(make, plan):
    offering = make.offering(make.facilitator())
    plan(offering)
    assert plan(offering) == PlanCounts()
    assert plan() == PlanCounts()


def test_an_added_break_takes_its_week_out_and_moves_the_numbers_of_what_is_not_started(
    make, make_break, plan, logs, change
):
    offering = make.offering(make.facilitator(), weeks=6, weeks_ago=0)
    plan(offering)
    started = logs(offering)[1]
    change(started, started_at=clock.now())
    monday = offering.start_date + 3 * WEEK
    make_break(monday, monday + timedelta(days=4))
    assert plan(offering).deleted == 1
    assert numbers(logs(offering)) == [1, 2, 3, 4, 5]


def test_a_started_log_keeps_its_number_and_others_go_round_it(make, make_break, plan, logs, change):
    offering = make.offering(make.facilitator(), weeks=5, weeks_ago=0)
    plan(offering)
    change(logs(offering)[2], started_at=clock.now())
    make_break(offering.start_date, offering.start_date + timedelta(days=4))
    plan(offering)
    # The third week would be second now; it stays third, and the third of the plan moves on.
    assert numbers(logs(offering)) == [1, 3, 4, 5]
    assert plan(offering) == PlanCounts()


@pytest.mark.every_database
def test_what_was_started_submitted_or_excused_outlives_every_change(make, plan, logs, change):
    offering = make.offering(make.facilitator(), weeks=6, weeks_ago=0)
    plan(offering)
    started, submitted, excused = logs(offering)[:3]
    change(started, started_at=clock.now())
    change(submitted, submitted_at=clock.now())
    change(excused, excused_at=clock.now())
    before = [(log.id, log.week_number, log.due_at, log.facilitator_id) for log in logs(offering)[:3]]
    change(offering, status=OfferingStatus.CANCELLED, facilitator_id=None, start_date=offering.start_date + 4 * WEEK)
    plan(offering)
    after = [(log.id, log.week_number, log.due_at, log.facilitator_id) for log in logs(offering)]
    assert after == before


def test_moving_the_dates_moves_the_weeks(make, plan, logs, change):
    offering = make.offering(make.facilitator(), weeks=4, weeks_ago=0)
    plan(offering)
    change(offering, start_date=offering.start_date + WEEK, end_date=offering.end_date + WEEK)
    assert plan(offering) == PlanCounts(created=1, changed=3, deleted=1)
    found = logs(offering)
    assert numbers(found) == [1, 2, 3, 4]
    assert found[0].week_start == offering.start_date + WEEK


def test_another_deadline_is_a_new_version_of_it(make, plan, logs):
    offering = make.offering(make.facilitator(), weeks=3, weeks_ago=0)
    plan(offering)
    plan(offering, rules=Rules(ZoneInfo("UTC"), timedelta(days=8), time(9)))
    assert {log.deadline_version for log in logs(offering)} == {2}
    assert logs(offering)[0].due_at == datetime.combine(offering.start_date + timedelta(days=8), time(9), UTC)


def test_a_new_facilitator_owes_what_is_not_due_and_the_former_what_was_missed(make, plan, logs, change):
    former, new = make.facilitator(), make.facilitator()
    offering = make.offering(former, weeks=4, weeks_ago=2)
    plan(offering)
    change(offering, facilitator_id=new.profile_id, allocated_on=date(2026, 10, 14))
    plan(offering)
    owners = [log.facilitator_id for log in logs(offering)]
    assert owners == [former.profile_id, former.profile_id, new.profile_id, new.profile_id]
    assert plan(offering) == PlanCounts()


def test_without_a_facilitator_only_what_was_missed_stays(make, plan, logs, change):
    offering = make.offering(make.facilitator(), weeks=4, weeks_ago=2)
    plan(offering)
    change(offering, facilitator_id=None)
    assert plan(offering).deleted == 2
    assert numbers(logs(offering)) == [1, 2]


@pytest.mark.parametrize("same_person", [True, False])
def test_last_weeks_log_stays_with_who_taught_it_when_they_leave_before_its_deadline(
    make, plan, logs, change, frozen_time, same_person
):
    frozen_time.move_to(datetime(2026, 10, 19, 10, tzinfo=UTC))  # a Monday; the week before is due at 17:00
    former = make.facilitator()
    offering = make.offering(former, weeks=4, weeks_ago=2)
    plan(offering)
    change(offering, facilitator_id=None, allocated_on=None)
    assert plan(offering) == PlanCounts(deleted=2)
    assert numbers(logs(offering)) == [1, 2]
    new = former if same_person else make.facilitator()
    change(offering, facilitator_id=new.profile_id, allocated_on=date(2026, 10, 19))
    plan(offering)
    assert [log.facilitator_id for log in logs(offering)] == [former.profile_id] * 2 + [new.profile_id] * 2
    assert plan(offering) == PlanCounts()


def test_a_cancelled_course_loses_what_was_not_started(make, plan, logs, change):
    offering = make.offering(make.facilitator(), weeks=4, weeks_ago=2)
    plan(offering)
    change(offering, status=OfferingStatus.CANCELLED)
    assert plan(offering).deleted == 4
    assert logs(offering) == []


def test_a_completed_course_is_left_as_it_is(make, plan, logs, change):
    offering = make.offering(make.facilitator(), weeks=4, weeks_ago=2)
    plan(offering)
    change(offering, status=OfferingStatus.COMPLETED, start_date=offering.start_date + WEEK)
    assert plan(offering) == PlanCounts()
    assert len(logs(offering)) == 4


def test_a_changed_course_is_planned_in_its_own_transaction(app, make, logs):
    offering = make.offering(make.facilitator(), weeks=4)
    with app.app_context():
        offerings_changed.send(None, offering_ids=[offering.id])
        db.session.rollback()
    assert logs(offering) == []
    with app.app_context():
        offerings_changed.send(None, offering_ids=[offering.id])
        db.session.commit()
    assert len(logs(offering)) == 4


def test_other_courses_are_left_alone(make, plan, logs):
    first, second = make.offering(make.facilitator()), make.offering(make.facilitator())
    plan(first)
    assert logs(second) == []


@pytest.mark.every_database
def test_statements_do_not_grow_with_the_courses(app, make, count_sql):
    facilitator = make.facilitator()
    make.offering(facilitator)
    with app.app_context(), count_sql() as one:
        plan_logs(None, RULES)
    for _ in range(11):
        make.offering(facilitator)
    with app.app_context(), count_sql() as twelve:
        plan_logs(None, RULES)
    assert len(one) == len(twelve) == 7, twelve.text
