"""An account that someone made for themselves opens once its address and its password are shown."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.accounts import passwords
from portal.accounts.models import Student, User, UserSession
from portal.accounts.services import Purpose
from portal.accounts.services.tokens import issue_token
from portal.audit.models import AuditEvent
from portal.extensions import db
from tests.support.letters import ALINE, CHOSEN, link_of, listening, register, sign_in_by_form
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn


def read(app, *columns):
    with app.app_context():
        return db.session.execute(select(*columns).order_by(User.id)).all()


def test_registering_makes_an_account_that_waits(app, client, new_client, sent):
    client.get("/lang/fr")
    answer = register(client)
    assert answer.status_code == 200
    assert "aline@example.org" in answer.text
    row = read(app, User.email, User.first_name, User.last_name, User.role, User.locale, User.is_confirmed)
    assert row == [("aline@example.org", "Aline", "Uwase", "student", "fr", False)]
    with app.app_context():
        assert db.session.scalar(select(func.count(Student.id))) == 1
    assert [purpose for _, purpose in sent.purposes()] == ["confirmation"]
    assert "portal" not in client.get("/courses/").headers.get("Set-Cookie", "")
    assert client.get("/courses/").status_code == 303
    refused = sign_in_by_form(new_client(), "aline@example.org", CHOSEN)
    assert refused.status_code == 422
    assert "Confirm your email address first" in refused.text


def test_the_link_and_the_password_open_it(app, client, new_client, link, sent):
    register(client)
    page = client.get(link())
    assert "Aline Uwase" in page.text
    assert "aline@example.org" in page.text
    assert read(app, User.is_confirmed) == [(False,)]
    answer = client.post(link(), data={"password": CHOSEN})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/courses/").status_code == 200
    assert read(app, User.is_confirmed) == [(True,)]
    with app.app_context():
        assert db.session.scalars(select(UserSession.method)).all() == ["registration"]
        actions = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions == ["create", "send_confirmation_link", "confirm_address"]


def test_the_link_works_once_for_seven_days(client, new_client, link, sent, frozen_time):
    register(client)
    address = link()
    frozen_time.shift(timedelta(days=7, seconds=-1))
    assert client.get(address).status_code == 200
    frozen_time.shift(timedelta(seconds=1))
    for answer in (client.get(address), client.post(address, data={"password": CHOSEN})):
        assert answer.status_code == 404
        assert "This link no longer works" in answer.text
    # The way to another one: signing in.
    sign_in_by_form(client, ALINE["email"], CHOSEN)
    newer = link()
    assert newer != address
    assert client.post(newer, data={"password": CHOSEN}).status_code == 303
    assert new_client().get(newer).status_code == 404
    assert new_client().post(newer, data={"password": CHOSEN}).status_code == 404


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "é"])
def test_an_unknown_link_is_over(client, token):
    assert client.get(f"/confirm/{token}").status_code == 404
    assert client.post(f"/confirm/{token}", data={"password": CHOSEN}).status_code == 404


def test_a_link_for_something_else_confirms_nothing(app, client, make):
    person = make.student(password=PASSWORD, is_confirmed=False)
    for purpose in (Purpose.RESET, Purpose.INVITATION):
        with app.app_context():
            token = issue_token(person.user_id, purpose, "a key").token
            db.session.commit()
        assert client.post(f"/confirm/{token}", data={"password": PASSWORD}).status_code == 404


def test_of_two_who_confirm_at_once_one_wins(fresh_app, make_fresh, monkeypatch):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    with listening() as sent:
        register(fresh_app.test_client())
    with fresh_app.app_context():
        address = link_of(sent.letters[0])
    together, really = threading.Barrier(2), passwords.matches

    def match_together(password: str, kept: str | None) -> bool:
        together.wait(10)
        return really(password, kept)

    monkeypatch.setattr(passwords, "matches", match_together)

    def go(_: int) -> int:
        return fresh_app.test_client().post(address, data={"password": CHOSEN}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, range(2))) == [303, 404]


def test_the_address_of_the_page_reaches_nobody_else_and_no_cache(client, link, sent):
    register(client)
    for answer in (client.get(link()), client.post(link(), data={"password": "another one"})):
        assert answer.headers["Referrer-Policy"] == "strict-origin"
        assert answer.headers["Cache-Control"] == "no-store"
