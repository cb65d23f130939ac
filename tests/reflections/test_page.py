"""The page on which a student writes: without its script, and what the script sends."""

import re

import pytest
from sqlalchemy import select

from portal.extensions import db
from portal.reflections.models import ReflectionDraft, ReflectionParticipation, ReflectionResponse
from tests.reflections.support import keep, send, stored

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]


def test_who_reads_it_stands_before_the_first_question(writing, course):
    text = writing.get(f"/reflections/{course.round.id}").text
    assert "Amara Okafor" in text
    assert text.index("Who will read this?") < text.index("What did you enjoy most")
    assert text.count("<textarea") == 3


def test_a_draft_is_kept_and_stands_on_the_page_again(writing, course):
    answer = keep(writing, course.round, question1="The farm 🚜")
    assert (answer.status_code, answer.json["version"]) == (200, 1)
    assert "The farm 🚜" in writing.get(f"/reflections/{course.round.id}").text


def test_keeping_a_draft_takes_three_statements(writing, course, count_sql):
    keep(writing, course.round, question1="One")
    with count_sql() as sql:
        assert keep(writing, course.round, version=1, question1="One two").status_code == 200
    assert len(sql) == 3, sql.text


def test_another_text_is_not_overwritten_but_shown_beside_it(app, writing, course):
    keep(writing, course.round, question1="From the phone")
    answer = keep(writing, course.round, version=0, question1="From the laptop")
    assert answer.status_code == 409
    assert answer.json["other"] == {"answers": {"question1": "From the phone"}, "version": 1}


def test_without_the_script_both_texts_are_shown_and_can_be_joined(app, writing, course):
    keep(writing, course.round, question1="From the phone")
    form = {"answer-question1": "From the laptop", "version": "0", "act": "save", "number": "n"}
    answer = writing.post(f"/reflections/{course.round.id}", data=form)
    assert answer.status_code == 409
    assert "From the phone" in answer.text
    assert "From the laptop" in answer.text
    form |= {"version": "1", "other-question1": "From the phone", "pick-question1": "both"}
    assert writing.post(f"/reflections/{course.round.id}", data=form).status_code == 303
    assert "From the laptop\n\nFrom the phone" in writing.get(f"/reflections/{course.round.id}").text


def test_the_other_language_is_one_click_away_and_keeps_what_is_typed(writing, course):
    form = {"answer-question1": "Half a sent", "version": "0", "act": "language-fr", "number": "n"}
    assert writing.post(f"/reflections/{course.round.id}", data=form).status_code == 303
    page = writing.get(f"/reflections/{course.round.id}").text
    assert "Half a sent" in page
    assert "Qu’avez-vous le plus apprécié" in page
    assert '<html lang="fr">' in page


def test_a_copy_for_later_does_not_change_the_language(writing, course):
    copy = writing.get(f"/reflections/{course.round.id}?language=fr", headers={"X-Copy": "1"}).text
    assert '<html lang="fr">' in copy
    assert '<html lang="en">' in writing.get(f"/reflections/{course.round.id}").text


def test_sending_keeps_one_response_and_no_draft(app, writing, course):
    keep(writing, course.round, question1="Almost")
    answer = send(writing, course.round, version=1, question1="Done")
    assert answer.status_code == 201
    assert stored(app, course.round) == [{"question1": "Done"}]
    with app.app_context():
        assert db.session.scalars(select(ReflectionDraft)).all() == []
        assert db.session.scalars(select(ReflectionResponse.student_id)).all() == [None]
        part = db.session.scalars(select(ReflectionParticipation)).one()
    assert (part.student_id, str(part.on_day)) == (course.student.profile_id, "2026-10-14")
    assert "Thank you" in writing.get(f"/reflections/{course.round.id}").text


def test_the_same_number_twice_is_one_response(app, writing, course):
    for _ in range(2):
        assert send(writing, course.round, question1="Once").status_code == 201
    assert len(stored(app, course.round)) == 1
    again = send(writing, course.round, number="another", question1="Twice")
    assert (again.status_code, again.json["sent"]) == (409, 1)
    assert keep(writing, course.round, question1="After").status_code == 409


def test_what_is_wrong_is_said_at_its_question(app, make, writing, course):
    answer = send(writing, course.round, question1="x" * 1001)
    assert answer.json["faults"] == {"question1": "At most 1000 characters."}
    assert send(writing, course.round).json["faults"] == {"question1": "Answer at least one question."}
    form = {"answer-question1": "x" * 1001, "version": "0", "act": "send", "number": "n"}
    page = writing.post(f"/reflections/{course.round.id}", data=form)
    assert page.status_code == 422
    assert "x" * 1001 in page.text
    assert re.search(r'aria-invalid="true"', page.text)


@pytest.mark.parametrize("body", [[], {"answers": 3}, {"answers": {"a": 1}}, {"answers": {"k" * 41: "x"}}, {}, "x"])
def test_odd_bodies_are_refused_in_words(writing, course, body):
    answer = writing.post(f"/reflections/{course.round.id}/draft", json=body)
    assert answer.status_code == 422
    assert answer.json["error"]


def test_a_student_of_another_course_finds_nothing(client, make, sign_in, course):
    sign_in(client, make.student())
    assert client.get(f"/reflections/{course.round.id}").status_code == 404
    assert keep(client, course.round, question1="x").status_code == 404
    assert send(client, course.round, question1="x").status_code == 404


def test_what_a_device_kept_is_taken_the_day_after_and_not_later(client, course, frozen_time, sign_in):
    frozen_time.move_to("2026-10-22T12:00:00+00:00")
    sign_in(client, course.student)
    assert keep(client, course.round, question1="x").status_code == 200
    frozen_time.move_to("2026-10-23T00:00:00+00:00")
    sign_in(client, course.student)
    assert "closed" in send(client, course.round, version=1, question1="x").json["error"]
    assert "This reflection is closed" in client.get(f"/reflections/{course.round.id}").text


def test_the_list_shows_what_is_open(writing, course):
    text = writing.get("/reflections/").text
    assert "1 reflection is open." in text
    assert "Local Food Systems" in text


def test_the_worker_answers_for_reflections_alone(client):
    answer = client.get("/reflections/worker.js")
    assert answer.mimetype == "text/javascript"
    assert "Service-Worker-Allowed" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-cache"
