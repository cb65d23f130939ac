"""Lessons by the API: staff write, students read what is published and note what they have done."""

import json

import pytest

from portal import clock
from portal.learning.models import BODY_LIMIT, TITLE_LIMIT
from tests.support.api import bearer_of

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.one_database]


@pytest.fixture
def ask(app, client):
    def do(person, method, path, body=None, headers=None):
        sent = {"Authorization": f"Bearer {bearer_of(app, person)}"} | (headers or {})
        return client.open(f"/api{path}", method=method, json=body, headers=sent)

    return do


def test_a_lesson_from_draft_to_done(ask, make, teacher, course):
    student = make.student()
    make.enrolment(course, student)
    place = f"/course-offerings/{course.id}/lessons"
    made = ask(teacher, "POST", place, {"title": "One", "body": "<b>*x*</b>"})
    assert (made.status_code, made.json["status"], made.json["is_done"]) == (201, "draft", None)
    assert made.json["html"] == "<p>&lt;b&gt;<em>x</em>&lt;/b&gt;</p>\n"
    one = f"/lessons/{made.json['id']}"
    assert made.headers["Location"].endswith(one)
    assert ask(student, "GET", one).status_code == 404
    assert ask(student, "GET", place).json == []
    changed = ask(teacher, "PATCH", one, {"published_at": "2026-10-14T12:00:00Z", "version": 1})
    assert (changed.json["status"], changed.json["version"]) == ("published", 1)
    assert ask(student, "GET", place).json[0]["is_done"] is False
    for _ in range(2):
        done = ask(student, "PUT", f"{one}/completion")
        assert done.json == {"lesson_id": made.json["id"], "is_done": True, "percent": 100}
    assert ask(student, "DELETE", f"{one}/completion").status_code == 204
    assert ask(student, "GET", one).json["is_done"] is False
    assert ask(teacher, "DELETE", one).status_code == 204
    assert ask(teacher, "GET", one).status_code == 404


def test_stale_and_wrong_bodies_are_said(ask, make, teacher, course):
    lesson = make.lesson(course)
    one = f"/lessons/{lesson.id}"
    assert ask(teacher, "PATCH", one, {"title": "New"}, {"If-Match": '"1"'}).json["version"] == 2
    assert ask(teacher, "PATCH", one, {"title": "Newer"}, {"If-Match": '"1"'}).status_code == 409
    tag = ask(teacher, "GET", one).headers["ETag"]
    for named in ('W/"1", ""', '""', tag.replace('"2', '"1')):
        assert ask(teacher, "PATCH", one, {"title": "Newer"}, {"If-Match": named}).status_code == 409, named
    assert ask(teacher, "PATCH", one, {"title": "Newest"}, {"If-Match": tag}).json["version"] == 3
    assert ask(teacher, "PATCH", one, {"title": "Newer", "version": 1}).status_code == 409
    far = {"published_at": "9999-12-31T23:59:59-12:00"}
    for body in (
        {"title": ""},
        far,
        {"published_at": "2026-10-14T12:00:00"},
        {"body": "x" * 60_001},
        {"colour": "red"},
    ):
        assert ask(teacher, "PATCH", one, body).status_code == 400, body
    assert ask(make.student(), "PATCH", one, {"title": "x"}).status_code == 403
    assert ask(make.facilitator(), "PATCH", one, {"title": "x"}).status_code == 404
    assert clock.now()


def test_lessons_move_and_come_in_pages(ask, make, teacher, course):
    lessons = [make.lesson(course, title=name) for name in "ABC"]
    ask(teacher, "PATCH", f"/lessons/{lessons[2].id}", {"position": 1})
    answer = ask(teacher, "GET", f"/course-offerings/{course.id}/lessons?limit=2")
    assert ([one["title"] for one in answer.json], answer.headers["X-Total-Count"]) == (["C", "A"], "3")
    last = ask(teacher, "GET", f"/course-offerings/{course.id}/lessons?limit=1&sort=-position")
    assert [one["title"] for one in last.json] == ["B"]


def test_the_longest_text_fits_however_it_is_written(ask, client, app, teacher, course):
    text = "😀" * BODY_LIMIT
    escaped = json.dumps({"title": "😀" * TITLE_LIMIT, "body": text})
    assert len(escaped) > 12 * BODY_LIMIT
    headers = {"Authorization": f"Bearer {bearer_of(app, teacher)}"}
    answer = client.post(
        f"/api/course-offerings/{course.id}/lessons", data=escaped, headers=headers, content_type="application/json"
    )
    assert (answer.status_code, answer.json.get("body") == text) == (201, True)
    longer = {"title": "T", "body": text + "x"}
    assert ask(teacher, "POST", f"/course-offerings/{course.id}/lessons", longer).json["fields"].keys() == {"body"}
