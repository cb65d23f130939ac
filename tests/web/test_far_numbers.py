"""Numbers that no column can hold, and days that no calendar has, are answered as any that mean nothing."""

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from portal.catalogue.calendar import Rules
from portal.tracker.forms.deciding import DecisionForm

pytestmark = pytest.mark.in_turn

HUGE = ("99999999999999999999", "9" * 5000, "-99999999999999999999", "9223372036854775807", "2147483648", "٣")


@pytest.fixture
def office(make, client, sign_in) -> Any:
    sign_in(client, make.admin())
    return client


@pytest.mark.every_database
@pytest.mark.parametrize("number", HUGE)
def test_a_version_that_nobody_has_is_stale(make, office, number):
    course = make.offering(make.facilitator())
    log, lesson, asked = make.log(course, 3), make.lesson(course), make.round(course)
    until = {"until": "2030-01-01", "reason": "Ill"}
    for path, sent in {
        f"/tracker/logs/{log.id}/extend": until,
        f"/allocations/{course.id}/status": {"status": "cancelled", "reason": "So"},
        f"/allocations/{course.id}/facilitator": {"facilitator": "1"},
        "/checklist/1": {"label_en": "Other", "label_fr": "Autre", "from_week": "1", "to_week": ""},
        "/admin/reminders/1": {"days": "9", "is_active": "y"},
        "/admin/reminders/1/remove": {},
        f"/courses/{course.id}/lessons/{lesson.id}/edit": {"title": "Other", "body": "Text", "publish": "draft"},
        f"/reflections/{asked.id}/reply": {"reply": "Thank you"},
    }.items():
        answer = office.post(path, data=sent | {"version": number})
        assert answer.status_code in {303, 409, 422}, (path, answer.status_code)
    like_it = make.offering(make.facilitator(), module_id=course.module_id)
    sent = {"from": make.lesson(like_it).offering_id, "lesson": number}
    assert office.post(f"/courses/{course.id}/lessons/copy", data=sent).status_code == 422
    sums = {"per_credit": "1", "per_student": "1", "first_time": "1", "full_time": "100"}
    assert office.post("/allocations/workload/formula", data=sums | {"seen": number}).status_code in {409, 422}


@pytest.mark.parametrize("number", HUGE)
def test_a_number_in_an_address_that_is_nobodys(office, number):
    assert office.get("/reflections/", query_string={"course": number[:100]}).status_code == 404
    for name in ("trimester", "academic_year"):
        answer = office.get("/allocations/facilitators/new", query_string={name: number[:100], "q": "a"})
        assert answer.status_code == 200, name


def test_a_leave_lies_within_reach(make, office):
    person = make.facilitator()
    for first, last, field in (
        ("9999-12-30", "9999-12-31", "first_day"), ("0001-01-01", "0001-01-02", "first_day"),
        ("2150-12-31", "2151-01-01", "last_day"),
    ):  # fmt: skip
        sent = {"facilitator": person.profile.employee_id, "first_day": first, "last_day": last, "reason": "Away"}
        answer = office.post("/leave/", data=sent)
        assert (answer.status_code, f'id="{field}-error"' in answer.text) == (422, True), first
        assert "This day is too far away." in answer.text


@pytest.mark.parametrize("moment", ["9999-12-31T23:59", "0001-01-01T00:00", "9999-12-31T23:59:59-12:00"])
def test_a_lesson_appears_at_a_moment_that_every_clock_can_show(make, office, moment):
    course = make.offering(make.facilitator())
    sent = {"title": "First", "body": "", "publish": "at", "at": moment, "version": "0"}
    answer = office.post(f"/courses/{course.id}/lessons/new", data=sent)
    assert (answer.status_code, "Choose a day and a time." in answer.text) == (422, True)


def test_a_week_gets_no_deadline_beyond_all_clocks(app, make, office):
    log = make.log(make.offering(make.facilitator()), 3)
    for zone, day in (("Etc/GMT+12", "9999-12-31"), ("Asia/Tokyo", "0001-01-01")):
        rules = Rules(ZoneInfo(zone), due_time=time(8) if day < "1" else time(17))
        with app.test_request_context():
            form = DecisionForm(MultiDict({"until": day, "reason": "Ill", "version": "1"}))
            assert form.moment(rules).year in {1969, 9000}
    for day in ("9999-12-31", "0001-01-01"):
        answer = office.post(f"/tracker/logs/{log.id}/extend", data={"until": day, "reason": "Ill", "version": "1"})
        assert answer.status_code == 422
