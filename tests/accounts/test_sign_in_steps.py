"""Sign-in as steps: with a further proof registered nobody is in before it, and nobody gets round it."""

import pytest
from flask import request
from sqlalchemy import func, select, update

from portal.accounts import services
from portal.accounts.entering import Step, add_step, go_on, on_the_way, too_late
from portal.accounts.models import SignIn, User, UserSession
from portal.audit.services import System
from portal.extensions import db
from portal.web.access import public
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

REAUTH = {"X-Reauth": "1"}


@pytest.fixture
def stepped(build_fresh_app):
    """An application that asks students for a colour and then for a number after their password."""
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="3 per 15 minutes")
    app.config["WTF_CSRF_ENABLED"] = False
    for name, right in (("colour", "blue"), ("number", "7")):

        @public
        def ask(name=name, right=right):
            coming = on_the_way()
            if coming is None:
                return too_late()
            if request.method == "GET":
                return f"{name} of {coming.person.email}, please"
            if request.form.get("said") != right:
                return "wrong", 422
            return go_on(name)

        app.add_url_rule(f"/login/{name}", name, ask, methods=["GET", "POST"])
        add_step(app, Step(name, lambda person: person.role == "student", lambda _, name=name: f"/login/{name}"))
    return app


@pytest.fixture
def person(stepped, make_fresh):
    return make_fresh.student(password=PASSWORD)


def post(client, person, password=PASSWORD, headers=None, **more):
    return client.post("/login", data={"email": person.email, "password": password, **more}, headers=headers)


def say(client, name, said, **headers):
    return client.post(f"/login/{name}", data={"said": said}, headers=headers)


def is_in(client) -> bool:
    return client.get("/login").status_code == 302


def count(app, model) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model))


def test_nobody_is_in_before_the_last_step(stepped, person):
    client = stepped.test_client()
    answer = post(client, person, next="/courses/?a=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/colour")
    assert "portal_device" not in str(answer.headers)
    assert client.get("/courses/").headers["Location"].startswith("/login?")
    assert (is_in(client), count(stepped, UserSession)) == (False, 0)

    assert client.get("/login/colour").text == f"colour of {person.email}, please"
    assert say(client, "colour", "red").status_code == 422
    assert say(client, "colour", "blue").headers["Location"] == "/login/number"
    assert (is_in(client), count(stepped, UserSession)) == (False, 0)

    assert say(client, "number", "7").headers["Location"] == "/courses/?a=1"
    assert (is_in(client), count(stepped, UserSession)) == (True, 1)
    with stepped.app_context():
        assert db.session.scalars(select(SignIn.outcome)).all() == ["succeeded"]


def test_a_step_cannot_be_left_out(stepped, person):
    client = stepped.test_client()
    post(client, person)
    assert say(client, "number", "7").headers["Location"] == "/login/colour"
    assert say(client, "number", "7").headers["Location"] == "/login/colour"
    say(client, "colour", "blue")
    assert say(client, "colour", "blue").headers["Location"] == "/login/number"
    assert (is_in(client), count(stepped, UserSession)) == (False, 0)


def test_who_needs_no_step_is_in_at_once(stepped, make_fresh):
    client = stepped.test_client()
    post(client, make_fresh.facilitator(password=PASSWORD))
    assert is_in(client)


def test_a_step_without_a_first_proof_leads_to_the_start(stepped, person):
    client = stepped.test_client()
    assert say(client, "colour", "blue").headers["Location"] == "/login"
    assert "Sign in once more." in client.get("/login").text
    assert not is_in(client)


def test_the_way_in_is_open_for_ten_minutes(stepped, person, frozen_time):
    client = stepped.test_client()
    post(client, person)
    frozen_time.shift(599)
    assert say(client, "colour", "blue").headers["Location"] == "/login/number"
    frozen_time.shift(1)
    answer = say(client, "number", "7")
    assert answer.headers["Location"] == "/login"
    assert "That took too long. Sign in once more." in client.get("/login").text
    assert (is_in(client), count(stepped, UserSession)) == (False, 0)


@pytest.mark.parametrize("change", [{"is_active": False}, {"session_epoch": 1}])
def test_an_account_that_changed_meanwhile_starts_again(stepped, person, change):
    client = stepped.test_client()
    post(client, person)
    with stepped.app_context():
        db.session.execute(update(User).values(**change))
        db.session.commit()
    assert say(client, "colour", "blue").headers["Location"] == "/login"
    assert not is_in(client)


def test_an_old_cookie_does_not_stand_for_a_step(stepped, person):
    client, copied = stepped.test_client(), stepped.test_client()
    post(client, person)
    copied.set_cookie("portal", client.get_cookie("portal").value)
    say(client, "colour", "blue")
    say(client, "number", "7")
    assert say(copied, "number", "7").headers["Location"] == "/login/colour"
    assert not is_in(copied)


def test_someone_signed_in_is_so_no_more_while_another_is_on_the_way(stepped, person, make_fresh):
    client, other = stepped.test_client(), make_fresh.facilitator(password=PASSWORD)
    post(client, other)
    post(client, person)
    assert not is_in(client)


def test_the_steps_come_after_an_invitation_too(stepped, make_fresh):
    person, client = make_fresh.student(), stepped.test_client()
    with stepped.app_context():
        token = services.invite(person.email, stepped.config["SECRET_KEY"], System()).token
        db.session.commit()
    answer = client.post(f"/invitations/{token}", data={"password": PASSWORD, "again": PASSWORD})
    assert answer.headers["Location"] == "/login/colour"
    assert not is_in(client)


def test_a_page_at_work_is_told_where_the_next_step_is(stepped, person):
    client = stepped.test_client()
    answer = post(client, person, headers=REAUTH, next="/courses/?a=1")
    assert (answer.status_code, answer.json["step"]) == (200, "/login/colour")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "person" not in answer.json
    assert not is_in(client)
    assert say(client, "colour", "blue", **REAUTH).json["step"] == "/login/number"
    assert say(client, "number", "7", **REAUTH).json["person"] == person.user_id
    assert is_in(client)


def test_a_page_at_work_is_told_that_it_took_too_long(stepped, person, frozen_time):
    client = stepped.test_client()
    post(client, person, headers=REAUTH)
    frozen_time.shift(600)
    answer = say(client, "colour", "blue", **REAUTH)
    assert (answer.status_code, answer.json["error"]) == (400, "That took too long. Sign in once more.")


def test_starting_again_and_again_counts_as_failing(stepped, person):
    """Whoever has the password alone may not try the second proof for ever."""
    answers = [post(stepped.test_client(), person).status_code for _ in range(4)]
    assert answers == [303, 303, 303, 429]


@pytest.mark.parametrize("address", ["//evil.example", "/" + "x" * 1001])
def test_where_one_was_going_is_kept_if_it_is_within_the_portal_and_fits(stepped, person, address):
    client = stepped.test_client()
    post(client, person, next=address)
    say(client, "colour", "blue")
    assert say(client, "number", "7").headers["Location"] == "/"


def test_without_further_proofs_there_is_no_step(app, client, make):
    person = make.student(password=PASSWORD)
    client.post("/login", data={"email": person.email, "password": PASSWORD})
    with client.session_transaction() as session:
        assert "entering" not in session
