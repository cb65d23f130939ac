"""A lesson as a student opens it and marks it as done, and the progress of three hundred students.

Alone it measures on small tables; after the part `learning`, which fills them, on five million lessons done.
"""

from collections.abc import Iterator
from itertools import cycle

from flask import Flask
from sqlalchemy import insert, select

from bench.attendance import STUDENTS, enrol
from bench.figures import Figure, timed
from bench.pages import client_of
from portal.accounts.models import Student
from portal.enrolments.models import Enrolment
from portal.extensions import db
from portal.learning.models import LessonCompletion
from tests.support.learning import make_lesson
from tests.support.people import make_facilitator, make_student
from tests.support.sql import count_sql
from tests.support.teaching import make_enrolment, make_offering

LESSONS, TIMES = 20, 20
PAGE_MS, PAGE_STATEMENTS, DONE_MS, TABLE_MS = 60, 5, 20, 150
_TEXT = "A paragraph of a lesson with *words* and $x^2$.\n\n" * 40


def measure(database: str, app: Flask) -> Iterator[Figure]:
    """Reading, marking, and the table."""
    with app.app_context():
        teacher, student = make_facilitator(), make_student()
        course = make_offering(teacher)
        places = enrol(course)
        make_enrolment(course, student)
        ids = [make_lesson(course, position=at, body=_TEXT).id for at in range(1, LESSONS + 1)]
        rows = [{"lesson_id": one, "enrolment_id": place} for at, place in enumerate(places) for one in ids[: at % 20]]
        db.session.execute(insert(LessonCompletion), rows)
        db.session.commit()
        assert db.session.scalar(select(Enrolment.id).join(Student).where(Student.user_id == student.user_id))
        base = f"/courses/{course.id}/lessons"
    client = client_of(app, student)
    client.get(f"{base}/{ids[3]}")
    with count_sql() as sql:
        assert client.get(f"{base}/{ids[3]}").status_code == 200
    yield Figure(database, "lesson page: statements", len(sql), "", PAGE_STATEMENTS)
    median, high = timed(lambda: client.get(f"{base}/{ids[3]}"), times=TIMES)
    yield Figure(database, "lesson page: median", median, "ms", PAGE_MS)
    yield Figure(database, "lesson page: p95", high, "ms")
    turns = cycle("10")

    def mark() -> None:
        assert client.post(f"{base}/{ids[3]}/done", data={"done": next(turns)}).status_code == 303

    median, _high = timed(mark, times=TIMES)
    yield Figure(database, "lesson marked as done: median", median, "ms", DONE_MS)
    staff = client_of(app, teacher)
    median, _high = timed(lambda: staff.get(f"{base}/progress"), times=TIMES)
    yield Figure(database, f"progress of {STUDENTS} students: median", median, "ms", TABLE_MS)
