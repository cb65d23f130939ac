"""A sheet of three hundred students, and what it costs that two hundred open pages follow what happens."""

import time
from collections.abc import Iterator
from itertools import cycle

from flask import Flask
from sqlalchemy import insert, select

from bench.figures import Figure, timed
from bench.pages import client_of
from portal.accounts.models import Student, User
from portal.allocations.models import CourseOffering
from portal.enrolments.models import Enrolment
from portal.extensions import db
from portal.roles import Role
from portal.tracker.models import ActivityLog
from tests.support.people import Person, make_facilitator
from tests.support.sql import count_sql
from tests.support.teaching import make_log, make_offering

STUDENTS, TIMES = 300, 20
SAVE_MS, PAGE_MS = 100, 150
PAGES, EVERY_SECONDS, MOST_PERCENT = 200, 8, 5
_QUESTIONS = 2000


def measure(database: str, app: Flask) -> Iterator[Figure]:
    """Opening and saving the sheet, the course by student, and the share of a core that following takes."""
    with app.app_context():
        teacher = make_facilitator()
        course = make_offering(teacher)
        places = enrol(course)
        log = make_log(course, 3)
        log_id, course_id = log.id, course.id
    yield from _sheet(database, app, teacher, log_id, places)
    client = client_of(app, teacher)
    median, _high = timed(lambda: client.get(f"/tracker/courses/{course_id}/attendance"), times=TIMES)
    yield Figure(database, f"{STUDENTS} students of a course: median", median, "ms", PAGE_MS)
    yield _following(database, app)


def enrol(course: CourseOffering) -> list[int]:
    """Three hundred students on a course; gives their enrolments."""
    people = [
        User(email=f"bench-{number}@example.org", first_name="Student", last_name=str(number), role=Role.STUDENT)
        for number in range(STUDENTS)
    ]
    db.session.add_all(people)
    db.session.flush()
    ids = db.session.scalars(select(User.id).where(User.email.like("bench-%"), User.role == Role.STUDENT)).all()
    db.session.execute(insert(Student), [{"user_id": user_id, "student_number": f"B{user_id}"} for user_id in ids])
    students = db.session.scalars(select(Student.id).where(Student.user_id.in_(ids))).all()
    rows = [{"offering_id": course.id, "student_id": student} for student in students]
    db.session.execute(insert(Enrolment), rows)
    db.session.commit()
    return list(db.session.scalars(select(Enrolment.id).where(Enrolment.offering_id == course.id)))


def _sheet(database: str, app: Flask, teacher: Person, log_id: int, places: list[int]) -> Iterator[Figure]:
    client = client_of(app, teacher)
    address = f"/tracker/logs/{log_id}/attendance"
    median, _high = timed(lambda: client.get(address), times=TIMES)
    yield Figure(database, f"sheet of {STUDENTS}: median", median, "ms", PAGE_MS)
    turns = cycle([("present", "absent"), ("absent", "present")])
    state = {"was": ""}

    def save() -> None:
        wish, _before = next(turns)
        form = {f"mark-{place}": wish for place in places} | state
        answer = client.post(address, data=form, headers={"HX-Request": "true"})
        assert answer.status_code == 200, answer.text[:500]
        state["was"] = " ".join(f"{place}{wish[0]}" for place in places)

    save()
    with count_sql() as sql:
        save()
    median, high = timed(save, times=TIMES)
    yield Figure(database, f"attendance of {STUDENTS}: statements", len(sql), "")
    yield Figure(database, f"attendance of {STUDENTS}: median", median, "ms", SAVE_MS)
    yield Figure(database, f"attendance of {STUDENTS}: p95", high, "ms")
    with app.app_context():
        assert db.session.get_one(ActivityLog, log_id).roster_count == STUDENTS


def _following(database: str, app: Flask) -> Figure:
    """The share of one core that the questions of all open pages take, nothing having changed."""
    client = app.test_client()
    tag = {"If-None-Match": client.get("/live").headers["ETag"]}
    begin = time.process_time()
    for _ in range(_QUESTIONS):
        assert client.get("/live", headers=tag).status_code == 304
    each = (time.process_time() - begin) / _QUESTIONS
    return Figure(
        database, f"{PAGES} open pages: share of a core", 100 * each * PAGES / EVERY_SECONDS, "%", MOST_PERCENT
    )
