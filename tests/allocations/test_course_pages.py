"""The pages on which a course is made, changed, copied and ended."""

import re
import threading

import pytest
from sqlalchemy import select

from portal.allocations.models import CourseOffering, OfferingKind, OfferingStatus
from portal.allocations.services.editing import edit_offering
from portal.audit.services import System
from portal.errors import Conflict
from portal.extensions import db

pytestmark = pytest.mark.in_turn


@pytest.fixture
def parts(make):
    make.module(code="CS357", name="Algorithms")
    make.study_class(name="CS 1A")
    make.cohort(code="CS-2026", name="Undergraduates")
    make.mode("Online")
    return {
        "module": "cs357", "group": "CS 1A", "cohort": "CS-2026", "mode": "Online", "start_date": "2026-09-07",
        "end_date": "2026-12-20", "academic_year": "", "trimester": "", "intake": "FT", "places": "25",
        "title": "", "summary": "",
    }  # fmt: skip


def _only(app) -> CourseOffering:
    with app.app_context():
        return db.session.scalars(select(CourseOffering)).one()


def test_a_course_is_made_and_then_waits_for_its_facilitator(app, client, manager, parts):
    answer = client.post("/allocations/new", data=parts)
    made = _only(app)
    assert answer.headers["Location"] == f"/allocations/{made.id}"
    assert (made.academic_year, made.trimester, made.max_students) == (2026, 3, 25)
    page = client.get(answer.headers["Location"]).text
    assert "Nobody teaches it yet" in page
    assert "Added to the portal" in page


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("module", "", "This is needed."),
        ("module", "CS999", "“CS999” is not in the catalogue"),
        ("group", "\0\ud800", "is not in the catalogue"),
        ("cohort", "😀" * 100, "is not in the catalogue"),
        ("mode", "Telepathy", "Not a valid choice"),
        ("start_date", "soon", "Not a valid date value."),
        ("end_date", "2026-09-07", "must come after"),
        ("end_date", "2036-09-07", "three years"),
        ("places", "0", "Places must be between 1 and"),
        ("places", "9" * 30, "Places must be between 1 and"),
        ("academic_year", "26", "not an academic year"),
        ("trimester", "7", "Not a valid choice"),
        ("title", "x" * 201, "200"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(client, manager, parts, name, value, words):
    answer = client.post("/allocations/new", data=parts | {name: value.encode("utf-8", "surrogatepass")})
    assert answer.status_code == 422
    assert words in answer.text
    assert f'id="{name}-error"' in answer.text
    assert "CS-2026" in answer.text or name == "cohort"


def test_a_course_that_exists_is_linked(app, client, manager, parts):
    client.post("/allocations/new", data=parts)
    answer = client.post("/allocations/new", data=parts)
    assert answer.status_code == 409
    assert "exists already" in answer.text
    assert f'href="/allocations/{_only(app).id}"' in answer.text


def test_a_copy_starts_with_the_values_of_its_source(client, manager, make, fields):
    course = make.offering(module_id=make.module(code="ART7").id, max_students=17, title="Drawing & more")
    page = client.get(f"/allocations/new?copy={course.id}").text
    assert "A copy of" in page
    assert fields(page)["module"] == "ART7"
    assert fields(page)["places"] == "17"
    for odd in ("0", "x", "99999999999", str(2**31 - 1)):
        assert client.get(f"/allocations/new?copy={odd}").status_code == 200


def test_an_edit_is_saved_and_told_in_the_history(client, manager, make, fields):
    course = make.offering(max_students=20)
    sent = fields(client.get(f"/allocations/{course.id}/edit").text)
    answer = client.post(f"/allocations/{course.id}/edit", data=sent | {"places": "28", "title": "Évenings 😀"})
    page = client.get(answer.headers["Location"]).text
    assert "Saved." in page
    assert "Places: 20 became 28" in page
    assert "Title: Évenings 😀 added" in page
    sent = fields(client.get(f"/allocations/{course.id}/edit").text)
    client.post(f"/allocations/{course.id}/edit", data=sent)
    assert "Nothing was different" in client.get(f"/allocations/{course.id}").text


def _meanwhile(app, course_id: int, **values) -> None:
    with app.app_context():
        version = db.session.scalar(select(CourseOffering.version).where(CourseOffering.id == course_id))
        edit_offering(course_id, values, version, System())
        db.session.commit()


def test_two_people_at_different_fields_both_keep_theirs(app, client, manager, make, fields):
    course = make.offering(max_students=20)
    sent = fields(client.get(f"/allocations/{course.id}/edit").text)
    _meanwhile(app, course.id, max_students=33)
    answer = client.post(f"/allocations/{course.id}/edit", data=sent | {"title": "Evenings"})
    assert answer.status_code == 303
    assert (_only(app).max_students, _only(app).title) == (33, "Evenings")
    assert "together with what somebody else" in client.get(f"/allocations/{course.id}").text


@pytest.mark.parametrize(("take", "places"), [("mine", 28), ("theirs", 33)])
def test_two_people_at_one_field_are_asked(app, client, manager, make, fields, take, places):
    course = make.offering(max_students=20)
    sent = fields(client.get(f"/allocations/{course.id}/edit").text)
    _meanwhile(app, course.id, max_students=33)
    answer = client.post(f"/allocations/{course.id}/edit", data=sent | {"places": "28", "title": "Evenings"})
    assert answer.status_code == 409
    assert _only(app).max_students == 33
    for words in ("Nothing was saved yet", "was 20", 'value="28"', "33", "Evenings"):
        assert words in answer.text
    again = fields(answer.text) | {"take-places": take}
    assert client.post(f"/allocations/{course.id}/edit", data=again).status_code == 303
    assert (_only(app).max_students, _only(app).title) == (places, "Evenings")


def test_a_module_that_was_retired_since_may_stay(app, client, manager, make, fields):
    course = make.offering(module_id=make.module(code="OLD", is_active=False).id)
    sent = fields(client.get(f"/allocations/{course.id}/edit").text)
    answer = client.post(f"/allocations/{course.id}/edit", data=sent | {"places": "9"})
    assert answer.status_code == 303
    assert _only(app).max_students == 9


def test_an_open_course_needs_no_module_class_or_cohort(app, client, manager, make, fields):
    course = make.offering(kind=OfferingKind.OPEN, title="Chess", module_id=None, class_id=None, cohort_id=None)
    sent = fields(client.get(f"/allocations/{course.id}/edit").text)
    assert client.post(f"/allocations/{course.id}/edit", data=sent | {"places": "9"}).status_code == 303
    assert (_only(app).max_students, _only(app).module_id) == (9, None)
    answer = client.post(f"/allocations/{course.id}/edit", data=sent | {"module": "nowhere"})
    assert answer.status_code == 422
    assert "is not in the catalogue" in answer.text


def test_cancelling_asks_why_and_says_what_it_means(app, client, manager, make):
    course = make.offering(make.facilitator(first_name="Siya", last_name="Bhat"))
    page = client.get(f"/allocations/{course.id}/status?to=cancelled").text
    assert "Siya Bhat has one course less." in page
    data = {"status": "cancelled", "version": "1", "reason": " "}
    answer = client.post(f"/allocations/{course.id}/status", data=data)
    assert answer.status_code == 422
    assert 'id="reason-error"' in answer.text
    answer = client.post(f"/allocations/{course.id}/status", data=data | {"reason": "Too few students"})
    assert answer.status_code == 303
    assert _only(app).status is OfferingStatus.CANCELLED
    assert "Too few students" in client.get(f"/allocations/{course.id}").text
    again = client.post(f"/allocations/{course.id}/status", data={"status": "active", "version": "1"})
    assert again.status_code == 409
    for wrong in ({"status": "x", "version": "2"}, {"version": "2"}, {"status": "active", "version": "x"}):
        assert client.post(f"/allocations/{course.id}/status", data=wrong).status_code == 422


def test_meetings_are_added_and_taken_away_on_the_page(client, manager, make):
    course, person = make.offering(siya := make.facilitator()), siya
    add = {"weekday": "1", "starts_at": "09:00", "ends_at": "10:30", "room": "B 12"}
    for offering in (course, make.offering(person)):
        assert client.post(f"/allocations/{offering.id}/meetings", data=add).status_code == 303
    page = client.get(f"/allocations/{course.id}").text
    assert "Monday 9:00\u202fAM to 10:30\u202fAM" in page or "Monday 09:00 to 10:30" in page
    assert "Clashes with" in page
    assert "same facilitator, same room" in page
    taking = re.search(rf"/allocations/{course.id}/meetings/\d+/remove", page)
    assert taking
    for _ in range(2):
        assert client.post(taking.group(0)).status_code == 303
    page = client.get(f"/allocations/{course.id}").text
    assert "Clashes with" not in page
    assert "Weekly meeting: " in page


@pytest.mark.parametrize(
    ("wrong", "status", "name"),
    [
        ({"weekday": "9"}, 422, "weekday"),
        ({"starts_at": "late"}, 422, "starts_at"),
        ({"ends_at": "08:00"}, 422, "ends_at"),
        ({"room": "x" * 61}, 422, "room"),
    ],
)
def test_a_meeting_that_cannot_be_is_refused_at_its_field(client, manager, make, wrong, status, name):
    data = {"weekday": "1", "starts_at": "09:00", "ends_at": "10:30", "room": ""} | wrong
    answer = client.post(f"/allocations/{make.offering().id}/meetings", data=data)
    assert answer.status_code == status
    assert f'id="{name}-error"' in answer.text


def test_the_history_goes_on_page_by_page(app, client, manager, make):
    course = make.offering(max_students=1)
    for places in range(2, 27):
        _meanwhile(app, course.id, max_students=places)
    page = client.get(f"/allocations/{course.id}").text
    assert "25 became 26" in page
    assert "2 became 3" not in page.replace("12 became 13", "").replace("22 became 23", "")
    older = re.search(r"/allocations/\d+/history\?before=\d+", page)
    assert older
    more = client.get(older.group(0), headers={"HX-Request": "true"}).text
    assert "Places: 1 became 2" in more
    assert "<html" not in more
    assert "Older changes" not in more
    assert "Places: 1 became 2" in client.get(older.group(0)).text
    assert client.get(f"/allocations/{course.id}/history?before=x").status_code == 200


def test_the_type_ahead_of_the_form_offers_what_is_in_use(client, manager, parts, count_sql):
    with count_sql() as sql:
        answer = client.get("/allocations/references/module?q=algo")
    assert len(sql) == 2, sql.text
    assert 'data-value="CS357"' in answer.text
    assert "Nothing in the catalogue matches." in client.get("/allocations/references/cohort?q=zz").text
    assert client.get("/allocations/references/mode?q=zz").status_code == 404


def test_two_edits_at_one_moment_one_is_told(make_fresh, fresh_app):
    course = make_fresh.offering()
    gate, outcomes = threading.Barrier(2), []

    def edit(places: int) -> None:
        with fresh_app.app_context():
            gate.wait()
            try:
                edit_offering(course.id, {"max_students": places}, 1, System())
                db.session.commit()
                outcomes.append("saved")
            except Conflict:
                db.session.rollback()
                outcomes.append("told")

    threads = [threading.Thread(target=edit, args=(places,)) for places in (41, 42)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["saved", "told"]
