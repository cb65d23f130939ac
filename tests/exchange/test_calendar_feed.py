"""The calendar feed: private, revocable, read by a strict parser, with changes in place."""

import re
from datetime import time, timedelta

import icalendar
import pytest

from portal.accounts.models import User
from portal.allocations.models import CourseOffering, Meeting, OfferingStatus
from portal.audit.services import System
from portal.catalogue.calendar import rules_of
from portal.exchange.feeds.services import end_feed, make_feed
from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.tracker.services import plan_logs
from tests.support.people import Person

pytestmark = pytest.mark.one_database


@pytest.fixture
def address(app, make):
    """Makes the address of a person's calendar."""

    def do(person: Person) -> str:
        with app.app_context():
            token = make_feed(person.user_id, System())
            db.session.commit()
        return f"/calendar/{token}.ics"

    return do


def events(answer):
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    assert all(len(line) <= 75 for line in answer.data.split(b"\r\n"))
    calendar = icalendar.Calendar.from_ical(answer.data)
    assert not calendar.errors
    for event in calendar.walk("VEVENT"):
        assert not event.errors
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "SEQUENCE"} <= event.keys()
    return {str(event["UID"]).partition("@")[0]: event for event in calendar.walk("VEVENT")}


def test_deadlines_dates_and_meetings_and_their_changes_in_place(app, client, make, address):
    teacher = make.facilitator()
    course = make.offering(teacher)
    make.offering()
    log = make.log(course, 3)
    with app.app_context():
        meeting = Meeting(offering_id=course.id, weekday=2, starts_at=time(9), ends_at=time(10, 30), room="B 12")
        db.session.add(meeting)
        db.session.commit()
        meeting_id = meeting.id
    getattr(make, "break")(course.start_date + timedelta(days=7), course.start_date + timedelta(days=13))
    path = address(teacher)
    first = client.get(path)
    found = events(first)
    assert {
        f"course-{course.id}-start",
        f"course-{course.id}-end",
        f"log-{course.id}-{log.week_start}",
        f"meeting-{meeting_id}",
    } == set(found)
    assert found[f"meeting-{meeting_id}"]["LOCATION"] == "B 12"
    assert b"EXDATE;TZID=" in first.data or b"EXDATE:" in first.data
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    with app.app_context():
        db.session.get(ActivityLog, log.id).due_at = db.session.get(ActivityLog, log.id).due_at.replace(hour=11)
        db.session.get(CourseOffering, course.id).status = OfferingStatus.CANCELLED
        db.session.commit()
    changed = events(client.get(path, headers={"If-None-Match": first.headers["ETag"]}))
    assert set(changed) >= set(found)  # and the weeks that nobody planned here
    assert {str(event["STATUS"]) for event in changed.values()} == {"CANCELLED"}
    assert all(changed[uid]["SEQUENCE"] >= found[uid]["SEQUENCE"] for uid in found)


def test_weeks_that_go_with_their_course_stay_as_cancelled_and_come_back(app, client, make, address):
    teacher, student = make.facilitator(), make.student()
    course = make.offering(teacher)
    make.enrolment(course, student)
    path, rules = address(teacher), rules_of(app.config["PORTAL"])

    def become(status):
        with app.app_context():
            db.session.get(CourseOffering, course.id).status = status
            db.session.flush()
            plan_logs([course.id], rules)
            db.session.commit()
        return {uid: event for uid, event in events(client.get(path)).items() if uid.startswith("log-")}

    planned = become(OfferingStatus.ACTIVE)
    called_off = become(OfferingStatus.CANCELLED)
    assert len(planned) > 10
    assert set(called_off) == set(planned)
    assert {str(event["STATUS"]) for event in called_off.values()} == {"CANCELLED"}
    assert all(called_off[uid]["DTSTART"].dt == planned[uid]["DTSTART"].dt for uid in planned)
    assert {str(event["STATUS"]) for event in become(OfferingStatus.ACTIVE).values()} == {"CONFIRMED"}
    become(OfferingStatus.CANCELLED)
    assert not any(uid.startswith("log-") for uid in events(client.get(address(student))))


def test_a_student_reads_the_courses_that_they_are_on(client, make, address):
    student, course = make.student(), make.offering()
    make.offering()
    make.enrolment(course, student)
    assert set(events(client.get(address(student)))) == {f"course-{course.id}-start", f"course-{course.id}-end"}


@pytest.mark.parametrize("how", ["ended", "another", "deactivated"])
def test_an_address_is_private_and_can_be_ended(app, client, make, address, how):
    person = make.student()
    path = address(person)
    assert client.get(path).status_code == 200
    assert client.get(path.replace(".ics", "x.ics")).status_code == 404
    with app.app_context():
        if how == "ended":
            assert end_feed(person.user_id, System())
        elif how == "another":
            make_feed(person.user_id, System())
        else:
            db.session.get(User, person.user_id).is_active = False
        db.session.commit()
    assert client.get(path).status_code == 404


def test_it_is_made_and_ended_in_the_profile(app, client, make, sign_in):
    sign_in(client, make.facilitator())
    app.config["WTF_CSRF_ENABLED"] = False
    assert "There is no address yet" in client.get("/profile/calendar").text
    made = client.post("/profile/calendar")
    path = re.search(r"/calendar/[\w-]{43}\.ics", made.text)[0]
    assert made.headers["Cache-Control"] == "no-store"
    assert client.get(path).status_code == 200
    assert path not in client.get("/profile/calendar").text
    assert client.post("/profile/calendar/end").status_code == 303
    assert client.get(path).status_code == 404
