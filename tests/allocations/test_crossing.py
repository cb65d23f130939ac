"""Managers who change the same courses at one moment, from two browsers: nobody's work vanishes silently."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from portal.allocations.models import CourseOffering
from portal.extensions import db
from tests.allocations.test_bulk_pages import BULK, hidden
from tests.support.web import session_of

pytestmark = pytest.mark.usefixtures("fresh_app")
SEVEN = timedelta(days=7)


@pytest.fixture
def browsers(fresh_app, make_fresh):
    """Two managers, signed in."""
    fresh_app.config["WTF_CSRF_ENABLED"] = False

    def open_one():
        client, person = fresh_app.test_client(), make_fresh.manager()
        with client.session_transaction() as session:
            session.update(session_of(person, fresh_app))
        return client

    return open_one(), open_one()


@pytest.fixture
def courses(make_fresh):
    return [make_fresh.offering(make_fresh.facilitator(), max_students=30) for _ in range(12)]


def at_once(*posts: Any) -> list[Any]:
    """Sends forms (client, address, fields) at the same moment; the answers in their order."""
    barrier, answers = threading.Barrier(len(posts)), [None] * len(posts)

    def send(at: int) -> None:
        client, address, fields = posts[at]
        barrier.wait(10)
        answers[at] = client.post(address, data=fields)

    threads = [threading.Thread(target=send, args=(at,)) for at in range(len(posts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def look(client: Any, courses: Any, deed: str, **wanted: str) -> Any:
    """What a manager sends after having looked at a bulk change."""
    asked = {"deed": deed, "id": [one.id for one in courses], **wanted}
    return client, BULK, MultiDict(hidden(client.get(BULK, query_string=asked).text))


def stored(app: Any) -> dict[int, CourseOffering]:
    with app.app_context():
        return {row.id: row for row in db.session.scalars(select(CourseOffering))}


def test_two_bulk_runs_that_cross_in_some_courses(fresh_app, browsers, courses):
    """One goes up through the courses, one down, and they share four of them."""
    shifted, filled = courses[:8], courses[4:][::-1]
    one = look(browsers[0], shifted, "shift", by_days="7")
    other = look(browsers[1], filled, "places", to_places="44")
    answers = at_once(one, other)
    assert sorted(answer.status_code for answer in answers) == [303, 409], [answer.status_code for answer in answers]
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert "Courses were changed since you looked. Nothing was changed yet; look at it again." in refused.text
    now = stored(fresh_app)
    moved = {one.id for one in courses if now[one.id].start_date == one.start_date + SEVEN}
    larger = {one.id for one in courses if now[one.id].max_students == 44}
    assert (moved, larger) in [({one.id for one in shifted}, set()), (set(), {one.id for one in filled})]
    # Whoever was told looks again, and nothing of the other's is taken back by it.
    again = other if answers[1] is refused else one
    client, address, _fields = again
    assert client.post(address, data=MultiDict(hidden(refused.text))).status_code == 303
    now = stored(fresh_app)
    assert {one.id for one in courses if now[one.id].start_date == one.start_date + SEVEN} == {
        one.id for one in shifted
    }
    assert {one.id for one in courses if now[one.id].max_students == 44} == {one.id for one in filled}


def test_a_bulk_run_beside_an_edit_of_one_of_its_courses(fresh_app, browsers, courses, fields):
    bulk = look(browsers[0], courses, "shift", by_days="7")
    address = f"/allocations/{courses[5].id}/edit"
    typed = fields(browsers[1].get(address).text) | {"places": "41"}
    by_bulk, by_hand = at_once(bulk, (browsers[1], address, typed))
    row = stored(fresh_app)[courses[5].id]
    assert by_bulk.status_code in {303, 409}
    assert (row.start_date == courses[5].start_date + SEVEN) is (by_bulk.status_code == 303)
    # Another's field is merged, or the form comes back with what was typed.
    assert (row.max_students == 41) is (by_hand.status_code == 303), by_hand.status_code
    assert by_hand.status_code == 303 or 'value="41"' in by_hand.text
    assert 303 in {by_bulk.status_code, by_hand.status_code}
