"""Whoever asked too often is told once, in every 429, when to come again."""

from itertools import product
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.extensions import limiter
from tests.support.api import Program
from tests.support.people import PASSWORD

pytestmark = pytest.mark.one_database

PAGES = (
    "/login", "/register", "/confirm/x", "/password/forgot", "/password/reset/x", "/password/strength",
    "/profile/password", "/profile/data/deletion",
)  # fmt: skip
OPERATIONS = ("/register", "/login", "/refresh", "/forgot-password", "/reset-password")


@pytest.fixture
def limited(make_fresh: Any, build_fresh_app: Any) -> Flask:
    app: Flask = build_fresh_app(ratelimit_enabled=True, ratelimit_api="2 per 15 minutes")
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def met(limited: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every limit is met already."""
    for asked in ("test", "hit"):
        monkeypatch.setattr(limiter.limiter, asked, lambda *_about, **_more: False)


@pytest.fixture
def inside(limited: Flask, make_fresh: Any, sign_in: Any) -> FlaskClient:
    client = limited.test_client()
    sign_in(client, make_fresh.student(password=PASSWORD))
    return client


def said_once(answer: TestResponse) -> bool:
    return [int(said) > 0 for said in answer.headers.getlist("Retry-After")] == [True]


def test_every_page_says_when_to_come_again(limited, inside, met):
    outside = limited.test_client()
    for path, headers in product(PAGES, ({}, {"X-Reauth": "1"}, {"HX-Request": "true"})):
        answer = (inside if path.startswith("/profile") else outside).post(path, headers=headers)
        assert (answer.status_code, said_once(answer)) == (429, True), (path, headers)


def test_operations_with_a_limit_of_their_own_say_so(limited, met):
    for path in OPERATIONS:
        answer = Program(limited)("POST", f"/auth{path}", {})
        assert (answer.status_code, said_once(answer)) == (429, True), path


def test_the_limit_of_all_operations_says_so(limited, make_fresh, frozen_time):
    asks = Program(limited, make_fresh.manager())
    answers = [asks("GET", path) for path in ("/modules", "/auth/me", "/modules", "/auth/me")]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 429]
    assert [said_once(answer) for answer in answers] == [False, False, True, True]


def test_a_place_that_knocks_too_often_is_told_when_its_window_ends(build_fresh_app, make_fresh, frozen_time):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="1 per 15 minutes")
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answers = [client.post("/login", data={"email": f"a{n}@example.org"}) for n in range(21)]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429]
    [said] = answers[-1].headers.getlist("Retry-After")
    assert 890 < int(said) <= 901
