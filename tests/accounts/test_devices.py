"""Browsers that are known again, how they are called, and what is told of a new one."""

from datetime import timedelta

import bcrypt
import pytest
from sqlalchemy import func, select, update

from portal import clock
from portal.accounts import passwords, services, signals
from portal.accounts.devices import name_of_device
from portal.accounts.models import Device, OneTimeToken, SignIn, User, UserSession
from portal.accounts.services import cleaning
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.extensions import db
from tests.support import databases
from tests.support.people import PASSWORD, password_hash
from tests.support.web import FIREFOX

pytestmark = pytest.mark.in_turn

EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Edg/140.0.0.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1"


@pytest.fixture
def person(make):
    return make.student(password=PASSWORD)


@pytest.fixture
def told():
    """What was announced of accounts."""
    found = []

    def keep(_sender, notices=(), letters=()):
        found.extend([*notices, *letters])

    with signals.notices_due.connected_to(keep), signals.letters_due.connected_to(keep):
        yield found


def post(client, person, password=PASSWORD, agent=FIREFOX):
    return client.post("/login", data={"email": person.email, "password": password}, headers={"User-Agent": agent})


def rows(app, model):
    with app.app_context():
        return list(db.session.scalars(select(model).order_by(model.id)))


# --- devices


def test_a_browser_is_known_again(app, client, person, frozen_time):
    cookie = next(one for one in post(client, person).headers.getlist("Set-Cookie") if "portal_device" in one)
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=31536000"))
    [device] = rows(app, Device)
    assert device.token_hash not in cookie
    frozen_time.shift(timedelta(days=3))
    client.post("/logout")
    post(client, person)
    [again] = rows(app, Device)
    assert (again.id, again.last_used_at) == (device.id, device.last_used_at + timedelta(days=3))
    assert {row.device_id for row in rows(app, UserSession)} == {device.id}
    assert [row.device_id for row in rows(app, SignIn)] == [device.id] * 2


def test_a_failed_sign_in_makes_no_browser_known(app, client, person):
    answer = post(client, person, "a-wrong-password")
    assert "portal_device" not in str(answer.headers)
    assert rows(app, Device) == []


@pytest.mark.parametrize("cookie", ["x", "InNvbWV0aGluZyI.c2lnbmF0dXJl", "\"'<>", "x" * 4000])
def test_a_device_that_we_did_not_sign_is_none(app, client, person, cookie):
    client.set_cookie("portal_device", cookie)
    assert post(client, person).status_code == 303
    assert client.get_cookie("portal_device").value != cookie


def test_the_session_cookie_is_no_device(app, client, person, new_client):
    post(client, person)
    other = new_client()
    other.set_cookie("portal_device", client.get_cookie("portal").value)
    post(other, person)
    assert len(rows(app, Device)) == 2


def test_in_production_the_device_cookie_travels_by_https_alone(committing_database, tmp_path, make_fresh):
    settings = {"portal_env": "production", "secret_key": "x" * 40, "jwt_secret": "y" * 40}
    person = make_fresh.student(password=PASSWORD)
    app = databases.build_app(committing_database.url, tmp_path, **settings)
    app.config["WTF_CSRF_ENABLED"] = False
    data = {"email": person.email, "password": PASSWORD}
    cookies = app.test_client().post("/login", data=data, base_url="https://portal.example.org").headers
    databases.dispose(app)
    cookie = next(one for one in cookies.getlist("Set-Cookie") if "device" in one)
    assert cookie.startswith("__Host-portal_device=")
    assert "Secure" in cookie


def test_a_new_browser_of_someone_who_has_others_is_told(app, client, new_client, person, told, frozen_time):
    post(client, person)
    post(client, person)
    assert told == []
    post(new_client(), person, agent=EDGE)
    [notice] = told
    assert (notice.user_id, notice.kind) == (person.user_id, "new_sign_in")
    assert notice.params == {
        "device": "Edge on Windows",
        "network_address": "127.0.0.1",
        "at": "2026-10-14T12:00:00+00:00",
    }
    assert notice.key == f"new_sign_in:{rows(app, Device)[1].id}"


def test_a_browser_that_others_use_too_is_new_to_each(app, client, new_client, person, told, make):
    other = make.student(password=PASSWORD)
    post(new_client(), other)
    post(client, person)
    client.post("/logout")
    post(client, other)
    client.post("/logout")
    post(client, person)
    assert [notice.user_id for notice in told] == [other.user_id]
    mine, shared = rows(app, Device)[0], rows(app, Device)[1:]
    assert shared[0].token_hash == shared[1].token_hash != mine.token_hash


def test_an_invitation_makes_a_browser_known_and_is_recorded(app, client, make, told):
    person = make.student()
    with app.app_context():
        token = services.invite(person.email, app.config["SECRET_KEY"], System(), by_mail=False).token
        db.session.commit()
    client.post(f"/invitations/{token}", data={"password": PASSWORD, "again": PASSWORD})
    [row] = rows(app, SignIn)
    assert (row.user_id, row.outcome, row.method) == (person.user_id, "succeeded", "invitation")
    assert row.device_id == rows(app, Device)[0].id
    assert told == []


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (EDGE, "Edge on Windows"),
        (PHONE, "Mobile Safari on iOS"),
        ("curl/8.5.0", "curl"),
        ("Mozilla/5.0 (Windows NT 10.0)", "Windows"),
        ("", "Unknown browser"),
        (None, "Unknown browser"),
        ("<script>alert(1)</script>", "Unknown browser"),
    ],
)
def test_what_a_device_is_called(app, agent, name):
    with app.test_request_context():
        assert name_of_device(agent) == name


@pytest.mark.parametrize("agent", ["x" * 5000, "tab\tbell\x07", "naïve 📚".encode().decode("latin-1"), "\u00ad\x85"])
def test_odd_names_of_browsers_are_kept_without_a_fault(app, client, person, agent):
    assert post(client, person, agent=agent).status_code == 303
    kept = rows(app, UserSession)[0].user_agent
    assert len(kept) <= 300
    assert kept.isprintable()


# --- what a sign-in does besides


@pytest.mark.slow_hashes
@pytest.mark.parametrize("old", ["fewer rounds", "another prefix"])
def test_an_old_hash_is_made_anew(app, client, make, old):
    kept = password_hash(PASSWORD)
    if old == "another prefix":
        kept = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(12)).decode().replace("$2b$", "$2a$")
    person = make.student(password_hash=kept)
    assert post(client, person, "a-wrong-password").status_code == 422
    assert rows(app, User)[0].password_hash == kept
    assert post(client, person).status_code == 303
    new = rows(app, User)[0].password_hash
    assert new.startswith("$2b$12$")
    assert bcrypt.checkpw(PASSWORD.encode(), new.encode())
    assert client.get("/courses/").status_code == 200
    [event] = rows(app, AuditEvent)
    assert (event.action, event.entity_id, event.actor_id) == ("upgrade_password_hash", person.user_id, person.user_id)
    assert event.changes == {}
    post(client, person)
    assert rows(app, User)[0].password_hash == new


@pytest.mark.slow_hashes
def test_a_password_that_was_changed_meanwhile_is_not_overwritten(app, client, make, monkeypatch):
    person = make.student(password=PASSWORD)
    really = passwords.hash_proved

    def change_first(*args):
        with app.app_context():
            db.session.execute(update(User).values(password_hash="changed"))
            db.session.commit()
        return really(*args)

    monkeypatch.setattr(passwords, "hash_proved", change_first)
    post(client, person)
    assert rows(app, User)[0].password_hash == "changed"
    assert rows(app, AuditEvent) == []


def test_who_has_not_confirmed_their_address_is_told_so_with_the_right_password_alone(
    app, client, new_client, make, told, frozen_time
):
    known, person = make.student(password=PASSWORD), make.student(password=PASSWORD, is_confirmed=False)
    wrong, other = (post(new_client(), one, "a-wrong-password") for one in (person, known))
    assert wrong.status_code == other.status_code == 422
    assert "Email or password is wrong" in wrong.text
    assert told == []

    answer = post(client, person)
    assert answer.status_code == 422
    assert "Confirm your email address first" in answer.text
    assert client.get("/courses/").status_code == 303
    assert (rows(app, UserSession), rows(app, Device)) == ([], [])
    [letter] = told
    assert (letter.user_id, letter.purpose) == (person.user_id, "confirmation")
    assert letter.token_id == rows(app, OneTimeToken)[0].id

    for seconds, letters in ((599, 1), (1, 2), (0, 2)):
        frozen_time.shift(seconds)
        assert "Confirm your email address first" in post(client, person).text
        assert len(told) == letters


def test_the_password_dialog_tells_to_confirm_too(client, make):
    person = make.student(password=PASSWORD, is_confirmed=False)
    data = {"email": person.email, "password": PASSWORD}
    answer = client.post("/login", data=data, headers={"X-Reauth": "1"})
    assert (answer.status_code, answer.json["error"][:7]) == (422, "Confirm")


# --- deleting


def test_what_is_old_is_deleted_a_little_at_a_time(app, person, monkeypatch, frozen_time):
    monkeypatch.setattr(cleaning, "_AT_ONCE", 2)
    now = clock.now()

    def session_of(number, **times):
        ended, used, expires = (times.get(name) for name in ("ended", "used", "expires"))
        return UserSession(
            user_id=person.user_id,
            token_hash=f"{number}",
            epoch=0,
            method="password",
            ended_at=now - ended if ended is not None else None,
            last_used_at=now - (used or timedelta(0)),
            expires_at=now - (expires or timedelta(0)),
        )

    day = timedelta(days=1)
    with app.app_context():
        db.session.add_all(
            SignIn(address_key=f"{days}", outcome="failed", created_at=now - days * day) for days in (179, *[180] * 5)
        )
        db.session.add_all(
            Device(user_id=person.user_id, token_hash=f"{n}", last_used_at=now - days * day)
            for n, days in enumerate((364, 365, 400))
        )
        db.session.add_all(
            [
                session_of(1, ended=29 * day, used=40 * day, expires=20 * day),
                session_of(2, ended=30 * day, used=40 * day, expires=20 * day),
                session_of(3, used=31 * day, expires=29 * day),
                session_of(4, used=31 * day, expires=30 * day),
                session_of(5, used=day, expires=-6 * day),
            ]
        )
        db.session.commit()
        deleted = []
        while some := cleaning.delete_some_old():
            db.session.commit()
            deleted.append(some)
        assert deleted == [6, 2, 1]
        assert db.session.scalars(select(SignIn.address_key)).all() == ["179"]
        assert db.session.scalars(select(Device.token_hash)).all() == ["0"]
        assert sorted(db.session.scalars(select(UserSession.token_hash))) == ["1", "3", "5"]


def test_the_worker_deletes_at_night(fresh_app, make_fresh, monkeypatch):
    import tasks

    monkeypatch.setattr(tasks, "_app", lambda: fresh_app)
    with fresh_app.app_context():
        db.session.add(SignIn(address_key="old", outcome="failed", created_at=clock.now() - timedelta(days=181)))
        db.session.commit()
    tasks.delete_old_sign_ins.call_local()
    with fresh_app.app_context():
        assert db.session.scalar(select(func.count(SignIn.id))) == 0
