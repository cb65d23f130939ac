"""A course is made with its meeting and whoever teaches it in one go, or not at all."""

import re
from datetime import time

import pytest
from sqlalchemy import select

from portal.allocations.models import CourseOffering, Meeting
from portal.audit.models import AuditEvent
from portal.extensions import db

pytestmark = pytest.mark.in_turn


@pytest.fixture
def parts(make):
    """Gives the fields of a new course, with these instead."""
    make.module(code="CS357", name="Algorithms")
    make.study_class(name="CS 1A")
    make.cohort(code="CS-2026", name="Undergraduates")
    make.mode("Online")

    def do(**instead):
        return {
            "module": "CS357", "group": "CS 1A", "cohort": "CS-2026", "mode": "Online", "start_date": "2026-09-07",
            "end_date": "2026-12-20", "intake": "FT", "places": "25", "weekday": "1",
        } | instead  # fmt: skip

    return do


@pytest.fixture
def siya(make):
    person = make.facilitator(first_name="Siya", last_name="Bhat", profile={"max_course_load": 1})
    make.facilitator(first_name="Siya", last_name="Naidoo")
    return person


def _courses(app):
    with app.app_context():
        return db.session.scalars(select(CourseOffering).order_by(CourseOffering.id)).all()


def test_it_is_made_with_its_facilitator_and_its_meeting(app, client, manager, parts, siya):
    sent = parts(facilitator=str(siya.profile_id), facilitator_text="x", starts_at="10:00", ends_at="11:30", room="A 1")
    answer = client.post("/allocations/new", data=sent)
    (made,) = _courses(app)
    assert answer.headers["Location"] == f"/allocations/{made.id}"
    assert made.facilitator_id == siya.profile_id
    page = client.get(answer.headers["Location"]).text
    assert "CS357 · 1A was made. Siya Bhat teaches it." in page
    assert "Monday 10:00" in page


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("nobody at all", "facilitator_text", "Nobody matches “nobody at all”."),
        ("siya", "facilitator_text", "Several people match “siya”. Choose one."),
    ],
)
def test_a_text_that_means_nobody_or_several_makes_nothing(app, client, manager, parts, siya, text, field, words):
    answer = client.post("/allocations/new", data=parts(facilitator_text=text, summary="Kept"))
    assert answer.status_code == 422
    assert not _courses(app)
    shown = re.search(rf'<p class="error" id="{field}-error">.*?</p>', answer.text, re.DOTALL)
    assert words in shown[0]
    assert "Kept" in answer.text
    if text == "siya":
        chosen = re.search(r'name="person" value="(\d+)"> <span><bdi>Siya Bhat', answer.text)[1]
        again = client.post("/allocations/new", data=parts(facilitator_text=text, person=chosen))
        assert again.status_code == 303
        assert _courses(app)[0].facilitator_id == siya.profile_id


def test_over_the_limit_asks_for_a_reason_that_is_kept(app, client, manager, make, parts, siya):
    make.offering(siya, academic_year=2026, trimester=3)
    sent = parts(facilitator_text="Siya Bhat")
    answer = client.post("/allocations/new", data=sent)
    assert answer.status_code == 422
    assert "Siya Bhat would be over the limit: 2 of 1. Allocate anyway?" in answer.text
    assert 'name="reason"' in answer.text
    assert len(_courses(app)) == 1
    answer = client.post("/allocations/new", data=sent | {"reason": "Nobody else can"})
    assert answer.status_code == 303
    with app.app_context():
        assigned = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "assign")).one()
    assert assigned.changes["reason"] == [None, "Nobody else can"]


def test_half_a_meeting_is_refused_at_its_field(app, client, manager, parts):
    answer = client.post("/allocations/new", data=parts(starts_at="10:00"))
    assert answer.status_code == 422
    assert 'id="ends_at-error"' in answer.text
    answer = client.post("/allocations/new", data=parts(starts_at="10:00", ends_at="09:00"))
    assert answer.status_code == 422
    assert "It must end after it begins." in answer.text
    assert not _courses(app)


def test_a_copy_meets_as_its_source_does(app, client, manager, make, parts):
    source = make.offering(None)
    with app.app_context():
        for weekday in (2, 4):
            draft = {"starts_at": time(9), "ends_at": time(10)}
            db.session.add(Meeting(offering_id=source.id, weekday=weekday, **draft))
        db.session.commit()
    page = client.get(f"/allocations/new?copy={source.id}").text
    assert re.search(r'name="with_meetings" value="y" checked', page)
    answer = client.post("/allocations/new", data=parts(copy=str(source.id), with_meetings="y"))
    assert answer.status_code == 303
    with app.app_context():
        days = db.session.scalars(select(Meeting.weekday).where(Meeting.offering_id != source.id)).all()
    assert sorted(days) == [2, 4]


@pytest.mark.every_database
def test_the_type_ahead_knows_the_term_and_what_clashes(app, client, manager, make, parts, siya):
    busy = make.offering(siya, academic_year=2026, trimester=3)
    with app.app_context():
        dates = db.session.execute(select(CourseOffering.start_date, CourseOffering.end_date)).one()
        db.session.add(Meeting(offering_id=busy.id, weekday=1, starts_at=time(9), ends_at=time(11)))
        db.session.commit()
    told = {"q": "naid", "start_date": dates[0].isoformat(), "end_date": dates[1].isoformat()}
    assert "Naidoo" in client.get("/allocations/facilitators/new", query_string=told).text
    told |= {"q": "siya bh", "trimester": "3", "academic_year": "2026", "weekday": "1"}
    offered = client.get("/allocations/facilitators/new", query_string=told).text
    assert "Would be over the limit" in offered
    told |= {"trimester": "1", "starts_at": "10:30", "ends_at": "11:30"}
    offered = client.get("/allocations/facilitators/new", query_string=told).text
    assert "Teaches another course at the same time" in offered
    assert client.get("/allocations/facilitators/new?q=siya&start_date=x&weekday=9&copy=-1").status_code == 200
