"""The demo institution: true to show, and the same every time."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import Facilitator, Manager, ManagerDepartment, User
from portal.allocations.models import CourseOffering, OfferingKind, OfferingStatus
from portal.catalogue.calendar import rules_of, weeks_of
from portal.catalogue.models import Department, Module
from portal.catalogue.queries import list_breaks
from portal.dashboards.queries import find_running_term
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db
from portal.roles import Role
from portal.tracker.models import ActivityLog, ActivityLogItem, Attendance
from portal.tracker.services import plan_logs
from tests.support import databases
from tests.support.demo import clear, everything, load

MONDAY_MORNING = datetime(2027, 1, 4, 6, tzinfo=UTC)
SUNDAY_NIGHT = datetime(2027, 1, 3, 23, 59, tzinfo=UTC)


def logs_of(email):
    wanted = (
        select(ActivityLog)
        .join(Facilitator, Facilitator.id == ActivityLog.facilitator_id)
        .join(User, User.id == Facilitator.user_id)
        .where(User.email == email)
        .order_by(ActivityLog.allocation_id, ActivityLog.week_number)
    )
    return db.session.scalars(wanted).all()


def test_it_has_the_size_of_a_small_school_and_loading_it_asks_little_of_the_database(school):
    assert (school.counts.courses, school.counts.facilitators, school.counts.students) == (44, 15, 300)
    # Results come out course by course, about a dozen statements each.
    assert len(school.sent) < 400, school.sent.text
    with school.app.app_context():
        assert db.session.scalar(select(func.count(Department.id))) == 8
        roles = Counter(db.session.scalars(select(User.role)))
        assert roles == {Role.ADMIN: 1, Role.MANAGER: 2, Role.FACILITATOR: 15, Role.STUDENT: 300}
        led = select(CourseOffering.enrolled_count).where(CourseOffering.kind == OfferingKind.COHORT)
        sizes = db.session.scalars(led).all()
        assert sum(size == 0 for size in sizes) == 3
        assert all(12 <= size <= 35 for size in sizes if size)
        assert db.session.scalar(select(func.count()).select_from(CourseOffering).filter_by(facilitator_id=None)) == 3
        states = Counter(db.session.scalars(select(CourseOffering.status)))
        assert set(states) == set(OfferingStatus)


@pytest.mark.one_database
def test_its_four_accounts_sign_in(school):
    answers = {
        who: school.app.test_client()
        .post("/login", data={"email": f"{who}@demo.example.org", "password": "demo-pass-2026"})
        .status_code
        for who in ("admin", "manager", "facilitator", "student", "ds-0002")
    }
    assert answers == {"admin": 303, "manager": 303, "facilitator": 303, "student": 303, "ds-0002": 422}


@pytest.mark.one_database
def test_today_lies_in_its_ninth_week_of_fifteen(school):
    with school.app.app_context():
        today = clock.today(school.app.config["PORTAL"].zone)
        term = find_running_term(today)
        weeks = weeks_of(term.start, term.end, list_breaks())
        assert len(weeks) == 15
        assert weeks[8].start <= today <= weeks[8].end
        assert (term.trimester, term.start.weekday(), term.end.weekday()) == (3, 0, 4)


@pytest.mark.one_database
@pytest.mark.parametrize("moment", [MONDAY_MORNING, SUNDAY_NIGHT, datetime(2028, 2, 29, 12, tzinfo=UTC)])
def test_nothing_in_it_lies_in_the_future(app, frozen_time, moment):
    frozen_time.move_to(moment)
    load(app)
    with app.app_context():
        logs = db.session.scalars(select(ActivityLog)).all()
        assert any(log.submitted_at for log in logs)
        for log in logs:
            assert log.submitted_at is None or log.started_at <= log.submitted_at <= moment
            assert log.started_at is None or log.started_at.date() >= log.week_start
            assert log.excused_at is None or (log.submitted_at is None and log.excused_reason)


@pytest.mark.one_database
def test_it_shows_every_state_of_a_log(school):
    with school.app.app_context():
        now, logs = clock.now(), db.session.scalars(select(ActivityLog)).all()
        sent = [log for log in logs if log.submitted_at]
        assert sum(log.submitted_at <= log.due_at for log in sent) > 150
        assert sum(log.submitted_at > log.due_at for log in sent) > 10
        assert sum(log.submitted_at is None and log.due_at < now and log.excused_at is None for log in logs) > 5
        assert sum(log.excused_at is not None for log in logs) >= 4
        assert sum(log.started_at is not None and log.submitted_at is None for log in logs) > 3
        assert sum(bool(log.notes) for log in logs) > 20


@pytest.mark.one_database
def test_the_log_of_a_course_agrees_with_its_items_and_roster(school):
    with school.app.app_context():
        done = Counter(
            log_id for log_id, status in db.session.execute(select(ActivityLogItem.tracker_id, ActivityLogItem.status))
            if status == "Done"
        )  # fmt: skip
        assert all(log.done_count == done[log.id] for log in db.session.scalars(select(ActivityLog)))
        wrong = (
            select(func.count())
            .select_from(Attendance)
            .join(ActivityLog, ActivityLog.id == Attendance.tracker_id)
            .join(Enrolment, Enrolment.id == Attendance.enrolment_id)
            .where((Enrolment.offering_id != ActivityLog.allocation_id) | (Enrolment.status != EnrolmentStatus.ACTIVE))
        )
        assert db.session.scalar(select(func.count()).select_from(Attendance)) > 1000
        assert db.session.scalar(wrong) == 0


@pytest.mark.one_database
def test_the_facilitator_has_something_to_do(school):
    with school.app.app_context():
        now, logs = clock.now(), logs_of("facilitator@demo.example.org")
        assert len({log.allocation_id for log in logs}) == 6
        owed = [log for log in logs if log.due_at < now and not log.submitted_at and not log.excused_at]
        assert len(owed) == 1
        week = [log for log in logs if log.week_number == 9]
        assert sum(log.submitted_at is not None for log in week) == 1
        assert sum(log.started_at is not None and log.submitted_at is None for log in week) == 2


@pytest.mark.one_database
def test_the_student_takes_five_courses_of_the_cohort_and_an_open_one(school):
    client = school.app.test_client()
    client.post("/login", data={"email": "student@demo.example.org", "password": "demo-pass-2026"})
    page = client.get("/courses/")
    assert page.status_code == 200
    assert page.text.count('<th scope="row"') == 6


@pytest.mark.one_database
def test_one_facilitator_is_over_the_limit_and_one_manager_answers_for_some_departments(school):
    with school.app.app_context():
        load = (
            select(func.count(CourseOffering.id))
            .where(
                CourseOffering.facilitator_id == Facilitator.id,
                CourseOffering.status == OfferingStatus.ACTIVE,
                CourseOffering.kind == OfferingKind.COHORT,
            )
            .scalar_subquery()
        )
        over = db.session.scalars(select(Facilitator.employee_id).where(load > Facilitator.max_course_load)).all()
        assert over == ["DF-08"]
        counts = select(func.count(ManagerDepartment.department_id)).select_from(Manager)
        counts = counts.outerjoin(ManagerDepartment).group_by(Manager.id).order_by(Manager.id)
        assert db.session.scalars(counts).all() == [0, 3]


@pytest.mark.one_database
def test_its_logs_are_as_planning_would_make_them(school):
    with school.app.app_context():
        counts = plan_logs(None, rules_of(school.app.config["PORTAL"]))
        assert (counts.created, counts.changed, counts.deleted) == (0, 0, 0)


@pytest.mark.in_turn
def test_it_is_the_same_every_time(school):
    def told(app):
        with app.app_context():
            names = db.session.execute(select(User.email, User.first_name, User.last_name).order_by(User.email)).all()
            logs = db.session.execute(
                select(Module.code, ActivityLog.week_number, ActivityLog.submitted_at, ActivityLog.notes)
                .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
                .join(Module, Module.id == CourseOffering.module_id)
                .order_by(Module.code, ActivityLog.due_at, ActivityLog.submitted_at, ActivityLog.notes)
            ).all()
            return Counter(map(tuple, names)), Counter(map(tuple, logs))

    first = told(school.app)
    clear(school.app)
    load(school.app)
    assert told(school.app) == first


@pytest.mark.one_database
def test_loading_twice_says_so_and_changes_nothing(school):
    before = everything(school.app)
    answer = school.app.test_cli_runner().invoke(args=["demo", "load"])
    assert answer.exit_code == 1
    assert "here already. Nothing was changed." in answer.output
    assert everything(school.app) == before


def test_a_code_that_is_taken_in_any_spelling_is_named_and_nothing_is_loaded(app, make):
    make.module(code="comp-101")
    make.facilitator(profile={"employee_id": "DF-01"})
    make.student(profile={"student_number": "DS-0300"})
    before = everything(app)
    answer = app.test_cli_runner().invoke(args=["demo", "load"])
    assert answer.exit_code == 1
    assert "taken: COMP-101, DF-01, DS-0300. Nothing was changed." in answer.output
    assert everything(app) == before


@pytest.mark.one_database
def test_production_refuses_it(database, tmp_path):
    settings = {"portal_env": "production", "secret_key": "x" * 40, "jwt_secret": "y" * 40}
    app = databases.build_app(database.url, tmp_path, **settings)
    answer = app.test_cli_runner().invoke(args=["demo", "load"])
    databases.dispose(app)
    assert answer.exit_code == 1
    assert "not for production" in answer.output
