"""Real threads, real transactions: the database settles who was first, and nothing is lost."""

import threading
from collections.abc import Callable

import pytest

from tests.support.web import Maker, session_of
from tests.tracker.support import DONE, FORMATIVE, GRADES, HTMX, NOT_STARTED, PENDING, SYNC, audited, stored

pytestmark = pytest.mark.usefixtures("fresh_app")


@pytest.fixture
def week(make_fresh: Maker):
    facilitator = make_fresh.facilitator()
    log = make_fresh.log(make_fresh.offering(facilitator), 3)
    return facilitator, log


@pytest.fixture
def at_once(fresh_app, week) -> Callable[..., list[int]]:
    """Sends forms at the same moment, each from a window of its own; gives the answers' statuses in their order."""
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    facilitator, log = week

    def do(*requests: tuple[str, dict[str, object]]) -> list[int]:
        barrier, answers = threading.Barrier(len(requests)), [0] * len(requests)

        def send(number: int, path: str, form: dict[str, object]) -> None:
            client = fresh_app.test_client()
            with client.session_transaction() as session:
                session.update(session_of(facilitator, fresh_app))
            barrier.wait(10)
            answers[number] = client.post(f"/tracker/logs/{log.id}{path}", data=form, headers=HTMX).status_code

        threads = [threading.Thread(target=send, args=(number, *request)) for number, request in enumerate(requests)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return answers

    return do


def _tick(key, status, was=NOT_STARTED, version=1):
    return f"/items/{key}", {"status": status, f"was-{key}": was, "version": version}


def test_different_items_ticked_at_once_are_all_kept(fresh_app, week, at_once):
    answers = at_once(_tick(FORMATIVE, DONE), _tick(SYNC, PENDING), _tick(GRADES, DONE))
    assert answers == [200, 200, 200]
    row, statuses = stored(fresh_app, week[1])
    assert statuses == {FORMATIVE: DONE, SYNC: PENDING, GRADES: DONE}
    assert (row.done_count, row.version) == (2, 4)
    assert len(audited(fresh_app, week[1])) == 3


def test_the_same_item_ticked_differently_at_once_is_written_once_and_asked_about_once(fresh_app, week, at_once):
    assert sorted(at_once(_tick(SYNC, DONE), _tick(SYNC, PENDING))) == [200, 409]
    row, statuses = stored(fresh_app, week[1])
    assert statuses[SYNC] in {DONE, PENDING}
    assert row.version == 2
    assert len(audited(fresh_app, week[1])) == 1


def test_two_submissions_at_once_are_one(fresh_app, week, at_once):
    assert at_once(*[("/submit", {})] * 3) == [200, 200, 200]
    row, _ = stored(fresh_app, week[1])
    assert row.version == 2
    assert [action for action, *_ in audited(fresh_app, week[1])] == ["submit"]


def test_a_tick_beside_a_submission_is_in_it_or_refused(fresh_app, week, at_once):
    submitted, ticked = at_once(("/submit", {}), _tick(SYNC, DONE))
    assert submitted == 200
    assert ticked in {200, 409}
    assert stored(fresh_app, week[1])[1][SYNC] == (DONE if ticked == 200 else NOT_STARTED)
