"""Whatever is done to a course, in whatever order: its rules hold after each step."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from portal import clock
from portal.allocations.models import CourseOffering
from portal.audit.services import System
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.enrolments.queries import find_miscounts
from portal.enrolments.services import (
    AlreadyEnrolled,
    Source,
    complete_enrolment,
    enrol_students,
    join_course,
    settle,
    withdraw_students,
)
from portal.extensions import db

PEOPLE = 6
who = st.integers(0, PEOPLE - 1)
steps = st.one_of(
    st.tuples(st.just("join"), who),
    st.tuples(st.just("withdraw"), who),
    st.tuples(st.just("complete"), who),
    st.tuples(st.just("enrol"), st.lists(who, max_size=PEOPLE)),
    st.tuples(st.just("leave"), st.lists(who, max_size=PEOPLE)),
    st.tuples(st.just("places"), st.integers(1, 4)),
)


@dataclass
class Model:
    """What should be: who holds a place, and who waits in which order."""

    places: int = 2
    held: set[int] = field(default_factory=set)
    waiting: list[int] = field(default_factory=list)

    def enrol(self, *people: int) -> None:
        for one in dict.fromkeys(people):
            if one not in self.held and one not in self.waiting:
                self.waiting.append(one)
        self.settle()

    def leave(self, *people: int) -> None:
        self.held -= set(people)
        self.waiting = [one for one in self.waiting if one not in people]
        self.settle()

    def settle(self) -> None:
        while self.waiting and len(self.held) < self.places:
            self.held.add(self.waiting.pop(0))


@pytest.fixture
def students(make):
    return [make.student() for _ in range(PEOPLE)]


@given(done=st.lists(steps, max_size=12))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_places_and_waiting_list_are_what_the_rules_say_after_every_step(app, make_open, students, done):
    course, model = make_open(max_students=2), Model()
    numbers = {one.profile_id: at for at, one in enumerate(students)}
    with app.app_context():
        for name, what in done:
            _do(course, students, name, what)
            _expect(model, name, what)
            db.session.commit()
            rows = db.session.execute(
                select(Enrolment.student_id, Enrolment.status)
                .where(Enrolment.offering_id == course.id)
                .order_by(Enrolment.queue_number)
            ).all()
            held = {numbers[row.student_id] for row in rows if row.status.value in {"active", "completed"}}
            waiting = [numbers[row.student_id] for row in rows if row.status is EnrolmentStatus.WAITLISTED]
            assert (held, waiting) == (model.held, model.waiting), (name, what)
            assert find_miscounts() == []


def _do(course, students, name, what):
    people = [students[at].profile_id for at in ([what] if isinstance(what, int) else what)] if name != "places" else []
    if name == "join":
        try:
            join_course(course.id, students[what].user_id, System(), clock.now().date())
        except AlreadyEnrolled:
            db.session.rollback()
    elif name == "enrol":
        enrol_students(course.id, people, Source.STAFF, System())
    elif name in {"withdraw", "leave"}:
        withdraw_students(course.id, people, System())
    elif name == "complete":
        _complete(course, people[0])
    else:
        # Fewer places than students is what no page allows.
        held = db.session.scalar(select(CourseOffering.enrolled_count).where(CourseOffering.id == course.id))
        places = max(what, held or 0)
        db.session.execute(update(CourseOffering).where(CourseOffering.id == course.id).values(max_students=places))
        settle([course.id], System())


def _complete(course, student_id):
    row = db.session.scalar(
        select(Enrolment.id).where(Enrolment.offering_id == course.id, Enrolment.student_id == student_id)
    )
    if row is not None:
        complete_enrolment(row, clock.now(), System())


def _expect(model, name, what):
    if name == "join":
        model.enrol(what)
    elif name == "enrol":
        model.enrol(*what)
    elif name == "withdraw":
        model.leave(what)
    elif name == "leave":
        model.leave(*what)
    elif name == "places":
        model.places = max(what, len(model.held))
        model.settle()
