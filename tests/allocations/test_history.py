"""The page of a course: its facts, and what happened to it."""

import pytest

from portal.audit.services import System, record
from portal.extensions import db


@pytest.fixture
def siya(make):
    return make.facilitator(first_name="Siya", last_name="Bhat", profile={"employee_id": "FAC02559"})


def test_the_course_page_shows_facts_and_history(client, manager, siya, make, count_sql):
    course = make.offering(siya, module_id=make.module(code="CS357", name="Algorithms").id)
    address = f"/allocations/{course.id}/facilitator"
    client.post(address, data={"version": 1, "deed": "remove"})
    client.post(address, data={"version": 2, "facilitator": siya.profile_id})
    with count_sql() as sql:
        page = client.get(f"/allocations/{course.id}").text
    assert len(sql) == 7, sql.text
    for words in (
        "Algorithms",
        "CS357",
        "Siya Bhat taken away",
        "Siya Bhat allocated",
        f"/tracker/courses/{course.id}",
    ):
        assert words in page
    assert "<html" not in client.get(f"/allocations/{course.id}", headers={"HX-Request": "true"}).text


def test_the_history_names_whom_a_file_allocated(app, client, manager, siya, make, count_sql):
    course = make.offering(siya)
    make.facilitator(first_name="Ada", last_name="King", profile={"employee_id": "FAC1"})
    with app.app_context():
        for before, after in ((None, "FAC02559"), ("FAC02559", "FAC1"), ("FAC02559", "gone")):
            record(System(), "update", "course_offerings", course.id, facilitator_employee_id=(before, after))
        db.session.commit()
    with count_sql() as sql:
        page = client.get(f"/allocations/{course.id}").text
    assert len(sql) == 7, sql.text
    assert "Siya Bhat allocated" in page
    assert "Ada King instead of Siya Bhat" in page
    assert "gone instead of Siya Bhat" in page


def test_a_course_without_history_says_so(client, manager, make):
    page = client.get(f"/allocations/{make.offering().id}").text
    assert "Nothing has changed" in page
    assert "Older changes" not in page
    assert "/tracker/courses/" not in page
