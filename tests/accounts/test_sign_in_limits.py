"""Guessing is slowed down; signing in is not."""

import pytest

from portal.accounts import queries, services
from portal.audit.services import System
from portal.errors import NotFound
from portal.extensions import db
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn


@pytest.fixture
def limited(make_fresh, build_fresh_app):
    """An application as in production, with three attempts a minute."""
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="3 per minute")
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def attempt(client, email, password="a-wrong-password", **headers):
    return client.post("/login", data={"email": email, "password": password}, headers=headers)


def test_after_some_failures_even_the_right_password_waits(limited, make_fresh):
    person = make_fresh.student(password=PASSWORD)
    client = limited.test_client()
    assert [attempt(client, person.email).status_code for _ in range(4)] == [422, 422, 422, 429]
    answer = attempt(client, person.email, PASSWORD)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert "Too many attempts" in answer.text


def test_only_failures_count(limited, make_fresh):
    person = make_fresh.student(password=PASSWORD)
    for _ in range(6):
        assert attempt(limited.test_client(), person.email, PASSWORD).status_code == 303


def test_looking_at_the_page_does_not_count(limited):
    client = limited.test_client()
    assert {client.get("/login").status_code for _ in range(10)} == {200}


def test_guessing_one_account_from_many_places_is_limited_too(limited, make_fresh, frozen_time):
    person = make_fresh.student(password=PASSWORD)
    client = limited.test_client()
    answers = [
        client.post(
            "/login",
            data={"email": person.email.upper() if n % 2 else person.email, "password": "a-wrong-password"},
            environ_base={"REMOTE_ADDR": f"10.0.0.{n}"},
        ).status_code
        for n in range(4)
    ]
    assert answers == [422, 422, 422, 429]


def test_one_place_that_tries_many_accounts_is_limited_too(limited):
    client = limited.test_client()
    answers = [client.post("/login", data={"email": f"a{n}@example.org"}).status_code for n in range(61)]
    assert answers == [422] * 60 + [429]


def test_a_campus_behind_one_address_is_not_locked_out_by_one_person(limited, make_fresh):
    person, other = make_fresh.student(password=PASSWORD), make_fresh.student(password=PASSWORD)
    client = limited.test_client()
    for _ in range(4):
        attempt(client, person.email)
    assert attempt(limited.test_client(), other.email, PASSWORD).status_code == 303


def test_someone_elsewhere_is_not_held_up(limited, make_fresh):
    person, other = make_fresh.student(password=PASSWORD), make_fresh.student(password=PASSWORD)
    client = limited.test_client()
    for _ in range(4):
        attempt(client, person.email)
    answer = client.post(
        "/login",
        data={"email": other.email, "password": PASSWORD},
        environ_base={"REMOTE_ADDR": "10.0.0.9"},
    )
    assert answer.status_code == 303


def test_the_password_dialog_is_told_in_json(limited, make_fresh):
    person = make_fresh.student(password=PASSWORD)
    client = limited.test_client()
    answers = [attempt(client, person.email, **{"X-Reauth": "1"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [422, 422, 422, 429]
    assert all("error" in answer.json for answer in answers)
    assert "Retry-After" in answers[-1].headers


def test_whoever_looks_for_a_password_that_keeps_the_rules_is_not_held_up(limited, make_fresh):
    person, client = make_fresh.student(), limited.test_client()
    with limited.app_context():
        token = services.invite(person.email, "a key", System()).token
        db.session.commit()
    too_short = {"password": "short", "again": "short"}
    assert {client.post(f"/invitations/{token}", data=too_short).status_code for _ in range(5)} == {422}


def test_another_spelling_of_an_address_is_another_address(app, make):
    """MariaDB takes "josé" and "jose" for one: each spelling would be allowed its own wrong guesses."""
    person = make.student(email="jose.exposito@example.org", password=PASSWORD)
    with app.app_context():
        assert queries.find_person_by_email(person.email.upper())[0].id == person.user_id
        assert queries.find_person_by_email("josé.expósito@example.org") is None
        with pytest.raises(NotFound):
            services.invite("josé.expósito@example.org", "a key", System())
