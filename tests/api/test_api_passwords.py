"""Changed and forgotten passwords by the API."""

import time

import pytest

from portal.accounts import passwords
from portal.accounts.models import User
from tests.support.api import read, sign_in, signed_in
from tests.support.letters import CHOSEN, link_of
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn


def change(asks, current=PASSWORD, new=CHOSEN):
    return asks("POST", "/auth/change-password", {"current_password": current, "new_password": new})


def test_a_changed_password_ends_every_token_and_gives_new_ones(app, make, program):
    person = make.student(password=PASSWORD)
    asks, elsewhere = signed_in(program, person.email), signed_in(program, person.email)
    answer = change(asks)
    assert answer.status_code == 200
    for old in (asks, elsewhere):
        assert old("GET", "/auth/me").status_code == 401
    asks.token = answer.json["token"]
    assert asks("GET", "/auth/me").status_code == 200
    assert asks("POST", "/auth/refresh", {"refresh_token": answer.json["refresh_token"]}).status_code == 200
    assert sign_in(program(), person.email).status_code == 401
    assert sign_in(program(), person.email, CHOSEN).status_code == 200


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("a-wrong-password", CHOSEN, "current_password"),
        (PASSWORD, "short", "new_password"),
        (PASSWORD, PASSWORD, "new_password"),
        (PASSWORD, "x" * 73, "new_password"),
        (PASSWORD, None, "new_password"),
    ],
)
def test_a_password_that_will_not_do_changes_nothing(app, make, program, current, new, field):
    person = make.student(password=PASSWORD)
    asks = program(person)
    answer = change(asks, current, new)
    assert answer.status_code == 400
    assert list(answer.json["fields"]) == [field]
    assert asks("GET", "/auth/me").status_code == 200
    assert sign_in(program(), person.email).status_code == 200


def test_who_holds_a_token_cannot_guess_the_password_with_it(build_fresh_app, make_fresh, program):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="3 per 15 minutes")
    asks = program(make_fresh.student(password=PASSWORD), app)
    assert [change(asks, "wrong").status_code for _ in range(4)] == [400, 400, 400, 429]


def test_a_forgotten_password_is_set_by_the_token_of_the_mail(app, make, program, sent):
    person = make.student(password=PASSWORD)
    asks = signed_in(program, person.email)
    assert program()("POST", "/auth/forgot-password", {"email": person.email}).status_code == 200
    with app.app_context():
        token = link_of(sent.letters[-1]).rpartition("/")[2]
    reset = {"token": token, "password": CHOSEN}
    weak = program()("POST", "/auth/reset-password", reset | {"password": "short"})
    assert (weak.status_code, list(weak.json["fields"])) == (400, ["password"])
    assert program()("POST", "/auth/reset-password", reset).status_code == 200
    assert asks("GET", "/auth/me").status_code == 401
    assert sign_in(program(), person.email, CHOSEN).status_code == 200
    again = program()("POST", "/auth/reset-password", reset | {"password": f"{CHOSEN} again"})
    assert (again.status_code, list(again.json["fields"])) == (400, ["token"])
    assert sign_in(program(), person.email, CHOSEN).status_code == 200


@pytest.mark.parametrize("token", ["x", "é", "x" * 200, "\U0001f600"])
def test_what_is_no_token_of_a_mail_sets_nothing(program, token):
    answer = program()("POST", "/auth/reset-password", {"token": token, "password": CHOSEN})
    assert (answer.status_code, list(answer.json["fields"])) == (400, ["token"])


def test_asking_for_a_link_is_answered_alike_for_everybody(app, make, program, sent):
    known, left = make.student(password=PASSWORD), make.student(password=PASSWORD, is_active=False)
    answers = [
        program()("POST", "/auth/forgot-password", {"email": email})
        for email in (known.email, left.email, "nobody@example.org")
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert sent.purposes() == [(known.user_id, "reset")]


def test_asking_for_a_link_has_a_floor_in_time(app, program):
    app.config["PORTAL_ANSWER_FLOOR"] = 0.3
    try:
        began = time.perf_counter()
        program()("POST", "/auth/forgot-password", {"email": "nobody@example.org"})
        assert time.perf_counter() - began >= 0.3
    finally:
        app.config["PORTAL_ANSWER_FLOOR"] = 0


def test_nobody_is_buried_in_mail(build_fresh_app, make_fresh, program):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="2 per 15 minutes")
    person = make_fresh.student(password=PASSWORD)
    asks = program(over=app)

    def forget(email):
        return asks("POST", "/auth/forgot-password", {"email": email}).status_code

    assert [forget(person.email), forget(person.email.upper()), forget(person.email)] == [200, 200, 429]
    assert forget("other@example.org") == 200


def test_passwords_are_hashed_as_elsewhere(app, make, program, monkeypatch):
    monkeypatch.setattr(passwords, "ROUNDS", 5)
    person = make.student(password=PASSWORD)
    change(program(person))
    assert read(app, User.password_hash)[0][0].startswith("$2b$05$")
