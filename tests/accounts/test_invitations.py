"""An invited person sets a first password, once, within seven days."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.accounts import queries, services
from portal.accounts.models import OneTimeToken, User
from portal.accounts.services import UserDraft
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.errors import Conflict, NotFound
from portal.extensions import db
from portal.roles import Role

pytestmark = pytest.mark.in_turn

GOOD = "four words in a row"


@pytest.fixture
def invite(app):
    """Invites a person and gives the address of their page."""

    def do(person) -> str:
        with app.app_context():
            token = services.invite(person.email, "a key", System()).token
            db.session.commit()
        return f"/invitations/{token}"

    return do


def accept(client, address, password=GOOD, again=None):
    return client.post(address, data={"password": password, "again": password if again is None else again})


def test_the_page_says_whose_account_it_is_and_the_rules_before(client, make, invite):
    person = make.facilitator(first_name="Aline", last_name="Uwase", email="aline@example.org")
    page = client.get(invite(person))
    assert page.status_code == 200
    assert "Aline Uwase" in page.text
    assert "aline@example.org" in page.text
    assert "At least 10 characters." in page.text


def test_accepting_sets_the_password_and_signs_in(app, client, new_client, make, invite):
    person = make.student()
    answer = accept(client, invite(person))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/courses/").status_code == 200
    assert new_client().post("/login", data={"email": person.email, "password": GOOD}).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(AuditEvent.actor_id).where(AuditEvent.action == "accept_invitation")) == (
            person.user_id
        )


def test_an_invitation_works_once(client, new_client, make, invite):
    address = invite(make.student())
    accept(client, address)
    assert new_client().get(address).status_code == 404
    assert accept(new_client(), address).status_code == 404


def test_an_invitation_lasts_seven_days(client, make, invite, frozen_time):
    address = invite(make.student())
    frozen_time.shift(timedelta(days=7, seconds=-1))
    assert client.get(address).status_code == 200
    frozen_time.shift(timedelta(seconds=1))
    assert client.get(address).status_code == 404
    assert accept(client, address).status_code == 404


def test_a_newer_invitation_ends_the_older(client, make, invite):
    person = make.student()
    old, new = invite(person), invite(person)
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


def test_an_invitation_of_an_inactive_account_is_over(app, client, make, invite):
    person = make.student()
    address = invite(person)
    with app.app_context():
        db.session.get(User, person.user_id).is_active = False
        db.session.commit()
    assert client.get(address).status_code == 404
    assert accept(client, address).status_code == 404


def test_accepting_ends_the_sessions_that_were_open(app, client, new_client, make, sign_in, invite):
    person = make.student()
    sign_in(client, person)
    accept(new_client(), invite(person))
    assert client.get("/courses/").status_code == 303


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "Use at least 10 characters."),
        ("x" * 73, "x" * 73, "Use at most 72 characters"),
        ("é" * 40, "é" * 40, "Use at most 72 characters"),
        ("x" * 1001, "x" * 1001, "This password is too long."),
        ("a good password", "another password", "The two passwords differ."),
        ("", "", "Choose a password."),
    ],
)
def test_a_password_that_will_not_do_is_refused_and_the_invitation_kept(client, make, invite, password, again, said):
    address = invite(make.student())
    answer = accept(client, address, password, again)
    assert answer.status_code == 422
    assert said in answer.text
    assert accept(client, address).status_code == 303


@pytest.mark.parametrize("password", ["📚🎻🥭🧭🛶🪁🎲🧶🪴🗿", "  spaces around  ", "كلمة السر الطويلة"])
def test_any_characters_make_a_password(client, new_client, make, invite, password):
    person = make.student()
    accept(client, invite(person), password)
    assert new_client().post("/login", data={"email": person.email, "password": password}).status_code == 303
    assert new_client().post("/login", data={"email": person.email, "password": password[:-1]}).status_code == 422


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "é"])
def test_an_unknown_token_is_over(client, token):
    page = client.get(f"/invitations/{token}")
    assert page.status_code == 404
    assert "This invitation no longer works" in page.text


def test_only_the_hash_of_a_token_is_kept(app, client, make, invite):
    token = invite(make.student()).rpartition("/")[2]
    with app.app_context():
        kept = db.session.scalar(select(OneTimeToken.token_hash))
    assert token not in kept
    assert len(kept) == 64


def test_the_account_takes_the_language_in_which_it_was_accepted(app, client, make, invite):
    person = make.student()
    client.get("/lang/fr")
    accept(client, invite(person))
    with app.app_context():
        assert db.session.scalar(select(User.locale).where(User.id == person.user_id)) == "fr"


def test_the_log_does_not_hold_the_token(app, client, make, invite, capsys, monkeypatch):
    address = invite(make.student())
    said = []
    monkeypatch.setattr("portal.web.requests.log.info", lambda _event, **facts: said.append(facts))
    client.get(address)
    client.get("/login?next=/courses/")
    assert [facts["path"] for facts in said] == ["/invitations/<token>", "/login"]


def test_two_who_accept_at_once_do_not_both_get_in(app, make, invite, monkeypatch):
    token = invite(make.student()).rpartition("/")[2]
    with app.app_context():
        seen_by_both = queries.find_open_token(services.hash_token(token), services.Purpose.INVITATION)
        services.accept_invitation(token, GOOD, "fr", System())
        db.session.commit()
        monkeypatch.setattr(queries, "find_open_token", lambda *_: seen_by_both)
        with pytest.raises(NotFound):
            services.accept_invitation(token, "another good password", "en", System())


def test_users_add_and_invite_make_the_first_administrator(app, client):
    runner = app.test_cli_runner()
    made = runner.invoke(args=["users", "add", "Root@Example.org", "--role", "admin", "--first-name", "Ada"])
    assert made.exit_code == 0, made.output
    assert "root@example.org is admin now." in made.output
    invited = runner.invoke(args=["users", "invite", "root@example.org"])
    address = invited.output.strip().removeprefix("http://127.0.0.1:8000")
    assert accept(client, address).headers["Location"] == "/"
    assert client.get("/").headers["Location"] == "/compliance/"


def test_users_add_takes_a_password_from_standard_input(app, client):
    args = ["users", "add", "root@example.org", "--role", "admin", "--password-stdin"]
    assert app.test_cli_runner().invoke(args=args, input=f"{GOOD}\n").exit_code == 0
    assert client.post("/login", data={"email": "root@example.org", "password": GOOD}).status_code == 303


def test_an_account_that_someone_else_made_a_moment_ago_is_a_conflict(app, make, monkeypatch):
    make.student(email="known@example.org")
    with app.app_context():
        # As if the other one had not been there yet when this one looked.
        monkeypatch.setattr(db.session, "scalar", lambda *_given: None)
        with pytest.raises(Conflict) as caught:
            services.create_user(UserDraft("Known@example.org", Role.STUDENT), System())
        monkeypatch.undo()
        assert caught.value.field == "email"
        services.create_user(UserDraft("new@example.org", Role.STUDENT), System())
        db.session.commit()
        assert db.session.scalar(select(func.count(User.id))) == 2


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["users", "add", "not-an-address", "--role", "admin"], "not-an-address is not an email address."),
        (["users", "add", "known@example.org", "--role", "admin"], "already"),
        (["users", "add", "a@example.org", "--role", "king"], "Invalid value for '--role'"),
        (["users", "invite", "nobody@example.org"], "no active account"),
    ],
)
def test_the_command_line_says_in_one_line_what_is_wrong(app, make, args, said):
    make.student(email="known@example.org")
    answer = app.test_cli_runner().invoke(args=args)
    assert answer.exit_code != 0
    assert said in answer.output
    assert "Traceback" not in answer.output


def test_a_name_longer_than_an_account_holds_is_refused_in_words(app):
    args = ["users", "add", "long@example.edu", "--role", "student", "--last-name", "x" * 101]
    answer = app.test_cli_runner().invoke(args=args)
    assert (answer.exit_code, "Names hold 100 characters" in answer.output) == (1, True)
