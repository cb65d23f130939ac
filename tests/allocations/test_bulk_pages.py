"""The pages of a bulk change: say what, see, do, take back; everything with plain forms."""

import re
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from portal.allocations.models import CourseOffering, OfferingStatus
from portal.extensions import db
from portal.jobs.running import run_waiting_jobs

pytestmark = pytest.mark.in_turn

BULK = "/allocations/bulk"


@pytest.fixture
def manager(client, make, sign_in):
    person = make.manager()
    sign_in(client, person)
    return person


def hidden(page: str) -> list[tuple[str, str]]:
    """The fields of the form that does what was seen."""
    form = page[page.index('class="confirm"') :]
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[: form.index("</form>")])
    return [(name, value) for name, value in fields if name != "csrf_token"]


def do(client: Any, page: str, **more: str) -> Any:
    return client.post(BULK, data=MultiDict([*hidden(page), *more.items()]), follow_redirects=True)


@pytest.fixture
def stored(app):
    def read(offering: Any) -> CourseOffering:
        with app.app_context():
            found = db.session.get(CourseOffering, offering.id)
            assert found is not None
            return found

    return read


def test_ticked_courses_are_allocated_as_they_were_seen(client, make, manager, stored):
    teacher = make.facilitator(first_name="Ada", last_name="Byron")
    ticked, other = [make.offering() for _ in range(2)], make.offering()
    asked = {"deed": "allocate", "id": [one.id for one in ticked]}
    first = client.get(BULK, query_string=asked).text
    assert "2 selected courses." in first
    assert 'class="confirm"' not in first
    seen = client.get(BULK, query_string=asked | {"to_facilitator": teacher.profile.employee_id}).text
    assert "2 courses will change." in seen
    assert "Ada Byron" in seen
    assert stored(ticked[0]).facilitator_id is None
    done = do(client, seen)
    assert done.status_code == 200
    assert "2 courses allocated" in done.text
    assert [stored(one).facilitator_id for one in (*ticked, other)] == [teacher.profile_id] * 2 + [None]


def test_all_that_match_the_list(client, make, manager, stored):
    online = make.mode("Online")
    meant, other = make.offering(mode_id=online.id), make.offering()
    seen = client.get(BULK, query_string={"deed": "places", "all": "1", "mode": "Online", "to_places": "44"}).text
    assert "1 course will change." in seen
    assert "mode=Online" in seen, "the way back keeps the filters"
    do(client, seen)
    assert (stored(meant).max_students, stored(other).max_students) == (44, 30)


def test_it_can_be_undone_from_the_page_that_tells_it(client, make, manager, stored):
    offering = make.offering()
    start = offering.start_date
    done = do(client, client.get(BULK, query_string={"deed": "shift", "id": offering.id, "by_days": "7"}).text)
    assert "Can be undone until" in done.text
    address = re.search(r'action="(/allocations/bulk/\d+/undo)"', done.text)
    assert address is not None
    undone = client.post(address[1], follow_redirects=True)
    assert "1 course is as it was" in undone.text
    assert stored(offering).start_date == start
    again = client.post(address[1], follow_redirects=True)
    assert "This can no longer be undone" in again.text
    assert "This was undone." in again.text


def test_a_double_click_does_it_once(client, make, manager, stored):
    offering = make.offering()
    start = offering.start_date
    seen = client.get(BULK, query_string={"deed": "shift", "id": offering.id, "by_days": "7"}).text
    assert do(client, seen).status_code == 200
    again = do(client, seen)
    assert again.status_code == 409
    assert "Courses were changed since you looked" in again.text
    assert (stored(offering).start_date - start).days == 7


def test_over_the_limit_asks_for_a_reason_first(client, make, manager):
    teacher = make.facilitator(profile={"max_course_load": 1})
    asked = {
        "deed": "allocate",
        "id": [make.offering().id, make.offering().id],
        "to_facilitator": teacher.profile.employee_id,
    }
    seen = client.get(BULK, query_string=asked).text
    assert "2 courses, the limit is 1" in seen
    assert "disabled" in seen[seen.index('class="confirm"') :]
    refused = do(client, seen)
    assert refused.status_code == 422
    assert "Say why this is right" in refused.text
    done = do(client, client.get(BULK, query_string=asked | {"reason": "Only for this term"}).text)
    assert "2 courses allocated" in done.text


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"deed": "allocate", "to_facilitator": "Nobody At All"}, "Nobody matches"),
        ({"deed": "allocate", "to_facilitator": "\0"}, "Nobody matches"),
        ({"deed": "shift", "by_days": "next week"}, "Not a valid integer value"),
        ({"deed": "shift", "by_days": "0"}, "Move by 1 to"),
        ({"deed": "shift", "by_days": "99999999999999999999"}, "This is too far."),
        ({"deed": "places", "to_places": "0"}, "Places must be between 1 and 5000."),
        ({"deed": "status", "to_status": "gone"}, "Not a valid choice"),
        ({"deed": "mode", "to_mode": "Telepathy"}, "Not a valid choice"),
        ({"deed": "unallocate", "reason": "x" * 501}, "longer than 500"),
    ],
)
def test_what_will_not_do_is_told_at_its_field(client, make, manager, asked, said):
    answer = client.get(BULK, query_string=asked | {"id": make.offering().id})
    assert answer.status_code == 422
    assert said in answer.text


def test_several_people_of_one_name_are_told_apart(client, make, manager):
    for number in ("E-1", "E-2"):
        make.facilitator(first_name="Jean", last_name="Petit", profile={"employee_id": number})
    answer = client.get(BULK, query_string={"deed": "allocate", "to_facilitator": "Petit", "id": make.offering().id})
    assert "Add the employee ID" in answer.text
    assert "Jean Petit (E-1)" in answer.text


@pytest.mark.parametrize("ids", [[], ["x"], ["0"], ["99999999999"], ["4711"]])
def test_no_course_at_all(client, manager, ids):
    answer = client.get(BULK, query_string={"deed": "shift", "id": ids, "by_days": "7"})
    assert answer.status_code == 200
    assert "No course is selected" in answer.text or "0 courses will change" in answer.text


@pytest.mark.parametrize("deed", ["", "delete", "\0"])
def test_an_unknown_deed_is_not_found(client, manager, deed):
    assert client.get(BULK, query_string={"deed": deed}).status_code == 404
    assert client.post(BULK, data={"deed": deed}).status_code == 404


@pytest.mark.parametrize("who", ["facilitator", "student"])
def test_it_is_for_managers(client, make, sign_in, who):
    sign_in(client, getattr(make, who)())
    assert client.get(BULK, query_string={"deed": "shift"}).status_code == 403
    assert client.post(BULK, data={"deed": "shift"}).status_code == 403


@pytest.mark.parametrize("count", [1, 12])
def test_a_preview_takes_as_many_statements_for_twelve_courses_as_for_one(client, make, manager, count_sql, count):
    teacher = make.facilitator(profile={"max_course_load": 50})
    ids = [make.offering(make.facilitator()).id for _ in range(count)]
    with count_sql() as sql:
        client.get(BULK, query_string={"deed": "allocate", "id": ids, "to_facilitator": teacher.profile.employee_id})
    # Who asks and their session, the person meant, their limit and loads, ids, courses, names, the bell.
    assert len(sql) <= 9, sql.text


def test_much_is_done_by_the_worker(fresh_app, make_fresh, sign_in, monkeypatch):
    monkeypatch.setattr("portal.allocations.routes.bulk._AT_ONCE", 2)
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    client = fresh_app.test_client()
    sign_in(client, make_fresh.manager())
    ids = [make_fresh.offering(weeks_ago=-4, status=OfferingStatus.PLANNED).id for _ in range(3)]
    seen = client.get(BULK, query_string={"deed": "status", "id": ids, "to_status": "cancelled"}).text
    waiting = client.post(BULK, data=MultiDict(hidden(seen)))
    assert re.fullmatch(r"/jobs/\d+", waiting.location)
    assert "Changing 3 courses" in client.get(waiting.location).text
    with fresh_app.app_context():
        assert run_waiting_jobs() == 1
    done = client.get(waiting.location, follow_redirects=True)
    assert "The status of 3 courses changed" in done.text
    with fresh_app.app_context():
        assert {db.session.get(CourseOffering, one).status for one in ids} == {OfferingStatus.CANCELLED}


def test_what_changed_while_it_waited_stops_the_worker(fresh_app, make_fresh, sign_in, monkeypatch):
    monkeypatch.setattr("portal.allocations.routes.bulk._AT_ONCE", 0)
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    client = fresh_app.test_client()
    sign_in(client, make_fresh.manager())
    offering = make_fresh.offering()
    seen = client.get(BULK, query_string={"deed": "places", "id": offering.id, "to_places": "44"}).text
    waiting = client.post(BULK, data=MultiDict(hidden(seen)))
    with fresh_app.app_context():
        db.session.get(CourseOffering, offering.id).version += 1
        db.session.commit()
        run_waiting_jobs()
    assert "Courses were changed since you looked" in client.get(waiting.location).text


def test_what_somebody_changed_since_is_told_when_undoing(client, app, make, manager, stored):
    ids = [make.offering().id for _ in range(2)]
    done = do(client, client.get(BULK, query_string={"deed": "shift", "id": ids, "by_days": "7"}).text)
    with app.app_context():
        db.session.get(CourseOffering, ids[0]).start_date -= timedelta(days=1)
        db.session.commit()
    address = re.search(r'action="(/allocations/bulk/\d+/undo)"', done.text)
    assert address is not None
    undone = client.post(address[1], follow_redirects=True)
    assert "1 course is used or was changed by somebody since: it stays as it is." in undone.text
