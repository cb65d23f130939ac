"""Reflections for programs."""

import pytest

from portal.extensions import db
from portal.reflections.services.releasing import release
from tests.reflections.support import stored
from tests.support.api import Program
from tests.support.reflecting import respond

pytestmark = [pytest.mark.in_turn, pytest.mark.usefixtures("frozen_time")]


@pytest.fixture
def scene(make):
    teacher = make.facilitator()
    offering = make.offering(teacher, title="Local Food Systems")
    students = [make.student() for _ in range(5)]
    for student in students:
        make.enrolment(offering, student)
    return make.round(offering), offering, teacher, students


@pytest.mark.every_database
def test_a_student_reads_the_form_and_sends_once(app, scene):
    found, offering, _teacher, students = scene
    ask = Program(app, students[0])
    form = ask("GET", f"/reflections/form?allocation_id={offering.id}").json
    assert [one["key"] for one in form[0]["questions"]] == ["question1", "question2", "question3"]
    body = {"round_id": form[0]["round_id"], "answers": {"question1": "Well"}, "language": "fr"}
    first = ask("POST", "/reflections", body, headers={"Idempotency-Key": "one"})
    assert (first.status_code, first.json["receipt"]) == (201, "one")
    assert ask("POST", "/reflections", body, headers={"Idempotency-Key": "one"}).json == first.json
    assert ask("POST", "/reflections", body, headers={"Idempotency-Key": "two"}).status_code == 409
    assert stored(app, found) == [{"question1": "Well"}]
    assert ask("GET", "/reflections/form").json == []


def test_faults_name_their_question(app, scene):
    found, _offering, _teacher, students = scene
    answer = Program(app, students[0])(
        "POST", "/reflections", {"round_id": found.id, "answers": {"question1": "x" * 1001}}
    )
    assert answer.status_code == 400
    assert answer.json["fields"] == {"answers.question1": ["At most 1000 characters."]}


def test_what_answers_no_question_is_refused_and_not_lost(app, scene):
    found, _offering, _teacher, students = scene
    asks, answers = Program(app, students[0]), {"question1": "Well", "question 2": "More", "question3 ": ""}
    answer = asks("POST", "/reflections", {"round_id": found.id, "answers": answers})
    assert answer.status_code == 400
    assert answer.json["fields"] == {"answers.question 2": ["This reflection has no such question."]}
    assert asks("GET", "/reflections/form").json[0]["round_id"] == found.id


def test_others_find_nothing(app, make, scene):
    found, _offering, teacher, _students = scene
    body = {"round_id": found.id, "answers": {"question1": "x"}}
    assert Program(app, make.student())("POST", "/reflections", body).status_code == 404
    assert Program(app, teacher)("POST", "/reflections", body).status_code == 403
    assert Program(app, make.student())("GET", "/reflections/results").status_code == 403


def test_results_are_empty_until_they_are_out(app, make, scene):
    found, offering, teacher, students = scene
    with app.app_context():
        for student in students:
            respond(app.config["SECRET_KEY"], found.id, student, {"question1": "The farm"})
    ask = Program(app, teacher)
    address = f"/reflections/results?allocation_id={offering.id}"
    assert (ask("GET", address).json[0]["responded"], ask("GET", address).json[0]["questions"]) == (5, [])
    with app.app_context():
        release(found.id, found.closes_on)
        db.session.commit()
    result = ask("GET", address).json[0]["questions"][0]
    assert (result["answered"], result["texts"]) == (5, ["The farm"] * 5)
    assert Program(app, make.facilitator())("GET", address).json == []


def test_results_come_in_pages_at_a_constant_cost(app, make, scene, count_sql):
    found, _offering, teacher, students = scene
    ask = Program(app, teacher)

    def cost():
        with count_sql() as sql:
            answer = ask("GET", "/reflections/results?sort=-id")
        return len(sql), answer

    def answer_and_release(one):
        with app.app_context():
            for student in students:
                respond(app.config["SECRET_KEY"], one.id, student, {"question1": f"Of {one.id}"})
            release(one.id, one.closes_on)
            db.session.commit()

    answer_and_release(found)
    before, _answer = cost()
    rounds = [found]
    for _ in range(2):
        offering = make.offering(teacher)
        for student in students:
            make.enrolment(offering, student)
        rounds.insert(0, make.round(offering))
        answer_and_release(rounds[0])
    after, answer = cost()
    assert after == before
    assert [(one["round_id"], one["questions"][0]["texts"]) for one in answer.json] == [
        (one.id, [f"Of {one.id}"] * 5) for one in rounds
    ]
    part = ask("GET", "/reflections/results?limit=1&page=2&sort=-id")
    assert ([one["round_id"] for one in part.json], part.headers["X-Total-Count"]) == ([rounds[1].id], "3")
    assert 'page=3&sort=-id>; rel="next"' in part.headers["Link"]
