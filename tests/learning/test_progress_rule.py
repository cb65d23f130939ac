"""How far students have come: the rule, and who is stuck."""

from datetime import timedelta

import pytest

from portal import clock
from portal.enrolments.models import EnrolmentStatus
from portal.extensions import db
from portal.learning.models import LessonCompletion
from portal.learning.queries import progress_of, progress_of_students

pytestmark = pytest.mark.usefixtures("frozen_time")


def finish(enrolment, *lessons, days_ago=0):
    for lesson in lessons:
        moment = clock.now() - timedelta(days=days_ago)
        db.session.add(LessonCompletion(lesson_id=lesson.id, enrolment_id=enrolment.id, created_at=moment))
    db.session.commit()


def test_only_published_lessons_count_on_either_side(app, make):
    course, soon = make.offering(), clock.now() + timedelta(hours=1)
    first, second, third = (make.lesson(course, position=at) for at in (3, 1, 2))
    draft = make.lesson(course, position=4, published_at=None)
    make.lesson(course, position=5, published_at=soon)
    mine, other = make.enrolment(course, make.student()), make.enrolment(make.offering(), make.student())
    with app.app_context():
        finish(mine, draft, second)
        found = progress_of([mine.id, other.id], clock.now())
        assert (found[mine.id].done, found[mine.id].total, found[mine.id].percent) == (1, 3, 33)
        assert found[mine.id].next_id == third.id
        assert (found[other.id].percent, found[other.id].is_complete) == (None, False)
        finish(mine, first, third)
        assert progress_of([mine.id], clock.now())[mine.id].percent == 100
        # An hour later there is one more, and not everything is done.
        assert progress_of([mine.id], soon)[mine.id].percent == 75


def test_many_enrolments_take_one_statement(app, make, count_sql):
    courses = [make.offering() for _ in range(12)]
    student = make.student()
    places = [make.enrolment(course, student) for course in courses]
    for course in courses:
        make.lesson(course)
    with app.app_context(), count_sql() as sql:
        assert len(progress_of([one.id for one in places], clock.now())) == 12
    assert len(sql) == 1, sql.text


def test_whoever_could_go_on_and_did_not_for_two_weeks_is_stuck(app, make, count_sql):
    long_ago = clock.now() - timedelta(days=60)
    course = make.offering()
    lessons = [make.lesson(course, published_at=long_ago + timedelta(days=at)) for at in (0, 1)]
    new = make.lesson(course, published_at=clock.now() - timedelta(days=1))
    people = {name: make.student(last_name=name) for name in ("A", "B", "C", "D", "E")}
    places = {name: make.enrolment(course, person, created_at=long_ago) for name, person in people.items()}
    make.enrolment(course, make.student(), status=EnrolmentStatus.WAITLISTED)
    with app.app_context():
        finish(places["B"], *lessons, days_ago=30)  # was ready; a lesson came yesterday
        finish(places["C"], lessons[0], days_ago=30)
        finish(places["D"], lessons[0], days_ago=3)
        finish(places["E"], *lessons, new, days_ago=30)
        with count_sql() as sql:
            found = progress_of_students(course.id, clock.now())
        assert len(sql) == 2, sql.text
        assert [(one.last_name, one.progress.percent, one.is_stuck) for one in found] == [
            ("A", 0, True), ("B", 66, False), ("C", 33, True), ("D", 33, False), ("E", 100, False),
        ]  # fmt: skip
