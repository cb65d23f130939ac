"""A thousand open courses with twenty thousand lessons, half a million enrolments and five million lessons done.

BENCH_STUDENTS makes it smaller or larger: 25,000 are the half million enrolments; the figures say how many there were.
"""

import os
from collections.abc import Iterator
from datetime import timedelta

from flask import Flask
from sqlalchemy import text

from bench.figures import Figure, timed
from bench.pages import client_of, run_long
from portal import clock
from portal.allocations.models import CourseOffering
from portal.extensions import db
from tests.support.people import Person, make_facilitator, make_student
from tests.support.sql import count_sql
from tests.support.teaching import make_enrolment, make_mode, make_open_course

COURSES, LESSONS, EACH, DONE = 1_000, 20, 20, 10
STUDENTS = int(os.environ.get("BENCH_STUDENTS", "25000"))
TIMES = 20
HOME_MS, HOME_STATEMENTS, SEARCH_MS = 60, 5, 150
_WORDS = "graphs tables law soil verbs nurses circuits markets stories numbers"


def measure(database: str, app: Flask) -> Iterator[Figure]:
    """My courses of a student on twenty, and the catalogue's searches. On a server's database alone."""
    if database == "sqlite":
        return
    with app.app_context():
        student = fill()
    yield Figure(database, "courses", COURSES, "")
    yield Figure(database, "lessons done", STUDENTS * EACH * DONE, "")
    client = client_of(app, student)
    with count_sql() as sql:
        assert client.get("/courses/").status_code == 200
    yield Figure(database, "my courses: statements", len(sql), "", HOME_STATEMENTS)
    median, high = timed(lambda: client.get("/courses/"), times=TIMES)
    yield Figure(database, "my courses: median", median, "ms", HOME_MS)
    yield Figure(database, "my courses: p95", high, "ms")
    for name, asked in (("all", ""), ("a word", "?q=circuits"), ("three words", "?q=soil+numbers+bench"),
                        ("nothing", "?q=zebra"), ("free places by title", "?places=free&sort=title")):  # fmt: skip
        median, _high = timed(lambda asked=asked: client.get(f"/courses/catalogue{asked}"), times=TIMES)
        yield Figure(database, f"catalogue, {name}: median", median, "ms", SEARCH_MS)


def fill() -> Person:
    """Write it all, by statements that make many rows of few; gives a student on twenty courses."""
    teacher = make_facilitator(last_name="Bench")
    student = make_student()
    first = _courses(teacher)
    run_long(_NUMBERS)
    stamps = {"now": clock.now().replace(tzinfo=None), "first": first}
    for statement in (_LESSON_ROWS, _USERS, _STUDENTS, _ENROLMENTS, _COUNTS, _COMPLETIONS):
        run_long(statement, **stamps)
        db.session.commit()
    for number in range(EACH):
        make_enrolment(db.session.get_one(CourseOffering, first + number * 7), student)
    run_long("DROP TABLE bench_numbers")
    db.session.commit()
    _analyze()
    return student


def _courses(teacher: Person) -> int:
    """The courses with their pages, each with words of its own; gives the first id."""
    words, mode = _WORDS.split(), make_mode("Self-paced")
    start = clock.now().date() - timedelta(days=30)
    model = make_open_course(
        teacher, mode_id=mode.id, start_date=start, end_date=start + timedelta(days=300), max_students=600
    )
    columns = [column for column in model.__table__.c if column.key != "id"]
    row = {column.key: getattr(model, column.key) for column in columns}
    rows = []
    for number in range(COURSES - 1):
        title = f"{words[number % 10]} and {words[number // 10 % 10]} {number}"
        rows.append(row | {"title": title, "title_folded": title})
    db.session.execute(model.__table__.insert(), rows)
    now = clock.now().replace(tzinfo=None)
    filler = "a paragraph of a syllabus that goes on for a while without saying much at all " * 40
    run_long(
        "INSERT INTO course_pages (offering_id, syllabus, text_folded, cover_alt, created_at, updated_at)"
        " SELECT id, :filler, :filler, '', :now, :now FROM course_offerings WHERE id >= :first",
        filler=filler, now=now, first=model.id,
    )  # fmt: skip
    db.session.commit()
    return model.id


def _analyze() -> None:
    tables = "course_offerings, enrolments, lessons, lesson_completions, course_pages"
    if db.engine.name == "mysql":
        db.session.execute(text(f"ANALYZE TABLE {tables}")).all()
    else:
        run_long("ANALYZE")
    db.session.commit()


# The numbers from 0 to 24,999.
_DIGITS = " UNION ALL SELECT ".join(str(digit) for digit in range(10))
_NUMBERS = (
    f"CREATE TABLE bench_numbers AS SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS n"
    f" FROM (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2) e, (SELECT {_DIGITS.replace('0', '0 AS n', 1)}) a,"
    f" (SELECT {_DIGITS.replace('0', '0 AS n', 1)}) b, (SELECT {_DIGITS.replace('0', '0 AS n', 1)}) c,"
    f" (SELECT {_DIGITS.replace('0', '0 AS n', 1)}) d WHERE 10000 * e.n + 1000 * d.n < {STUDENTS}"
)
_LESSON_ROWS = (
    "INSERT INTO lessons (offering_id, position, title, body, html, renderer, published_at, questions, check_counts,"
    " version, created_at, updated_at) SELECT o.id, k.n + 1, 'A lesson of the bench', 'Text', '<p>Text</p>', 1, :now,"
    f" '[]', FALSE, 1, :now, :now FROM course_offerings o, bench_numbers k WHERE o.id >= :first AND k.n < {LESSONS}"
)
_USERS = (
    "INSERT INTO users (email, first_name, last_name, name_folded, role, locale, is_active, is_confirmed,"
    " session_epoch, created_at, updated_at) SELECT CONCAT('learn-', n, '@example.org'), 'Student', 'Bench', 'bench',"
    " 'student', 'en', TRUE, TRUE, 0, :now, :now FROM bench_numbers"
)
_STUDENTS = (
    "INSERT INTO students (user_id, student_number, status, created_at, updated_at)"
    " SELECT id, CONCAT('L', id), 'active', :now, :now FROM users WHERE email LIKE 'learn-%'"
)
_ENROLMENTS = (
    "INSERT INTO enrolments (offering_id, student_id, status, source, created_at, updated_at)"
    f" SELECT :first + (s.id * 37 + k.n * 49) % {COURSES}, s.id, 'active', 'self', :now, :now"
    f" FROM students s JOIN users u ON u.id = s.user_id, bench_numbers k WHERE u.email LIKE 'learn-%' AND k.n < {EACH}"
)
_COUNTS = (
    "UPDATE course_offerings SET enrolled_count ="
    " (SELECT COUNT(*) FROM enrolments e WHERE e.offering_id = course_offerings.id) WHERE id >= :first"
)
_COMPLETIONS = (
    "INSERT INTO lesson_completions (lesson_id, enrolment_id, created_at, updated_at)"
    " SELECT l.id, e.id, :now, :now FROM enrolments e JOIN lessons l ON l.offering_id = e.offering_id"
    f" WHERE e.offering_id >= :first AND l.position <= {DONE}"
)
