"""The demo institution goes without a trace, and takes nothing along."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal import clock, command_line
from portal.accounts.models import Facilitator, Student, User
from portal.allocations.models import CourseOffering
from portal.catalogue.models import CalendarBreak, Module
from portal.enrolments.models import Enrolment
from portal.extensions import db
from portal.tracker.models import ActivityLog
from tests.support.demo import clear, everything, load
from tests.support.people import make_facilitator, make_manager, make_student
from tests.support.teaching import make_cohort, make_log, make_module, make_offering, make_study_class


@pytest.mark.in_turn
def test_clearing_an_empty_institution_says_so(app):
    answer = app.test_cli_runner().invoke(args=["demo", "clear"])
    assert answer.exit_code == 1
    assert "not here. Nothing was changed." in answer.output


def test_clearing_asks_first_at_a_terminal_and_no_script(school, monkeypatch):
    app = school.app
    before = everything(app)
    with monkeypatch.context() as at_a_terminal:
        at_a_terminal.setattr(command_line, "someone_is_there", lambda: True)
        for asked in (["demo", "clear"], ["seed", "down"]):
            answer = app.test_cli_runner().invoke(args=asked, input="n\n")
            assert answer.exit_code == 1
            assert everything(app) == before
    answer = app.test_cli_runner().invoke(args=["demo", "clear"])
    assert answer.exit_code == 0, answer.output
    assert "Removed 44 courses and 318 people" in answer.output


def test_clearing_leaves_exactly_what_was_there_before(app, frozen_time):
    with app.app_context():
        own = make_offering(facilitator=make_facilitator())
        make_log(own, 1)
        make_manager()
        make_student()
    before = everything(app)
    load(app)
    with app.app_context():
        assert db.session.scalar(select(func.count(CalendarBreak.id))) == 0  # it would move the own course's weeks
    clear(app)
    assert everything(app) == before


def test_clearing_spares_what_was_made_beside_and_with_the_demo(school):
    app = school.app
    with app.app_context():
        borrowed = db.session.scalar(select(Module.id).where(Module.code == "COMP-101"))
        taught_by = db.session.scalar(select(Facilitator).where(Facilitator.employee_id == "DF-03"))
        demo_student = db.session.scalar(select(Student.id).where(Student.student_number == "DS-0001"))
        own_student = make_student()
        course = make_offering(
            module_id=borrowed, class_id=make_study_class().id, cohort_id=make_cohort().id, facilitator_id=taught_by.id
        )
        make_log(course, 1, submitted_at=clock.now(), submitted_by=taught_by.user_id)
        kept = make_offering(module_id=make_module().id, facilitator=make_facilitator())
        log = make_log(kept, 1, excused_at=clock.now(), excused_by=taught_by.user_id)
        joined = [Enrolment(offering_id=course.id, student_id=one) for one in (demo_student, own_student.profile_id)]
        db.session.add_all(joined)
        course_id, kept_id, log_id = course.id, kept.id, log.id
        db.session.commit()
    counts = clear(app)
    assert counts.kept == ["COMP-101", "COMP"]
    with app.app_context():
        course = db.session.get(CourseOffering, course_id)
        assert (course.module_id, course.facilitator_id, course.enrolled_count) == (borrowed, None, 1)
        assert db.session.get(CourseOffering, kept_id).facilitator_id is not None
        log = db.session.get(ActivityLog, log_id)
        assert log.excused_by is None
        assert log.excused_at
        assert db.session.scalars(select(User.email).where(User.email.like("%demo.example.org"))).all() == []


@pytest.mark.one_database
def test_a_cookie_of_the_demo_opens_no_later_account(school, frozen_time):
    # SQLite alone gives the number of somebody deleted to another.
    client = school.app.test_client()
    client.post("/login", data={"email": "admin@demo.example.org", "password": "demo-pass-2026"})
    assert client.get("/login").status_code == 302
    clear(school.app)
    with school.app.app_context():
        for _ in range(3):
            make_student()
    frozen_time.shift(timedelta(minutes=1))
    assert client.get("/login").status_code == 200
