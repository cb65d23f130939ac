"""A million responses: results, comparison and lists; keeping drafts; and two hundred students who type at once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select, text

from bench.figures import Figure, timed
from bench.pages import client_of, run_long
from bench.typists import type_at_once
from portal import clock
from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module
from portal.extensions import db
from portal.reflections.models import FormState, ReflectionRound, ReflectionTally
from portal.reflections.queries.results import compare
from tests.support.people import make_facilitator, make_manager, make_student
from tests.support.reflecting import make_reflection_form, make_round
from tests.support.sql import count_sql
from tests.support.teaching import make_enrolment, make_offering

COURSES, FORMS, EACH = 5_000, 8, 25
RESULTS_MS, COMPARE_MS, KEEP_MS, KEEP_STATEMENTS = 150, 500, 15, 3
LECTURE = 600
TIMES = 20


def measure(database: str, app: Flask, url: str, folder: Path) -> Iterator[Figure]:
    """All of it, by the clock on the wall: another process takes part."""
    with app.app_context():
        manager = make_manager(email="bench-reflecting@example.org")
        yield from _fill(database, app)
        rounds = _rounds()
    office = client_of(app, manager)
    for name, round_id in rounds.items():
        address = f"/reflections/{round_id}/results"
        with count_sql() as sql:
            assert office.get(address).status_code == 200
        median, high = timed(lambda address=address: office.get(address), times=TIMES)
        yield Figure(database, f"results of {name}: statements", len(sql), "", 10)
        yield Figure(database, f"results of {name}: median", median, "ms", RESULTS_MS)
        yield Figure(database, f"results of {name}: p95", high, "ms")
    with app.app_context():
        yield from _compare(database)
    median, high = timed(lambda: office.get("/reflections/"), times=TIMES)
    yield Figure(database, "list for managers: median", median, "ms", 150)
    yield from _keep(database, app)
    yield from type_at_once(database, app, url, folder)


def _fill(database: str, app: Flask) -> Iterator[Figure]:
    """Rounds that are over in eight forms; and one lecture, whose answers are as many as a hall holds."""
    courses = db.session.scalars(select(CourseOffering.id).order_by(CourseOffering.id).limit(COURSES)).all()
    forms = [make_reflection_form(title_en=f"Bench {number}", state=FormState.RETIRED) for number in range(FORMS)]
    first = (db.session.scalar(select(func.max(ReflectionRound.id))) or 0) + 1
    run_long(_numbers(LECTURE))
    now = clock.now().replace(tzinfo=None)
    days = {"now": now, "opens": (now - timedelta(days=40)).date(), "closes": (now - timedelta(days=30)).date()}
    for form in forms:
        run_long(_ROUND_ROWS, form=form.id, last=courses[-1], **days)
    lecture = {"first": first, "lecture": first, "hall": LECTURE, "each": EACH}
    run_long(
        "UPDATE reflection_rounds SET shown_count = :hall, responded = :hall, invited = :hall WHERE id = :lecture",
        **lecture,
    )
    for statement in (_RESPONSE_ROWS, _SCALE_ROWS, _TEXT_ROWS, _TALLY_ROWS):
        run_long(statement, **lecture, **days)
        db.session.commit()
    run_long("DROP TABLE bench_numbers")
    tables = "reflection_rounds, reflection_responses, reflection_answers, reflection_tallies"
    if db.engine.name == "mysql":
        db.session.execute(text(f"ANALYZE TABLE {tables}")).all()
    else:
        run_long("ANALYZE")
    db.session.commit()
    yield Figure(
        database, "responses", db.session.scalar(text("SELECT COUNT(*) FROM reflection_responses")) or 0, "rows"
    )


def _rounds() -> dict[str, int]:
    first = db.session.scalar(select(func.min(ReflectionRound.id)).where(ReflectionRound.shown_count == LECTURE)) or 0
    return {"a course": first + 100, f"a lecture of {LECTURE}": first}


def _numbers(most: int) -> str:
    digits = " UNION ALL SELECT ".join(str(digit) for digit in range(10)).replace("0", "0 AS n", 1)
    return (
        f"CREATE TABLE bench_numbers AS SELECT a.n + 10 * b.n + 100 * c.n AS n FROM (SELECT {digits}) a,"
        f" (SELECT {digits}) b, (SELECT {digits}) c WHERE a.n + 10 * b.n + 100 * c.n < {most}"
    )


def _compare(database: str) -> Iterator[Figure]:
    """The department with most courses, over all its terms."""
    department = db.session.execute(
        select(Module.department_id, func.count().label("courses"))
        .join(CourseOffering, CourseOffering.module_id == Module.id)
        .join(ReflectionRound, ReflectionRound.offering_id == CourseOffering.id)
        .where(Module.department_id.is_not(None))
        .group_by(Module.department_id)
        .order_by(func.count().desc())
        .limit(1)
    ).one()
    keys = db.session.scalars(select(ReflectionTally.question_key).distinct()).all()
    median, high = timed(lambda: compare(keys, department.department_id), times=TIMES)
    name = f"comparison of {department.courses:,} rounds, {len(keys)} questions"
    yield Figure(database, f"{name}: median", median, "ms", COMPARE_MS)
    yield Figure(database, f"{name}: p95", high, "ms")


def _keep(database: str, app: Flask) -> Iterator[Figure]:
    with app.app_context():
        offering, student = make_offering(make_facilitator(), title="Bench"), make_student()
        make_enrolment(offering, student)
        round_id = make_round(offering).id
    client, version = client_of(app, student), 0

    def keep() -> None:
        nonlocal version
        answers = {f"question{number}": f"What I think of it, for the {version}. time. " * 12 for number in (1, 2, 3)}
        answer = client.post(f"/reflections/{round_id}/draft", json={"answers": answers, "version": version})
        assert answer.status_code == 200, answer.text
        version = answer.json["version"]

    keep()
    with count_sql() as sql:
        keep()
    own = [one for one in sql.statements if "reflection" in one]
    yield Figure(database, "keeping a draft: statements", len(own), "", KEEP_STATEMENTS)
    yield Figure(database, "keeping a draft: with the session's", len(sql), "")
    median, high = timed(keep, times=100)
    yield Figure(database, "keeping a draft: median", median, "ms", KEEP_MS)
    yield Figure(database, "keeping a draft: p95", high, "ms")


_ROUND_ROWS = (
    "INSERT INTO reflection_rounds (form_id, series_id, offering_id, opens_on, closes_on, released_on, invited,"
    " responded, shown_count, version, created_at, updated_at) SELECT :form, :form, id, :opens, :closes, :closes, 30,"
    " 25, 25, 1, :now, :now FROM course_offerings WHERE id <= :last ORDER BY id"
)
# Random numbers of the length of ours, put in by their order.
_RESPONSE_ROWS = (
    "INSERT INTO reflection_responses (id, round_id, language) SELECT k, round_id, language FROM"
    " (SELECT MD5(CONCAT('r', r.id, '-', n.n)) AS k, r.id AS round_id,"
    " CASE WHEN n.n % 3 = 0 THEN 'fr' ELSE 'en' END AS language FROM reflection_rounds r, bench_numbers n"
    " WHERE r.id >= :first AND n.n < CASE WHEN r.id = :lecture THEN :hall ELSE :each END) made ORDER BY k"
)
_ANSWERS = (
    "INSERT INTO reflection_answers (response_id, question_id, round_id, {column}) SELECT s.id, q.id, r.id, {value}"
    " FROM reflection_responses s JOIN reflection_rounds r ON r.id = s.round_id"
    " JOIN reflection_questions q ON q.form_id = r.form_id AND q.{key} = '{kind}' WHERE r.id >= :first ORDER BY s.id"
)
_SCALE_ROWS = _ANSWERS.format(column="value", value="1 + s.round_id % 5", key="kind", kind="scale")
_TEXT_ROWS = _ANSWERS.format(
    column="text", value="CONCAT('The worked examples helped, and the small groups; less so the room. ', s.id)",
    key="kind", kind="text",
)  # fmt: skip
_TALLY_ROWS = (
    "INSERT INTO reflection_tallies (round_id, question_id, language, question_key, department_id, academic_year,"
    " trimester, responses, answered, ones, twos, threes, fours, fives, words, phrases)"
    " SELECT r.id, q.id, '', CONCAT(r.series_id, ':', q.key), m.department_id, o.academic_year,"
    ' o.trimester, 25, 25, 2, 3, 5, 9, 6, \'[["examples", 12], ["groups", 9]]\', \'[["worked examples", 12]]\''
    " FROM reflection_rounds r JOIN course_offerings o ON o.id = r.offering_id JOIN modules m ON m.id = o.module_id"
    " JOIN reflection_questions q ON q.form_id = r.form_id WHERE r.id >= :first"
)
