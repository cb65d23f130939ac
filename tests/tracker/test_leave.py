"""Leave of facilitators: weeks are excused or fall to who stands in, and come back when it is taken back."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.catalogue.calendar import Rules
from portal.extensions import db
from portal.notifications.models import Notification
from portal.tracker.models import ActivityLog, Leave
from portal.tracker.queries.leaves import Absence
from portal.tracker.services import plan_logs
from portal.tracker.services.duty import Duties
from tests.tracker.support import DONE, SYNC, send, tick

pytestmark = pytest.mark.in_turn

RULES = Rules(ZoneInfo("UTC"))
MONDAY = date(2026, 10, 19)


def absence(first, last, who=1, other=None, number=1):
    return Absence(number, who, first, last, other, "Ill", None)


# --- the rule


@pytest.mark.parametrize(
    ("first", "last", "covered"),
    [
        (0, 6, True),
        (0, 2, True),
        (0, 1, False),
        (2, 20, True),
        (3, 20, False),
        (5, 6, False),
        (-30, 1, False),
        (1, 3, True),
    ],
)
def test_a_week_counts_when_most_of_its_weekdays_are_covered(first, last, covered):
    away = absence(MONDAY + timedelta(days=first), MONDAY + timedelta(days=last))
    assert away.covers(MONDAY) is covered


def test_a_substitute_who_is_away_too_stands_in_for_nobody():
    week = (MONDAY, MONDAY + timedelta(days=6))
    assert Duties([absence(*week, other=2)]).of(1, MONDAY).facilitator_id == 2
    both = Duties([absence(*week, other=2), absence(*week, who=2, number=2)])
    assert both.of(1, MONDAY).is_excused
    assert not both.of(3, MONDAY).is_excused


# --- what it does, on Wednesday of the third week


@pytest.fixture
def course(app, make, facilitator, frozen_time):
    """A course of six weeks whose logs are planned; its third week runs."""
    made = make.offering(facilitator)
    with app.app_context():
        plan_logs([made.id], RULES)
        db.session.commit()
    return made


@pytest.fixture
def other(make):
    return make.facilitator(first_name="Oba", last_name="Nwosu")


@pytest.fixture
def manager(client, make, sign_in, frozen_time):
    person = make.manager()
    sign_in(client, person)
    return client


def weeks(app, course):
    """Of each log: week, facilitator, whether it is excused."""
    with app.app_context():
        rows = db.session.scalars(
            select(ActivityLog).where(ActivityLog.allocation_id == course.id).order_by(ActivityLog.week_start)
        )
        return [(row.week_number, row.facilitator_id, row.excused_at is not None) for row in rows][:7]


def code_of(app, person):
    from portal.accounts.models import Facilitator

    with app.app_context():
        return db.session.get(Facilitator, person.profile_id).employee_id


def enter(app, client, facilitator, first, last, other=None, reason="Parental leave"):
    form = {
        "facilitator": code_of(app, facilitator),
        "first_day": first.isoformat(),
        "last_day": last.isoformat(),
        "substitute": code_of(app, other) if other else "",
        "reason": reason,
    }
    return client.post("/leave/", data=form)


def test_weeks_are_excused_and_come_back(app, manager, course, facilitator):
    before = weeks(app, course)
    answer = enter(app, manager, facilitator, MONDAY, MONDAY + timedelta(days=11))
    assert answer.status_code == 303, answer.text
    assert "2 weekly logs are excused." in manager.get("/leave/").text
    mine = facilitator.profile_id
    assert weeks(app, course)[:6] == [(1, mine, False), (2, mine, False), (3, mine, False), (4, mine, True),
                                      (5, mine, True), (6, mine, False)]  # fmt: skip
    with app.app_context():
        plan_logs(None, RULES)
        db.session.commit()
        leave_id = db.session.scalar(select(Leave.id))
        reasons = set(db.session.scalars(select(ActivityLog.excused_reason).where(ActivityLog.leave_id == leave_id)))
    assert reasons == {"Parental leave"}
    assert weeks(app, course)[3] == (4, mine, True)
    assert manager.post(f"/leave/{leave_id}/withdraw").status_code == 303
    assert weeks(app, course) == before
    again = manager.post(f"/leave/{leave_id}/withdraw")
    assert again.status_code == 404
    assert "This leave is not there any more." in again.text
    with app.app_context():
        actions = list(db.session.scalars(select(AuditEvent.action).where(AuditEvent.entity == "leaves")))
        assert actions == ["grant_leave", "withdraw_leave"]


def test_weeks_fall_to_who_stands_in(app, client, manager, sign_in, course, facilitator, other):
    answer = enter(app, manager, facilitator, date(2026, 10, 12), MONDAY + timedelta(days=6), other)
    assert "2 weekly logs are handed on." in manager.get(answer.location).text
    theirs = weeks(app, course)
    assert [who == other.profile_id for _, who, _ in theirs[:6]] == [False, False, True, True, False, False]
    assert not any(excused for _, _, excused in theirs)
    with app.app_context():
        third = db.session.scalar(
            select(ActivityLog.id).where(ActivityLog.allocation_id == course.id, ActivityLog.week_number == 3)
        )
        told = {(row.recipient_id, row.kind) for row in db.session.scalars(select(Notification))}
    assert told == {(facilitator.user_id, "leave_entered"), (other.user_id, "standing_in")}
    sign_in(client, other)
    assert f"log-{third}" in client.get("/tracker/").text
    assert "You stand in" in client.get("/notifications/").text
    sign_in(client, facilitator)
    assert f"log-{third}" not in client.get("/tracker/").text


def test_what_is_begun_stays(app, client, make, manager, course, facilitator, sign_in):
    with app.app_context():
        third = db.session.scalar(
            select(ActivityLog).where(ActivityLog.allocation_id == course.id, ActivityLog.week_number == 3)
        )
    sign_in(client, facilitator)
    tick(client, third, SYNC, DONE)
    sign_in(client, make.manager())
    answer = enter(app, client, facilitator, date(2026, 10, 12), MONDAY + timedelta(days=6))
    assert "1 weekly log is excused. 1 that is begun stays." in client.get(answer.location).text
    assert weeks(app, course)[2] == (3, facilitator.profile_id, False)


def test_a_week_that_was_missed_may_be_excused_afterwards_and_is_never_handed_on(
    app, manager, course, facilitator, other
):
    enter(app, manager, facilitator, date(2026, 9, 28), date(2026, 10, 4), other)
    assert weeks(app, course)[0] == (1, facilitator.profile_id, False)
    with app.app_context():
        leave_id = db.session.scalar(select(Leave.id))
    manager.post(f"/leave/{leave_id}/withdraw")
    enter(app, manager, facilitator, date(2026, 9, 28), date(2026, 10, 4))
    assert weeks(app, course)[0] == (1, facilitator.profile_id, True)


def test_what_a_manager_decides_about_one_week_holds(app, manager, course, facilitator):
    enter(app, manager, facilitator, MONDAY, MONDAY + timedelta(days=6))
    with app.app_context():
        fourth = db.session.scalar(
            select(ActivityLog).where(ActivityLog.allocation_id == course.id, ActivityLog.week_number == 4)
        )
    form = {"reason": "Back for this one", "version": fourth.version}
    assert manager.post(f"/tracker/logs/{fourth.id}/expect", data=form).status_code == 303
    with app.app_context():
        plan_logs(None, RULES)
        db.session.commit()
    assert weeks(app, course)[3] == (4, facilitator.profile_id, False)


def test_a_course_that_is_allocated_during_leave_is_covered_too(app, make, manager, facilitator):
    enter(app, manager, facilitator, MONDAY, MONDAY + timedelta(days=6))
    later = make.offering(facilitator)
    with app.app_context():
        plan_logs([later.id], RULES)
        db.session.commit()
    assert weeks(app, later)[3] == (4, facilitator.profile_id, True)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"facilitator": ""}, "facilitator"),
        ({"facilitator": "Nobody At All"}, "facilitator"),
        ({"substitute": "Nobody At All"}, "substitute"),
        ({"first_day": ""}, "first_day"),
        ({"last_day": "soon"}, "last_day"),
        ({"last_day": "2026-10-01"}, "last_day"),
        ({"last_day": "2036-10-01"}, "last_day"),
        ({"reason": " "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(app, manager, facilitator, change, field):
    form = {
        "facilitator": code_of(app, facilitator), "first_day": "2026-10-19", "last_day": "2026-10-25",
        "substitute": "", "reason": "Kept as typed",
    } | change  # fmt: skip
    answer = manager.post("/leave/", data=form)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    if "reason" not in change:
        assert "Kept as typed" in answer.text
    with app.app_context():
        assert db.session.scalar(select(Leave.id)) is None


def test_days_that_are_taken_and_oneself_as_substitute_are_refused(app, manager, facilitator):
    assert enter(app, manager, facilitator, MONDAY, MONDAY + timedelta(days=6)).status_code == 303
    twice = enter(app, manager, facilitator, MONDAY + timedelta(days=6), MONDAY + timedelta(days=20))
    assert twice.status_code == 409
    assert "on leave already" in twice.text
    alone = enter(app, manager, facilitator, MONDAY + timedelta(days=30), MONDAY + timedelta(days=31), facilitator)
    assert alone.status_code == 422
    assert 'id="substitute-error"' in alone.text


def test_the_page_asks_little_and_knows_what_is_over(app, make, manager, facilitator, count_sql):
    assert "Nobody is on leave" in manager.get("/leave/").text
    enter(app, manager, facilitator, date(2026, 9, 1), date(2026, 9, 5))
    for number in range(5):
        enter(app, manager, make.facilitator(), MONDAY + timedelta(days=number), MONDAY + timedelta(days=20))
    with count_sql() as sql:
        text = manager.get("/leave/").text
    assert len(sql) <= 4, sql.text
    assert "Leave that is over" in text
    assert text.count("Take back") == 6


def test_a_week_that_was_handed_in_is_not_touched(app, client, make, sign_in, course, facilitator):
    with app.app_context():
        third = db.session.scalar(
            select(ActivityLog).where(ActivityLog.allocation_id == course.id, ActivityLog.week_number == 3)
        )
    sign_in(client, facilitator)
    send(client, third, "submit")
    sign_in(client, make.manager())
    enter(app, client, facilitator, date(2026, 10, 12), date(2026, 10, 18))
    assert weeks(app, course)[2] == (3, facilitator.profile_id, False)
