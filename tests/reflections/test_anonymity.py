"""An attack: everything that is stored, logged, told and exported after thirty students answered, joined with all else.

The attacker has the whole database (not the portal's secret), the order of rows in every table as the database gives
them, hidden columns of PostgreSQL, the log and the files. They know who took part, and in which order.
"""

import hashlib
import itertools
import json
import random
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from portal import clock
from portal.audit.services import System
from portal.extensions import db
from portal.reflections.models import ReflectionResponse
from portal.reflections.services.releasing import release
from portal.webhooks.addresses import Reach
from portal.webhooks.events import COUNTED, TYPES
from portal.webhooks.models import WebhookMessage
from portal.webhooks.sealing import box_of
from portal.webhooks.services.counting import count_reflections
from portal.webhooks.services.endpoints import EndpointDraft, create_endpoint
from tests.reflections.support import keep, send
from tests.support.api import bearer_of

STUDENTS = 30
# Among thirty, chance alone gives one right; seven and more happen by it once in ten thousand times.
TOO_MANY = 7


@pytest.fixture
def scene(app, make, sign_in, new_client):
    """Thirty students who wrote, saved and sent, in an order that the attacker knows; every third by the API."""
    offering = make.offering(make.facilitator(), title="Local Food Systems")
    found = make.round(offering)
    told_of_everything(app)
    students = [make.student() for _ in range(STUDENTS)]
    for student in students:
        make.enrolment(offering, student)
    order = random.Random(7).sample(students, STUDENTS)
    said = {student.profile_id: f"secret thought {number}" for number, student in enumerate(order)}
    for place, student in enumerate(order):
        client = new_client()
        if place % 3 == 0:
            by_program(app, client, student, found, said[student.profile_id])
            continue
        sign_in(client, student)
        assert keep(client, found, question1=said[student.profile_id]).status_code == 200
        answer = send(client, found, version=1, number=f"n{student.user_id}", question1=said[student.profile_id])
        assert answer.status_code == 201
    return found, order, said


def told_of_everything(app):
    """Another system, which is told of all that there is to tell."""
    with app.app_context():
        draft = EndpointDraft("https://hooks.example.org/portal", TYPES, "Whoever listens")
        create_endpoint(draft, Reach(), box_of(app.config["SECRET_KEY"]), System())
        db.session.commit()


def by_program(app, client, student, found, thought):
    """Send it as the page on a static host does."""
    token = bearer_of(app, student)
    body = {"round_id": found.id, "answers": {"question1": thought}, "language": "en"}
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"n{student.user_id}"}
    for _ in range(2):
        assert client.post("/api/reflections", json=body, headers=headers).status_code == 201


def hashes_of(found, thought):
    """What a response would look like to whoever keeps hashes of requests."""
    body = {"round_id": found.id, "answers": {"question1": thought}, "language": "en"}
    bodies = [json.dumps(body, sort_keys=sort, separators=marks) for sort in (0, 1) for marks in (None, (",", ":"))]
    for text in (thought, *bodies):
        for address in ("", "POST /api/reflections\n", "POST /api/reflections?\n"):
            yield hashlib.sha256(f"{address}{text}".encode()).hexdigest()


def rows_of(table):
    """Rows as the database gives them without being asked for an order, with the columns that PostgreSQL hides."""
    hidden = [sa.text("xmin::text"), sa.text("ctid::text")] if db.engine.dialect.name == "postgresql" else []
    return [tuple(row) for row in db.session.execute(select(*hidden, *table.c).select_from(table))]


def everything():
    return {table.name: rows_of(table) for table in db.metadata.sorted_tables}


def test_nobody_can_say_who_said_what(app, scene, client, make, sign_in, capsys, caplog):
    # One test, because thirty students take longer to write than all that is looked at afterwards.
    assert_what_is_stored_does_not_say(app, *scene)
    sign_in(client, make.manager())
    told = assert_what_is_told_does_not_say(app, client, *scene) + caplog.text + capsys.readouterr().out
    assert not any(thought in told for thought in scene[2].values())


def assert_what_is_stored_does_not_say(app, found, order, said):
    with app.app_context():
        listens_at_the_moment = db.session.scalars(select(WebhookMessage.type)).all()
        assert not [kind for kind in listens_at_the_moment if kind.startswith("reflection")]
        assert count_reflections(clock.now().date() + timedelta(days=1)) == 1
        db.session.commit()
        [told] = db.session.scalars(select(WebhookMessage.data).where(WebhookMessage.type == COUNTED))
        assert (told["responses"], told.keys()) == (
            STUDENTS, {"round_id", "course_offering_id", "responses", "date"}
        )  # fmt: skip
        stored = everything()
        bodies = [body["question1"] for body in db.session.scalars(select(ReflectionResponse.body))]
    assert sorted(bodies) == sorted(said.values())
    # 1. No row outside of the responses holds a thought, and no response a person.
    thoughts = set(said.values())
    for name, rows in stored.items():
        holds = any(thought in str(row) for row in rows for thought in thoughts)
        assert holds is (name == "reflection_responses"), name
    marks_of_thoughts = {mark for thought in thoughts for mark in hashes_of(found, thought)}
    assert not any(mark in str(row) for rows in stored.values() for row in rows for mark in marks_of_thoughts)
    people = {value for student in order for value in (student.email, student.full_name, f"n{student.user_id}")}
    assert not any(person in str(row) for row in stored["reflection_responses"] for person in people)
    with app.app_context():
        assert set(db.session.scalars(select(ReflectionResponse.student_id))) == {None}
    # 2. No order of rows is the order in which they came: neither that of time, nor of students.
    for guess in ([said[one.profile_id] for one in order], [said[key] for key in sorted(said)]):
        for seen in (bodies, list(reversed(bodies))):
            right = sum(one == other for one, other in zip(guess, seen, strict=True))
            assert right < TOO_MANY, right
    # 3. No value of a response, hidden ones too, stands in any other row that differs from person to person.
    marks = [set(map(str, row)) for row in stored["reflection_responses"]]
    shared = set.intersection(*marks)
    own = [mark - shared for mark in marks]
    others = [set(map(str, row)) for name, rows in stored.items() if name != "reflection_responses" for row in rows]
    for one, other in itertools.product(own, others):
        unique = {value for value in one & other if len(value) > 3 and not value.startswith("(")}
        assert unique == set()


def assert_what_is_told_does_not_say(app, client, found, order, said):
    """Neither notices nor pages nor files; gives what other systems and people were sent."""
    with app.app_context():
        from portal.reflections.models import ReflectionRound

        closes = db.session.get_one(ReflectionRound, found.id).closes_on
        release(found.id, closes)
        db.session.commit()
        stored = everything()
    outside = ("audit_events", "notifications", "deliveries", "jobs", "reflection_participations", "webhook_messages")
    for name in outside:
        assert "secret thought" not in str(stored[name])
    for address in ("results", "export.csv"):
        text = client.get(f"/reflections/{found.id}/{address}").text
        seen = [f"secret thought {number}" for number in range(STUDENTS)]
        places = sorted(seen, key=text.index)
        right = sum(one == said[student.profile_id] for one, student in zip(places, order, strict=True))
        assert right < TOO_MANY
        assert not any(student.email in text for student in order)
    assert stored["reflection_drafts"] == []
    return str([stored[name] for name in outside])


def test_a_draft_tells_who_has_the_database_neither_whose_it_is_nor_what_it_says(app, make, sign_in, client):
    offering, student = make.offering(make.facilitator()), make.student()
    make.enrolment(offering, student)
    found = make.round(offering)
    sign_in(client, student)
    keep(client, found, question1="half a secret thought")
    with app.app_context():
        row = str(everything()["reflection_drafts"])
    assert "thought" not in row
    assert student.email not in row
    assert "student_id" not in db.metadata.tables["reflection_drafts"].c
