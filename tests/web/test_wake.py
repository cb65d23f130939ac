"""The worker is woken when a message is committed, never before, and a queue that is away harms nobody."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from portal.accounts.signals import Notice, tell
from portal.extensions import db
from portal.waking import wake_by

PATIENCE = 5.0


@pytest.fixture
def woken(fresh_app: Flask) -> Iterator[threading.Event]:
    """Set when the worker is woken."""
    event = threading.Event()
    wake_by(fresh_app, deliver_letters=event.set)
    yield event
    fresh_app.extensions["portal_wakers"].clear()


def notice(person: Any) -> Notice:
    return Notice(person.user_id, "password_changed", {"at": "2026-10-14T12:00:00+00:00"}, "p:1")


def test_a_commit_with_a_message_wakes(fresh_app: Flask, make_fresh: Any, woken: threading.Event) -> None:
    person = make_fresh.student()
    with fresh_app.app_context():
        tell([notice(person)])
        assert not woken.wait(0.2)
        db.session.commit()
        assert woken.wait(PATIENCE)


def test_a_message_that_was_taken_back_does_not(fresh_app: Flask, make_fresh: Any, woken: threading.Event) -> None:
    person = make_fresh.student()
    with fresh_app.app_context():
        tell([notice(person)])
        db.session.rollback()
        db.session.commit()
        assert not woken.wait(0.2)


def test_a_commit_while_the_worker_is_being_woken_wakes_again(fresh_app: Flask, make_fresh: Any) -> None:
    person, asked, may_go_on = make_fresh.student(), threading.Semaphore(0), threading.Event()

    def wake() -> None:
        asked.release()
        may_go_on.wait(PATIENCE)

    wake_by(fresh_app, deliver_letters=wake)
    with fresh_app.app_context():
        for number in range(3):
            tell([Notice(person.user_id, "password_changed", {"at": "2026-10-14T12:00:00+00:00"}, f"p:{number}")])
            db.session.commit()
            assert number or asked.acquire(timeout=PATIENCE)
    assert not asked.acquire(timeout=0.2), "one at a time"
    may_go_on.set()
    assert asked.acquire(timeout=PATIENCE), "the worker may have looked before the second was committed"
    assert not asked.acquire(timeout=0.2), "once for both"
    fresh_app.extensions["portal_wakers"].clear()


def test_a_commit_without_a_message_does_not(fresh_app: Flask, make_fresh: Any, woken: threading.Event) -> None:
    make_fresh.student()
    assert not woken.wait(0.2)


def test_a_queue_that_is_away_harms_nobody(fresh_app: Flask, make_fresh: Any) -> None:
    person, asked = make_fresh.student(), threading.Event()

    def fail() -> None:
        asked.set()
        raise ConnectionError("no queue")

    wake_by(fresh_app, deliver_letters=fail)
    with fresh_app.app_context():
        tell([notice(person)])
        db.session.commit()
        assert asked.wait(PATIENCE)
        asked.clear()
        tell([Notice(person.user_id, "password_changed", {"at": "2026-10-14T12:00:00+00:00"}, "p:2")])
        db.session.commit()
        assert asked.wait(PATIENCE), "the next one is tried again"
    fresh_app.extensions["portal_wakers"].clear()
