"""Who gets a place, who waits, who moves up."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.accounts.services.deletion import anonymise
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.services.editing import edit_offering
from portal.allocations.services.offerings import OfferingDraft, create_offering
from portal.allocations.services.standing import change_status
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.enrolments.models import Enrolment
from portal.enrolments.queries import find_miscounts, find_own_enrolment
from portal.enrolments.services import (
    AlreadyEnrolled,
    Source,
    complete_enrolment,
    enrol_cohort,
    enrol_students,
    withdraw_students,
)
from portal.errors import Conflict, NotAllowed, NotFound
from portal.extensions import db
from portal.notifications.models import Notification

pytestmark = pytest.mark.in_turn


@pytest.fixture
def withdraw(app):
    def do(course, *students):
        with app.app_context():
            gone = withdraw_students(course.id, [one.profile_id for one in students], System())
            db.session.commit()
            return gone

    return do


def position(app, course, student):
    with app.app_context():
        own = find_own_enrolment(student.user_id, course.id)
        return own.status.value, own.position


@pytest.mark.every_database
def test_places_are_given_until_they_are_gone_and_then_people_wait_in_order(app, make, make_open, join, roster):
    course = make_open(max_students=2)
    students = [make.student() for _ in range(4)]
    for student in students:
        join(course, student)
    states = ["active", "active", "waitlisted", "waitlisted"]
    assert roster(course) == (
        [(one.profile_id, state) for one, state in zip(students, states, strict=True)], (2, 2)
    )  # fmt: skip
    assert position(app, course, students[2]) == ("waitlisted", 1)
    assert position(app, course, students[3]) == ("waitlisted", 2)


def test_who_withdraws_makes_room_for_who_waited_longest_and_is_told(app, make, make_open, join, withdraw, roster):
    course = make_open(max_students=1)
    first, second, third = [make.student() for _ in range(3)]
    for student in (first, second, third):
        join(course, student)
    assert withdraw(course, first) == [first.profile_id]
    assert [state for _, state in roster(course)[0]] == ["withdrawn", "active", "waitlisted"]
    assert roster(course)[1] == (1, 1)
    with app.app_context():
        told = db.session.execute(select(Notification.recipient_id, Notification.kind)).all()
        assert [tuple(row) for row in told] == [(second.user_id, "enrolment_moved_up")]
        actions = db.session.scalars(select(AuditEvent.action).where(AuditEvent.entity == "enrolments")).all()
        assert sorted(actions) == ["enrol", "enrol", "enrol", "move_up", "withdraw"]
    # Coming back is allowed, to the end of the list, and telling it again is another fact.
    join(course, first)
    assert position(app, course, first) == ("waitlisted", 2)
    withdraw(course, second)
    withdraw(course, third)
    assert position(app, course, first) == ("active", 0)


@pytest.mark.every_database
def test_nobody_is_on_a_course_twice(app, make, make_open, join, roster):
    course, student = make_open(), make.student()
    join(course, student)
    with pytest.raises(AlreadyEnrolled):
        join(course, student)
    with app.app_context():
        joined = enrol_students(course.id, [student.profile_id, student.profile_id], Source.STAFF, System())
        assert (joined.enrolled, joined.already) == ([], [student.profile_id])
        db.session.rollback()
    assert roster(course) == ([(student.profile_id, "active")], (1, 0))


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"published_at": None}, NotFound),
        ({"archived_at": clock.now()}, NotAllowed),
        ({"enrolment_policy": "closed"}, NotAllowed),
        ({"status": OfferingStatus.CANCELLED}, NotAllowed),
        ({"start_date": clock.now().date() - timedelta(90), "end_date": clock.now().date() - timedelta(1)}, NotAllowed),
    ],
    ids=["draft", "archived", "closed", "cancelled", "over"],
)
def test_a_course_that_takes_nobody_says_so(make, make_open, join, roster, fields, error):
    course = make_open(**fields)
    with pytest.raises(error):
        join(course, make.student())
    assert roster(course) == ([], (0, 0))


def test_only_students_join_and_only_open_courses(make, make_open, join):
    with pytest.raises(NotAllowed):
        join(make_open(), make.facilitator())
    with pytest.raises(NotFound):
        join(make.offering(make.facilitator()), make.student())


@pytest.mark.every_database
def test_more_places_let_people_move_up(app, make, make_open, join, roster):
    course = make_open(max_students=1)
    for _ in range(4):
        join(course, make.student())
    with app.app_context():
        edit_offering(course.id, {"max_students": 3}, 1, System())
        db.session.commit()
    assert roster(course)[1] == (3, 1)


def test_a_cancelled_course_moves_nobody_up_until_it_is_back(app, make, make_open, join, withdraw, roster):
    course = make_open(max_students=1)
    students = [make.student() for _ in range(2)]
    for student in students:
        join(course, student)
    with app.app_context():
        change_status(course.id, OfferingStatus.CANCELLED, 1, System(), "No power")
        db.session.commit()
    withdraw(course, students[0])
    assert roster(course)[1] == (0, 1)
    with app.app_context():
        change_status(course.id, OfferingStatus.ACTIVE, 2, System())
        db.session.commit()
    assert roster(course)[1] == (1, 0)


def test_a_deactivated_student_keeps_a_place_and_is_passed_over_on_the_list(app, make, make_open, join, roster):
    course = make_open(max_students=1)
    first, away, third = [make.student() for _ in range(3)]
    for student in (first, away, third):
        join(course, student)
    with app.app_context():
        db.session.merge(away.user).is_active = False
        db.session.commit()
        withdraw_students(course.id, [first.profile_id], System())
        db.session.commit()
    assert [state for _, state in roster(course)[0]] == ["withdrawn", "waitlisted", "active"]


def test_whoever_comes_while_nobody_on_the_list_can_move_up_gets_the_place(app, make, make_open, join, roster):
    course = make_open(max_students=1)
    first, away = make.student(), make.student()
    join(course, first)
    join(course, away)
    with app.app_context():
        db.session.merge(away.user).is_active = False
        db.session.commit()
        withdraw_students(course.id, [first.profile_id], System())
        db.session.commit()
    join(course, make.student())
    assert [state for _, state in roster(course)[0]] == ["withdrawn", "waitlisted", "active"]
    assert roster(course)[1] == (1, 1)


def test_a_deleted_account_leaves_what_is_running_and_stays_where_it_is_over(app, make, make_open, join, roster):
    running, over, student, other = make_open(max_students=1), make.offering(), make.student(), make.student()
    join(running, student)
    join(running, other)
    make.enrolment(over, student)
    with app.app_context():
        db.session.get_one(CourseOffering, over.id).status = OfferingStatus.COMPLETED
        db.session.commit()
        anonymise(student.user_id, System())
        db.session.commit()
    assert [state for _, state in roster(running)[0]] == ["withdrawn", "active"]
    assert roster(over) == ([(student.profile_id, "active")], (1, 0))


def test_completing_is_noted_once_and_keeps_the_place(app, make, make_open, join, roster):
    course, student = make_open(), make.student()
    join(course, student)
    with app.app_context():
        enrolment_id = find_own_enrolment(student.user_id, course.id).id
        moment = clock.now()
        assert complete_enrolment(enrolment_id, moment, System())
        assert not complete_enrolment(enrolment_id, moment + timedelta(1), System())
        db.session.commit()
        own = find_own_enrolment(student.user_id, course.id)
        assert (own.status.value, own.completed_at) == ("completed", moment)
    assert roster(course)[1] == (1, 0)


# --- cohorts


def _plan(make, cohort, *, places=30, module=None):
    """A course for a cohort, planned as a manager plans it."""
    start = clock.now().date()
    draft = OfferingDraft(
        module_id=(module or make.module()).id, class_id=make.study_class().id, cohort_id=cohort.id,
        mode_id=make.mode().id, academic_year=start.year, trimester=1, start_date=start,
        end_date=start + timedelta(80), max_students=places,
    )  # fmt: skip
    course = create_offering(draft, System())
    db.session.commit()
    return course


@pytest.mark.every_database
def test_a_cohort_is_enrolled_when_a_course_is_planned_for_it(app, make, roster):
    cohort = make.cohort()
    students = [make.student(last_name=name, profile={"cohort_id": cohort.id}) for name in ("Cleo", "Ada", "Ben")]
    make.student(profile={"cohort_id": cohort.id}, is_active=False)
    make.student()
    with app.app_context():
        course = _plan(make, cohort, places=2)
    cleo, ada, ben = [one.profile_id for one in students]
    assert roster(course) == ([(ada, "active"), (ben, "active"), (cleo, "waitlisted")], (2, 1))
    with app.app_context():
        assert set(db.session.scalars(select(Enrolment.source))) == {"cohort"}


def test_another_class_of_the_module_takes_those_for_whom_there_was_no_place(app, make, roster):
    cohort, module = make.cohort(), make.module()
    for _ in range(5):
        make.student(profile={"cohort_id": cohort.id})
    with app.app_context():
        first = _plan(make, cohort, places=3, module=module)
        second = _plan(make, cohort, places=3, module=module)
    assert roster(first)[1] == (3, 0)
    assert roster(second)[1] == (2, 0)
    with app.app_context():
        assert find_miscounts() == []


def test_who_changes_the_cohort_keeps_their_courses_and_can_be_enrolled_on_the_new_ones(app, make, roster):
    old, new = make.cohort(), make.cohort()
    student = make.student(profile={"cohort_id": old.id})
    with app.app_context():
        before, after = _plan(make, old), _plan(make, new)
        db.session.merge(student.profile).cohort_id = new.id
        db.session.commit()
        joined = enrol_cohort(after.id, System())
        db.session.commit()
    assert joined.enrolled == [student.profile_id]
    assert roster(before) == ([(student.profile_id, "active")], (1, 0))


def test_nobody_is_enrolled_on_what_is_over(app, make):
    course = make.offering(status=OfferingStatus.COMPLETED)
    with app.app_context(), pytest.raises(Conflict):
        enrol_students(course.id, [make.student().profile_id], Source.STAFF, System())
