"""The link to set a new password works once, and ends whatever else opened the account."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from portal.accounts import passwords, queries
from portal.accounts.models import Device, Identity, User, UserSession
from portal.accounts.services import Purpose, invite
from portal.accounts.services.passwords import reset_password
from portal.accounts.services.tokens import hash_token, issue_token
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.errors import NotFound
from portal.extensions import db
from tests.support.letters import CHOSEN, link_of, listening, set_password, sign_in_by_form
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn


def read(app, *columns):
    with app.app_context():
        return db.session.execute(select(*columns)).all()


def test_the_link_sets_the_password_and_signs_in(app, client, new_client, ask, make):
    person = make.student(password=PASSWORD)
    address = ask(person.email)
    page = client.get(address)
    assert person.full_name in page.text
    assert person.email in page.text
    answer = set_password(client, address)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/courses/").status_code == 200
    assert sign_in_by_form(new_client(), person.email, CHOSEN).status_code == 303
    assert sign_in_by_form(new_client(), person.email, PASSWORD).status_code == 422
    assert read(app, UserSession.method) == [("reset",), ("password",)]


def test_the_link_works_once(client, new_client, ask, make):
    address = ask(make.student(password=PASSWORD).email)
    set_password(client, address)
    for answer in (new_client().get(address), set_password(new_client(), address, "another good password")):
        assert answer.status_code == 404
        assert "This link no longer works" in answer.text
        assert 'href="/password/forgot"' in answer.text


def test_the_link_works_for_one_hour(client, ask, make, frozen_time):
    address = ask(make.student(password=PASSWORD).email)
    frozen_time.shift(timedelta(hours=1, seconds=-1))
    assert client.get(address).status_code == 200
    frozen_time.shift(timedelta(seconds=1))
    assert client.get(address).status_code == 404
    assert set_password(client, address).status_code == 404


def test_looking_at_the_page_uses_nothing_up(client, ask, make):
    address = ask(make.student(password=PASSWORD).email)
    assert {client.get(address).status_code for _ in range(3)} == {200}
    assert set_password(client, address).status_code == 303


@pytest.mark.parametrize("purpose", [Purpose.INVITATION, Purpose.CONFIRMATION, Purpose.NOTIFICATION_ADDRESS])
def test_a_link_for_something_else_opens_nothing_here(app, client, make, purpose):
    person = make.student(password=PASSWORD)
    with app.app_context():
        token = issue_token(person.user_id, purpose, "a key", address="a@example.org").token
        db.session.commit()
    assert client.get(f"/password/reset/{token}").status_code == 404
    assert set_password(client, f"/password/reset/{token}").status_code == 404


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "é", "%ED%A0%80"])
def test_an_unknown_link_is_over(client, token):
    assert client.get(f"/password/reset/{token}").status_code == 404
    assert set_password(client, f"/password/reset/{token}").status_code == 404


def test_of_two_who_use_the_link_at_once_one_wins(fresh_app, make_fresh, monkeypatch):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    person = make_fresh.student(password=PASSWORD)
    with listening() as sent:
        fresh_app.test_client().post("/password/forgot", data={"email": person.email})
    with fresh_app.app_context():
        address = link_of(sent.letters[0])
    together, really = threading.Barrier(2), passwords.hash_password

    def hash_together(password: str) -> str:
        hashed = really(password)
        together.wait(10)  # a transaction that is open here would keep the other one out on SQLite
        return hashed

    monkeypatch.setattr(passwords, "hash_password", hash_together)
    chosen = ["the first of two words", "the second of two words"]
    with ThreadPoolExecutor(2) as pool:
        codes = list(
            pool.map(lambda password: set_password(fresh_app.test_client(), address, password).status_code, chosen)
        )
    assert sorted(codes) == [303, 404]
    winner = chosen[codes.index(303)]
    assert sign_in_by_form(fresh_app.test_client(), person.email, winner).status_code == 303
    assert [action for (action,) in read(fresh_app, AuditEvent.action)].count("reset_password") == 1


def test_of_two_who_have_seen_the_link_unused_one_wins(app, ask, make, monkeypatch):
    """The same with both on the way at the worst moment, on every database."""
    token = ask(make.student(password=PASSWORD).email).rpartition("/")[2]
    with app.app_context():
        seen_by_both = queries.find_open_token(hash_token(token), Purpose.RESET)
        reset_password(token, CHOSEN, System())
        db.session.commit()
        monkeypatch.setattr(queries, "find_open_token", lambda *_: seen_by_both)
        with pytest.raises(NotFound):
            reset_password(token, "another good password", System())


def test_everything_else_that_opened_the_account_is_ended(app, client, new_client, ask, make, sent):
    person, other = make.student(password=PASSWORD), make.student(password=PASSWORD)
    elsewhere, theirs = new_client(), new_client()
    sign_in_by_form(elsewhere, person.email, PASSWORD)
    sign_in_by_form(theirs, other.email, PASSWORD)
    with app.app_context():
        invitation = invite(person.email, "a key", System()).token
        db.session.commit()
    set_password(client, ask(person.email))
    assert elsewhere.get("/courses/").status_code == 303
    assert client.get(f"/invitations/{invitation}").status_code == 404
    assert client.get("/courses/").status_code == 200
    assert theirs.get("/courses/").status_code == 200
    # Only the browser with the link is known from now on.
    with app.app_context():
        devices = db.session.scalars(select(Device.user_id).order_by(Device.id)).all()
    assert sorted(devices) == sorted([other.user_id, person.user_id])
    assert (person.user_id, "password_changed") in sent.kinds()


def test_it_confirms_the_account_too(app, client, ask, make):
    person = make.student(password=PASSWORD, is_confirmed=False)
    set_password(client, ask(person.email))
    assert read(app, User.is_confirmed) == [(True,)]
    assert client.get("/courses/").status_code == 200


def test_an_account_of_single_sign_on_gets_a_password_besides(app, client, new_client, ask, make):
    person = make.student()
    with app.app_context():
        db.session.add(Identity(issuer="https://id.example.org", subject="1", user_id=person.user_id))
        db.session.commit()
    set_password(client, ask(person.email))
    assert sign_in_by_form(new_client(), person.email, CHOSEN).status_code == 303
    assert read(app, func.count(Identity.id)) == [(1,)]


def test_a_deactivated_account_stays_closed(app, client, ask, make):
    person = make.student(password=PASSWORD)
    address = ask(person.email)
    with app.app_context():
        db.session.execute(update(User).values(is_active=False))
        db.session.commit()
    assert client.get(address).status_code == 404
    assert set_password(client, address).status_code == 404


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "Use at least 10 characters."),
        ("é" * 40, "é" * 40, "Use at most 72 characters."),
        ("nul\0in the middle", "nul\0in the middle", "no keyboard types"),
        ("aline-uwase-7", "aline-uwase-7", "Your name, your address"),
        ("a good password", "another password", "The two passwords differ."),
        ("", "", "Choose a password."),
    ],
)
def test_a_password_that_will_not_do_is_refused_and_the_link_kept(client, ask, make, password, again, said):
    address = ask(make.student(first_name="Aline", last_name="Uwase", password=PASSWORD).email)
    answer = set_password(client, address, password, again)
    assert answer.status_code == 422
    assert said in answer.text
    assert set_password(client, address).status_code == 303


def test_a_stranger_cannot_bring_more_than_a_password(app, client, ask, make):
    person = make.student(password=PASSWORD)
    more = {"role": "admin", "is_active": "", "session_epoch": "0", "id": "1", "email": "x@example.org"}
    client.post(ask(person.email), data={"password": CHOSEN, "again": CHOSEN, **more})
    assert read(app, User.role, User.is_active, User.email) == [("student", True, person.email)]


def test_the_address_of_the_page_reaches_nobody_else_and_no_cache(client, ask, make):
    address = ask(make.student(password=PASSWORD).email)
    for answer in (client.get(address), set_password(client, address, "short"), client.get("/password/reset/none")):
        assert answer.headers["Referrer-Policy"] == "strict-origin"
        assert answer.headers["Cache-Control"] == "no-store"


def test_over_https_the_form_passes_the_check_of_its_origin(fresh_app, make_fresh):
    """A browser sends the host alone there, see portal/accounts/linked.py."""
    person = make_fresh.student(password=PASSWORD)
    with fresh_app.app_context():
        token = issue_token(person.user_id, Purpose.RESET, "a key").token
        db.session.commit()
    client, host = fresh_app.test_client(), "https://portal.example.org"
    page = client.get(f"/password/reset/{token}", base_url=host)
    data = {
        "password": CHOSEN,
        "again": CHOSEN,
        "csrf_token": page.text.split('name="csrf-token" content="')[1].split('"')[0],
    }
    for referer, status in (("https://other.example.org/", 400), (f"{host}/", 303)):
        answer = client.post(f"/password/reset/{token}", data=data, base_url=host, headers={"Referer": referer})
        assert answer.status_code == status


def test_forms_without_their_token_are_refused(fresh_app):
    client = fresh_app.test_client()
    assert client.post("/password/forgot", data={"email": "a@example.org"}).status_code == 400
    assert set_password(client, "/password/reset/x").status_code == 400


def test_a_session_that_a_stranger_left_in_the_browser_is_not_taken_over(client, ask, make):
    with client.session_transaction() as session:
        session["left"] = "by a stranger"
    set_password(client, ask(make.student(password=PASSWORD).email))
    with client.session_transaction() as session:
        assert "left" not in session
