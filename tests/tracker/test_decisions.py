"""What a manager decides about a week, and the wish to have one opened again."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from portal.accounts.models import ManagerDepartment
from portal.audit.models import AuditEvent
from portal.catalogue.models import Module
from portal.extensions import db
from portal.notifications.delivering import deliver_pending
from portal.notifications.models import Notification
from portal.tracker.models import ActivityLog
from portal.tracker.services import plan_logs
from tests.support.teaching import RULES

pytestmark = pytest.mark.in_turn

SATURDAY = "2026-10-24"


@pytest.fixture
def teacher(make, frozen_time):
    return make.facilitator()


@pytest.fixture
def course(make, teacher):
    return make.offering(teacher, weeks=6, weeks_ago=2)


@pytest.fixture
def week(make, course):
    """Gives a log of the course by its number; submitted before its deadline if asked."""

    def do(number, *, submitted=False):
        when = datetime(2026, 10, 1, 9, tzinfo=UTC) if submitted else None
        return make.log(course, number, started_at=when, submitted_at=when)

    return do


@pytest.fixture
def manager(frozen_time, client, make, sign_in):
    sign_in(client, make.manager())
    return client


@pytest.fixture
def stored(app):
    """Gives a log as the database has it."""

    def do(log):
        with app.app_context():
            return db.session.get(ActivityLog, log.id)

    return do


@pytest.fixture
def decide(stored):
    """Sends the form of a decision, with the version that stands unless another is given."""

    def do(client, log, act, **form):
        given = {"reason": "Ill since Monday", "version": stored(log).version} | form
        return client.post(f"/tracker/logs/{log.id}/{act}", data=given)

    return do


@pytest.fixture
def told(app):
    """Gives the kinds of the notifications, oldest first."""

    def do():
        with app.app_context():
            return list(db.session.scalars(select(Notification.kind).order_by(Notification.id)))

    return do


@pytest.fixture
def deeds(app):
    """Gives what the audit says of weekly logs, oldest first."""

    def do():
        wanted = select(AuditEvent.action).where(AuditEvent.entity == "activity_trackers").order_by(AuditEvent.id)
        with app.app_context():
            return list(db.session.scalars(wanted))

    return do


def test_an_excused_week_is_owed_by_nobody_until_it_is_expected_again(
    manager, week, teacher, stored, decide, told, deeds
):
    log = week(2)
    assert decide(manager, log, "excuse").status_code == 303
    assert (stored(log).excused_reason, stored(log).excused_by is not None) == ("Ill since Monday", True)
    page = manager.get(f"/tracker/logs/{log.id}").text
    assert "Week 2 is excused" in page
    assert "Ill since Monday" in page
    assert "Expect it again" in page
    assert decide(manager, log, "excuse").status_code == 409
    assert decide(manager, log, "extend", until=SATURDAY).status_code == 409
    assert decide(manager, log, "expect", reason="A mistake").status_code == 303
    assert (stored(log).excused_at, stored(log).excused_reason) == (None, None)
    assert decide(manager, log, "expect").status_code == 409
    assert told() == ["log_excused", "log_expected"]
    assert deeds() == ["excuse", "unexcuse"]


def test_more_time_moves_the_deadline_and_planning_leaves_it_there(app, manager, week, course, stored, decide, told):
    log = week(2)
    before = stored(log).due_at
    assert decide(manager, log, "extend", until=SATURDAY).status_code == 303
    after = stored(log)
    assert after.due_at == datetime(2026, 10, 24, 17, tzinfo=UTC)
    assert (after.extended_from, after.deadline_version) == (before, 2)
    assert "Due Saturday 24 October 17:00" in manager.get(f"/tracker/logs/{log.id}").text
    with app.app_context():
        plan_logs([course.id], RULES)
        db.session.commit()
    assert stored(log).due_at == after.due_at
    # More time once more keeps what the calendar said first.
    assert decide(manager, log, "extend", until="2026-10-25").status_code == 303
    assert stored(log).extended_from == before
    assert told() == ["log_extended", "log_extended"]


def test_a_week_that_was_asked_for_is_opened_again(
    app, manager, make, sign_in, week, teacher, stored, decide, told, deeds
):
    log = week(1, submitted=True)
    owner = app.test_client()
    sign_in(owner, teacher)
    assert "Ask to open it again" in owner.get(f"/tracker/logs/{log.id}").text
    assert owner.post(f"/tracker/logs/{log.id}/reopen-wish", data={"reason": "Wrong course"}).status_code == 303
    assert (stored(log).reopen_reason, stored(log).reopen_asked_at is not None) == ("Wrong course", True)
    page = manager.get(f"/tracker/logs/{log.id}").text
    assert "Wrong course" in page
    assert "Keep it closed" in page
    assert "Wrong course" not in manager.get("/compliance/").text
    assert "Asks to open a week again" in manager.get("/compliance/").text
    assert decide(manager, log, "reopen", until=SATURDAY).status_code == 303
    opened = stored(log)
    assert (opened.submitted_at, opened.reopen_asked_at, opened.reopen_reason) == (None, None, None)
    assert "Submit week 1" in owner.get(f"/tracker/logs/{log.id}").text
    assert "Asks to open a week again" not in manager.get("/compliance/").text
    assert told() == ["reopen_asked", "log_reopened"]
    assert deeds() == ["ask_to_reopen", "reopen"]


def test_a_wish_can_be_answered_with_no(app, manager, sign_in, week, teacher, stored, decide, told):
    log = week(1, submitted=True)
    owner = app.test_client()
    sign_in(owner, teacher)
    assert decide(manager, log, "keep-closed").status_code == 409
    owner.post(f"/tracker/logs/{log.id}/reopen-wish", data={"reason": "A typo"})
    owner.post(f"/tracker/logs/{log.id}/reopen-wish", data={"reason": "Two typos"})
    assert stored(log).reopen_reason == "Two typos"
    assert decide(manager, log, "keep-closed", reason="Typos do no harm").status_code == 303
    assert (stored(log).reopen_asked_at, stored(log).submitted_at is not None) == (None, True)
    assert told() == ["reopen_asked", "log_kept_closed"], "asking again tells nobody again"
    assert "Typos do no harm" in owner.get("/notifications/").text


@pytest.mark.parametrize(
    ("act", "form", "said"),
    [
        ("excuse", {"reason": " "}, "Say why."),
        ("excuse", {"reason": "x" * 501}, "At most 500 characters."),
        ("excuse", {"version": "x"}, ""),
        ("extend", {}, "Choose a day."),
        ("extend", {"until": "never"}, "Not a valid date value"),
        ("extend", {"until": "2026-10-13"}, "That has passed."),
        ("extend", {"until": "2036-10-13"}, "more than a year"),
        ("extend", {"until": "9999-12-31"}, "more than a year"),
        ("reopen", {"until": SATURDAY}, "is not submitted"),
    ],
)
def test_what_cannot_be_decided_is_said_at_its_field(manager, week, act, form, said, stored, decide, told, deeds):
    log = week(2)
    answer = decide(manager, log, act, **form)
    assert answer.status_code in {409, 422}
    assert said in answer.text
    assert (stored(log).version, told(), deeds()) == (log.version, [], [])


def test_a_decision_about_what_has_changed_meanwhile_is_not_taken(manager, week, stored, decide):
    log = week(2)
    seen = stored(log).version
    assert decide(manager, log, "extend", until=SATURDAY).status_code == 303
    answer = decide(manager, log, "excuse", version=seen)
    assert answer.status_code == 409
    assert "Someone changed this week meanwhile" in answer.text
    assert stored(log).excused_at is None


def test_facilitators_decide_nothing_and_strangers_ask_for_nothing(client, sign_in, make, week, teacher):
    log = week(1, submitted=True)
    sign_in(client, teacher)
    assert client.post(f"/tracker/logs/{log.id}/excuse", data={"reason": "x", "version": 1}).status_code == 403
    assert "Decide about this week" not in client.get(f"/tracker/logs/{log.id}").text
    sign_in(client, make.facilitator())
    assert client.post(f"/tracker/logs/{log.id}/reopen-wish", data={"reason": "x"}).status_code == 404


def test_only_a_submitted_week_can_be_asked_for_and_with_a_reason(client, sign_in, week, teacher):
    open_week, closed = week(2), week(1, submitted=True)
    sign_in(client, teacher)
    assert client.post(f"/tracker/logs/{open_week.id}/reopen-wish", data={"reason": "x"}).status_code == 409
    answer = client.post(f"/tracker/logs/{closed.id}/reopen-wish", data={"reason": " "})
    assert (answer.status_code, "Say what you want to change." in answer.text) == (422, True)


def test_a_week_tells_its_history(app, manager, week, sign_in, teacher, decide):
    log = week(2)
    owner = app.test_client()
    sign_in(owner, teacher)
    owner.post(f"/tracker/logs/{log.id}", data={"act": "all_done", "version": 1})
    decide(manager, log, "extend", until=SATURDAY)
    page = manager.get(f"/tracker/logs/{log.id}").text
    assert "Given more time" in page
    assert "Not started became Done" in page
    assert page.index("Given more time") < page.index("Not started became Done")


def test_a_mail_says_what_was_decided(app, manager, week, mail_files, decide):
    log = week(2)
    decide(manager, log, "excuse")
    with app.app_context():
        deliver_pending(app.config["PORTAL"])
    (mail,) = mail_files(app)
    assert mail["Subject"] == "1 decision about your weekly logs"
    assert "Week 2 is excused" in mail.get_body(("plain",)).get_content()
    assert "Ill since Monday" in mail.get_body(("html",)).get_content()


def test_a_wish_reaches_the_managers_of_the_department_in_inbox_and_mail(
    app, manager, make, sign_in, week, course, teacher, mail_files, decide
):
    department, responsible = make.department(), make.manager()
    with app.app_context():
        db.session.get_one(Module, course.module_id).department_id = department.id
        db.session.add(ManagerDepartment(manager_id=responsible.profile_id, department_id=department.id))
        db.session.commit()
    log, owner, theirs = week(1, submitted=True), app.test_client(), app.test_client()
    sign_in(owner, teacher)
    owner.post(f"/tracker/logs/{log.id}/reopen-wish", data={"reason": "Attendance of another group"})
    with app.app_context():
        assert list(db.session.scalars(select(Notification.recipient_id))) == [responsible.user_id]
        deliver_pending(app.config["PORTAL"])
    sign_in(theirs, responsible)
    inbox = theirs.get("/notifications/").text
    assert "Somebody asks to change a submitted week" in inbox
    assert "Week 1. Attendance of another group" in inbox
    (mail,) = mail_files(app)
    assert mail["Subject"] == "Somebody asks to change a submitted week"
    for text in (mail.get_body((kind,)).get_content() for kind in ("plain", "html")):
        assert "asks for week 1" in text
        assert "Attendance of another group" in text


def test_a_wish_that_was_answered_is_mailed_to_nobody(app, manager, sign_in, week, teacher, mail_files, decide):
    log, owner = week(1, submitted=True), app.test_client()
    sign_in(owner, teacher)
    owner.post(f"/tracker/logs/{log.id}/reopen-wish", data={"reason": "A typo"})
    decide(manager, log, "keep-closed", reason="Typos do no harm")
    with app.app_context():
        deliver_pending(app.config["PORTAL"])
    assert [mail["Subject"] for mail in mail_files(app)] == ["1 decision about your weekly logs"]
