"""Real threads, real transactions: the places of a course are given once each, and the waiting list keeps its order."""

import threading
from collections.abc import Callable, Sequence

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from portal import clock
from portal.accounts.models import Student, User
from portal.allocations.models import CourseOffering
from portal.audit.services import System
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.enrolments.queries import find_miscounts
from portal.enrolments.services import AlreadyEnrolled, join_course, withdraw_students
from portal.extensions import db
from portal.roles import Role
from tests.support.web import Maker

STUDENTS, PLACES = 100, 20
# As many at once as a busy web server has threads and the pool has connections.
THREADS = 15


@pytest.fixture
def course(make_fresh: Maker) -> CourseOffering:
    return make_fresh.open_course(make_fresh.facilitator(), max_students=PLACES)


@pytest.fixture
def students(fresh_app: Flask, make_fresh: Maker) -> Sequence[int]:
    """The users who want in."""
    del make_fresh
    with fresh_app.app_context():
        people = [{"email": f"s{n}@example.org", "first_name": "S", "last_name": str(n), "role": Role.STUDENT}
                  for n in range(STUDENTS)]  # fmt: skip
        db.session.execute(insert(User), people)
        ids = db.session.scalars(select(User.id).where(User.role == Role.STUDENT).order_by(User.id)).all()
        db.session.execute(insert(Student), [{"user_id": one, "student_number": f"S{one}"} for one in ids])
        db.session.commit()
        return ids


@pytest.fixture
def at_once(fresh_app: Flask) -> Callable[..., list[object]]:
    """Does a deed for each of many, from as many threads as there are connections; gives what each gave or raised."""

    def do(deed: Callable[[int], object], items: Sequence[int]) -> list[object]:
        waiting, answers, barrier = list(reversed(items)), [], threading.Barrier(min(THREADS, len(items)))

        def work() -> None:
            barrier.wait(60)
            while waiting:
                try:
                    item = waiting.pop()
                except IndexError:
                    return
                with fresh_app.app_context():
                    try:
                        answers.append(deed(item))
                        db.session.commit()
                    except Exception as error:  # whatever it is, the test must see it
                        db.session.rollback()
                        answers.append(error)

        threads = [threading.Thread(target=work) for _ in range(barrier.parties)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(200)
        return answers

    return do


def by_status(status: EnrolmentStatus) -> int:
    return db.session.scalar(select(func.count()).where(Enrolment.status == status)) or 0


def queue() -> list[tuple[int, int]]:
    """Number on the list and student, first first."""
    waiting = select(Enrolment.queue_number, Enrolment.student_id).where(
        Enrolment.status == EnrolmentStatus.WAITLISTED
    )  # fmt: skip
    return [tuple(row) for row in db.session.execute(waiting.order_by(Enrolment.queue_number))]


def test_the_last_twenty_places_are_given_once_each_and_all_others_wait_in_order(
    fresh_app, course, students, at_once
) -> None:
    today = clock.now().date()

    def join(user_id: int) -> None:
        join_course(course.id, user_id, System(), today)

    # Everybody clicks twice.
    answers = at_once(join, [user_id for user_id in students for _ in range(2)])
    assert sum(answer is None for answer in answers) == STUDENTS
    assert sum(isinstance(answer, AlreadyEnrolled) for answer in answers) == STUDENTS, set(map(repr, answers))
    with fresh_app.app_context():
        assert (by_status(EnrolmentStatus.ACTIVE), by_status(EnrolmentStatus.WAITLISTED)) == (PLACES, STUDENTS - PLACES)
        assert [number for number, _ in queue()] == list(range(PLACES + 1, STUDENTS + 1))
        assert find_miscounts() == []
        seated = db.session.scalars(
            select(Enrolment.student_id).where(Enrolment.status == EnrolmentStatus.ACTIVE)
        ).all()
        before = queue()
        db.session.rollback()
    gone = at_once(lambda student_id: withdraw_students(course.id, [student_id], System()), seated)
    assert sorted(gone, key=str) == sorted([[one] for one in seated], key=str)
    with fresh_app.app_context():
        active = set(db.session.scalars(select(Enrolment.student_id).where(Enrolment.status == EnrolmentStatus.ACTIVE)))
        assert active == {student for _, student in before[:PLACES]}
        assert queue() == before[PLACES:]
        assert find_miscounts() == []
