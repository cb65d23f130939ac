"""How long a session lasts, what ends it, and that keeping its books disturbs nobody."""

import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import User, UserSession
from portal.accounts.queries import find_person
from portal.accounts.services import hash_token, sessions
from portal.accounts.services.devices import Browser
from portal.extensions import db
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

HOUR, DAY = 3600, 24 * 3600


@pytest.fixture
def person(make):
    return make.student(password=PASSWORD)


def post(client, person, **more):
    return client.post("/login", data={"email": person.email, "password": PASSWORD, **more})


def is_in(client) -> bool:
    return client.get("/login").status_code == 302


def copy_of(client, app):
    other = app.test_client()
    other.set_cookie("portal", client.get_cookie("portal").value)
    return other


def rows(app) -> list[UserSession]:
    with app.app_context():
        return list(db.session.scalars(select(UserSession).order_by(UserSession.id)))


def secret_of(client) -> str:
    with client.session_transaction() as session:
        return str(session["_user_id"])


def test_only_the_hash_of_what_the_cookie_holds_is_kept(app, client, person):
    post(client, person)
    secret, [row] = secret_of(client), rows(app)
    assert len(secret) == 43
    assert row.token_hash == hash_token(secret)
    assert (row.user_id, row.method, row.epoch, row.ended_at) == (person.user_id, "password", 0, None)
    assert row.expires_at - row.created_at == timedelta(days=7)


def test_each_sign_in_has_a_secret_of_its_own_and_ends_the_session_that_it_replaces(app, client, person):
    post(client, person)
    first, old = secret_of(client), copy_of(client, app)
    post(client, person)
    assert secret_of(client) != first
    assert not is_in(old)
    assert [row.ended_at is None for row in rows(app)] == [False, True]


def test_after_signing_out_a_copy_of_the_cookie_opens_nothing(app, client, person):
    post(client, person)
    copied = copy_of(client, app)
    assert is_in(copied)
    client.post("/logout")
    assert not is_in(copied)
    assert copied.get("/courses/").status_code == 303


def test_signing_out_ends_one_session_alone(app, client, new_client, person):
    other = new_client()
    post(client, person)
    post(other, person)
    client.post("/logout")
    assert is_in(other)


def test_an_unused_session_ends_after_the_idle_limit(client, person, frozen_time):
    post(client, person)
    frozen_time.shift(12 * HOUR - 1)
    assert is_in(client)
    frozen_time.shift(12 * HOUR - 1)
    assert is_in(client)
    frozen_time.shift(12 * HOUR)
    assert not is_in(client)


def test_a_used_session_ends_after_the_absolute_limit(client, person, frozen_time):
    post(client, person)
    for _ in range(27):
        frozen_time.shift(6 * HOUR)
        assert is_in(client)
    frozen_time.shift(6 * HOUR - 1)
    assert is_in(client)
    frozen_time.shift(1)
    assert not is_in(client)


def test_both_limits_can_be_set(build_fresh_app, make_fresh, frozen_time):
    app = build_fresh_app(session_idle="10m", session_lifetime="1h")
    app.config["WTF_CSRF_ENABLED"] = False
    person, client = make_fresh.student(password=PASSWORD), app.test_client()
    post(client, person)
    for _ in range(6):
        frozen_time.shift(590)
        assert is_in(client)
    frozen_time.shift(60)
    assert not is_in(client)
    post(client, person)
    frozen_time.shift(600)
    assert not is_in(client)


def test_raising_the_epoch_ends_all_sessions_but_the_one_to_keep(app, client, new_client, person):
    here, there = client, new_client()
    post(here, person)
    post(there, person)
    keep = rows(app)[0].id
    with app.app_context():
        sessions.raise_epoch(person.user_id, keep=keep)
        db.session.commit()
    assert (is_in(here), is_in(there)) == (True, False)
    with app.app_context():
        sessions.raise_epoch(person.user_id)
        db.session.commit()
    assert not is_in(here)


def test_an_epoch_can_be_raised_with_somebody_elses_session_to_keep_and_keeps_none(app, client, person, make):
    other = make.student(password=PASSWORD)
    post(client, other)
    with app.app_context():
        sessions.raise_epoch(person.user_id, keep=rows(app)[0].id)
        db.session.commit()
    assert rows(app)[0].epoch == 0
    assert is_in(client)


def test_ended_sessions_are_those_of_one_person(app, client, new_client, person, make):
    stranger = new_client()
    post(client, person)
    post(stranger, make.student(password=PASSWORD))
    with app.app_context():
        assert sessions.end_sessions(person.user_id) == 1
        assert sessions.end_sessions(person.user_id) == 0
        db.session.commit()
    assert (is_in(client), is_in(stranger)) == (False, True)


def test_a_session_of_someone_whose_epoch_was_raised_meanwhile_never_begins(app, client, person):
    with app.app_context():
        before = find_person(person.user_id)
        db.session.execute(update(User).where(User.id == person.user_id).values(session_epoch=1))
        begun = sessions.begin(before, "password", Browser(), device_id=None, lasts=timedelta(days=1))
        db.session.commit()
    with client.session_transaction() as session:
        session["_user_id"] = begun.secret
    assert not is_in(client)


def test_a_session_that_ended_is_said_at_the_sign_in_page_once(app, client, person):
    post(client, person)
    with app.app_context():
        sessions.end_sessions(person.user_id)
        db.session.commit()
    answer = client.get("/courses/")
    assert "Your session has ended. Sign in to go on." in client.get(answer.headers["Location"]).text
    assert "Your session has ended" not in client.get(client.get("/courses/").headers["Location"]).text


def test_a_part_of_a_page_that_htmx_asks_for_is_told_too(client):
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/courses/?page=2"}
    answer = client.get("/courses/", headers=headers)
    assert answer.headers["HX-Redirect"] == "/login?next=/courses/?page%3D2"
    assert "Your session has ended. Sign in to go on." in client.get("/login").text


def test_whoever_was_never_in_is_told_nothing(client):
    assert "session has ended" not in client.get(client.get("/courses/").headers["Location"]).text


# --- the books


def test_a_request_asks_once_who_it_is_from(client, person, count_sql):
    post(client, person)
    with count_sql() as sql:
        assert is_in(client)
    assert len(sql) == 1, sql.text


def test_use_is_noted_every_five_minutes(app, client, person, frozen_time, count_sql):
    post(client, person)
    began = clock.now()
    frozen_time.shift(299)
    with count_sql() as sql:
        assert is_in(client)
    assert len(sql) == 1, sql.text
    assert rows(app)[0].last_used_at == began
    frozen_time.shift(1)
    assert is_in(client)
    assert rows(app)[0].last_used_at == began + timedelta(minutes=5)
    with count_sql() as sql:
        assert is_in(client)
    assert len(sql) == 1, sql.text


@contextmanager
def held(app, row_id):
    """Someone else is writing: all of SQLite is busy, elsewhere the session's row is."""
    with app.app_context():
        engine = db.engine
    with engine.connect() as connection:
        connection.execute(sa.text("UPDATE user_sessions SET method = method WHERE id = :id"), {"id": row_id})
        yield
        connection.rollback()


def test_nobody_waits_for_the_books(fresh_app, make_fresh, frozen_time):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    person, client = make_fresh.student(password=PASSWORD), fresh_app.test_client()
    post(client, person)
    before = rows(fresh_app)[0]
    frozen_time.shift(HOUR)
    with held(fresh_app, before.id):
        began = time.perf_counter()
        assert client.get("/courses/").status_code == 200
        assert time.perf_counter() - began < 3
    assert rows(fresh_app)[0].last_used_at == before.last_used_at
    assert client.get("/courses/").status_code == 200
    assert rows(fresh_app)[0].last_used_at == before.last_used_at + timedelta(hours=1)


def test_who_writes_waits_for_others_as_ever_after_the_books_were_kept(fresh_app, make_fresh, frozen_time):
    """The short patience for the books is not left behind on the connection."""
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    person, client = make_fresh.student(password=PASSWORD), fresh_app.test_client()
    post(client, person)
    frozen_time.shift(HOUR)
    client.get("/courses/")
    with fresh_app.app_context():
        if db.engine.dialect.name != "sqlite":
            return
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000


def test_a_fault_of_the_books_is_nobodys(app, client, person, frozen_time, monkeypatch):
    def fail(*_args):
        raise sa.exc.OperationalError("UPDATE", {}, Exception("gone"))

    post(client, person)
    frozen_time.shift(HOUR)
    monkeypatch.setattr(sessions, "note_use", fail)
    assert is_in(client)
