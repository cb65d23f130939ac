"""What happens, and what other systems are told of it: in the transaction in which it does, or not at all."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import Facilitator
from portal.allocations.models import CourseOffering
from portal.allocations.services import assign_facilitator
from portal.allocations.services.bulk_rules import BulkChange, Deed
from portal.audit.models import AuditEvent
from portal.audit.services import Change, System, record_many
from portal.enrolments.services import Source, enrol_students, withdraw_students
from portal.extensions import db
from portal.reflections.models import ReflectionRound
from portal.reflections.queries.questions import list_questions
from portal.tracker.models import Leave
from portal.tracker.services.leaves import LeaveDraft, grant, withdraw
from portal.webhooks.events import events_of
from portal.webhooks.models import WebhookDelivery, WebhookMessage
from portal.webhooks.services.cleaning import KEPT, delete_some_old
from portal.webhooks.services.counting import count_reflections
from tests.support.api import Program
from tests.support.bulk_changes import chosen
from tests.support.bulk_changes import do as change_many
from tests.support.reflecting import respond
from tests.support.teaching import RULES

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]


@pytest.fixture
def told(app):
    """Type and data of every message, the oldest first, and forgets them."""

    def do():
        with app.app_context():
            rows = db.session.execute(select(WebhookMessage).order_by(WebhookMessage.id)).scalars().all()
            found = [(one.type, one.data) for one in rows]
            for one in rows:
                db.session.delete(one)
            db.session.commit()
        return found

    return do


def test_a_week_from_submitted_to_opened_again(app, make, endpoint, told):
    endpoint()
    teacher = make.facilitator()
    log = make.log(make.offering(teacher), 3)
    asks = Program(app, teacher)
    answer = asks("POST", "/activity-tracker", {"allocation_id": log.allocation_id, "week_number": 3})
    assert answer.status_code == 201
    ((kind, data),) = told()
    assert kind == "log.submitted"
    assert data == {
        "id": log.id, "allocation_id": log.allocation_id, "facilitator_id": teacher.profile_id, "week_number": 3,
        "week_start": log.week_start.isoformat(), "due_at": f"{log.due_at:%Y-%m-%dT%H:%M:%SZ}",
        "submitted_at": "2026-10-14T12:00:00Z", "excused_at": None, "version": data["version"],
    }  # fmt: skip


@pytest.mark.one_database
def test_decisions_of_a_manager(app, client, sign_in, make, endpoint, told):
    endpoint()
    offering = make.offering(make.facilitator(), weeks=6)
    logs = [make.log(offering, week) for week in (1, 2, 3)]
    done = make.log(offering, 4, submitted_at=clock.now(), started_at=clock.now())
    sign_in(client, make.manager())
    for log, act, more in (
        (logs[0], "excuse", {}),
        (logs[0], "expect", {"version": 2}),
        (logs[1], "extend", {"until": "2026-10-24"}),
        (done, "reopen", {"until": "2026-10-24"}),
    ):
        sent = {"reason": "Nobody else's business", "version": 1} | more
        answer = client.post(f"/tracker/logs/{log.id}/{act}", data=sent)
        assert answer.status_code == 303, (act, answer.status_code)
    found = told()
    assert [kind for kind, _data in found] == ["log.excused", "log.expected", "log.extended", "log.reopened"]
    assert "business" not in str(found)


def test_leave_excuses_weeks_and_gives_them_back(app, make, endpoint, told):
    endpoint()
    away = make.facilitator()
    offering = make.offering(away, weeks=6)
    logs = make.logs(offering)
    with app.app_context():
        grant(LeaveDraft(away.profile_id, date(2026, 10, 19), date(2026, 11, 1), None, "Ill"), RULES, System())
        db.session.commit()
        leave = db.session.scalars(select(Leave)).one()
    excused = told()
    assert [(kind, data["week_number"]) for kind, data in excused] == [("log.excused", 4), ("log.excused", 5)]
    with app.app_context():
        withdraw(leave.id, RULES, clock.now(), System())
        db.session.commit()
    assert [(kind, data["week_number"]) for kind, data in told()] == [("log.expected", 4), ("log.expected", 5)]
    assert len(logs) == 6


def test_an_allocation_changes_by_every_door(app, make, endpoint, told):
    endpoint()
    one, two = make.facilitator(), make.facilitator()
    offering, other = make.offering(), make.offering()
    with app.app_context():
        assign_facilitator(offering.id, one.profile_id, offering.version, System(), date(2026, 10, 14))
        db.session.commit()
    ((kind, data),) = told()
    assert kind == "allocation.changed"
    assert (data["id"], data["facilitator_id"], data["previous_facilitator_id"]) == (offering.id, one.profile_id, None)
    assert data["module_code"].startswith("MOD")
    with app.app_context():
        change_many(chosen(offering, other), BulkChange(Deed.ALLOCATE, facilitator_id=two.profile_id), make.manager())
        db.session.commit()
    found = {data["id"]: (data["facilitator_id"], data["previous_facilitator_id"]) for _kind, data in told()}
    assert found == {offering.id: (two.profile_id, one.profile_id), other.id: (two.profile_id, None)}


@pytest.mark.one_database
def test_files_and_what_is_gone(app, make, endpoint, told):
    endpoint()
    teacher = make.facilitator()
    offering = make.offering(teacher)
    with app.app_context():
        number = db.session.get_one(Facilitator, teacher.profile_id).employee_id
        fields = {"facilitator_employee_id": (number, "")}
        db.session.execute(update(CourseOffering).where(CourseOffering.id == offering.id).values(facilitator_id=None))
        record_many(System(), [Change("update", "course_offerings", offering.id, fields),
                               Change("delete", "course_offerings", 4711, {})])  # fmt: skip
        db.session.commit()
    (_, changed), (_, gone) = told()
    assert (changed["facilitator_id"], changed["previous_facilitator_id"]) == (None, teacher.profile_id)
    assert gone == {"id": 4711, "status": "deleted", "facilitator_id": None, "previous_facilitator_id": None}


@pytest.mark.one_database
def test_a_course_that_is_deleted_says_who_loses_it(app, make, endpoint, told):
    endpoint()
    teacher = make.facilitator()
    offering, free = make.offering(teacher), make.offering()
    asks = Program(app, make.manager())
    for one in (offering, free):
        assert asks("DELETE", f"/course-offerings/{one.id}").status_code == 204
    gone = {"status": "deleted", "facilitator_id": None}
    assert told() == [
        ("allocation.changed", {"id": offering.id, "previous_facilitator_id": teacher.profile_id} | gone),
        ("allocation.changed", {"id": free.id, "previous_facilitator_id": None} | gone),
    ]
    with app.app_context():
        deleted = select(AuditEvent.changes).where(AuditEvent.action == "delete", AuditEvent.entity_id == offering.id)
        assert db.session.scalars(deleted).one()["facilitator_id"] == [teacher.profile_id, None]


def test_enrolments_with_a_waiting_list(app, make, endpoint, told):
    endpoint()
    offering = make.offering(make.facilitator(), max_students=1)
    students = [make.student() for _ in range(2)]
    with app.app_context():
        enrol_students(offering.id, [one.profile_id for one in students], Source.STAFF, System())
        db.session.commit()
    created = told()
    assert [(kind, data["status"]) for kind, data in created] == [
        ("enrolment.created", "active"), ("enrolment.created", "waitlisted"),
    ]  # fmt: skip
    assert set(created[0][1]) == {"id", "course_offering_id", "student_id", "status", "source"}
    with app.app_context():
        withdraw_students(offering.id, [students[0].profile_id], System())
        db.session.commit()
    assert [kind for kind, _data in told()] == ["enrolment.withdrawn", "enrolment.activated"]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (None, "active", "enrolment.created"),
        ("withdrawn", "waitlisted", "enrolment.created"),
        ("waitlisted", "active", "enrolment.activated"),
        ("completed", "active", "enrolment.activated"),
        ("active", "withdrawn", "enrolment.withdrawn"),
        ("active", "completed", "enrolment.completed"),
        ("active", "active", None),
        ("active", "waitlisted", None),
    ],
)
def test_a_step_of_an_enrolment_is_one_event_or_none(before, after, kind):
    found = [one.type for one in events_of(Change("update", "enrolments", 1, {"status": (before, after)}))]
    assert found == ([kind] if kind else [])


def test_what_is_rolled_back_did_not_happen(app, make, endpoint, told):
    endpoint()
    logs = make.logs(make.offering(make.facilitator()))

    def excuse(log):
        record_many(System(), [Change("excuse", "activity_trackers", log.id, {})])

    with app.app_context():
        excuse(logs[0])
        db.session.rollback()
        excuse(logs[1])
        part = db.session.begin_nested()
        excuse(logs[2])
        inner = db.session.begin_nested()
        excuse(logs[3])
        inner.commit()
        part.rollback()
        with db.session.begin_nested():
            excuse(logs[4])
        db.session.commit()
        db.session.commit()
    assert [data["week_number"] for _kind, data in told()] == [2, 5]


@pytest.mark.one_database
def test_nobody_is_told_of_what_they_did_not_choose(app, make, endpoint, count_sql):
    logs = make.logs(make.offering(make.facilitator()))
    with app.app_context():
        for change, most in ((Change("fill_in", "activity_trackers", logs[0].id, {}), 1),
                             (Change("excuse", "activity_trackers", logs[0].id, {}), 2)):  # fmt: skip
            with count_sql() as sql:
                record_many(System(), [change])
                db.session.commit()
            assert len(sql) == most, sql.text
    endpoint(events=["log.submitted"])
    one, two = endpoint(events=["log.excused"]), endpoint(events=["log.excused", "log.submitted"])
    with app.app_context():
        with count_sql() as sql:
            record_many(System(), [Change("excuse", "activity_trackers", log.id, {}) for log in logs])
            db.session.commit()
        assert len(sql) == 6, sql.text
        to = db.session.scalars(select(WebhookDelivery.endpoint_id).distinct().order_by(WebhookDelivery.endpoint_id))
        assert to.all() == [one.id, two.id]
        assert len(db.session.scalars(select(WebhookMessage.id)).all()) == len(logs)


def test_reflections_are_counted_by_the_day_and_never_at_the_moment(app, make, endpoint, told, frozen_time):
    endpoint()
    offering = make.offering(make.facilitator())
    made = make.round(offering)
    secret = app.config["SECRET_KEY"]
    students = [make.student() for _ in range(3)]
    for student in students:
        make.enrolment(offering, student)
    told()
    today = clock.now().date()
    with app.app_context():
        answers = {list_questions(made.form_id)[0].key: "Clear examples"}
        respond(secret, made.id, students[0], answers)
        respond(secret, made.id, students[1], answers)
        assert count_reflections(today) == 0, "the day is not over"
    assert told() == []
    frozen_time.shift(timedelta(days=1))
    with app.app_context():
        assert count_reflections(today + timedelta(days=1)) == 1
        respond(secret, made.id, students[2], answers)
        db.session.commit()
        assert count_reflections(today + timedelta(days=1)) == 0, "once"
        messages = db.session.scalars(select(WebhookMessage)).all()
        assert [(one.type, one.data) for one in messages] == [
            ("reflection.counted", {"round_id": made.id, "course_offering_id": offering.id, "responses": 2,
                                    "date": today.isoformat()})
        ]  # fmt: skip
        row = db.session.get_one(ReflectionRound, made.id)
        row.released_on, row.invited, row.responded, row.shown_count = today + timedelta(days=1), 3, 3, None
        db.session.commit()
        assert count_reflections(today + timedelta(days=2)) == 2
        db.session.commit()
        assert count_reflections(today + timedelta(days=2)) == 0
    data = dict(told()[-1:])["reflection.released"]
    assert (data["invited"], data["responses"], data["shown"]) == (3, 3, None)


@pytest.mark.one_database
def test_old_messages_go_with_all_that_hangs_on_them(app, endpoint, happen, work, frozen_time):
    made = endpoint()
    happen(made.id, 3)
    work()
    frozen_time.shift(KEPT - timedelta(days=1))
    happen(made.id)
    frozen_time.shift(timedelta(days=2))
    with app.app_context():
        assert delete_some_old(clock.now()) == 3
        db.session.commit()
        assert delete_some_old(clock.now()) == 0
        assert len(db.session.scalars(select(WebhookDelivery.id)).all()) == 1
