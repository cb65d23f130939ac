"""Signing in by the API, one's own account and password."""

import time
from datetime import timedelta

import pytest

from portal.accounts.entering import Step, add_step
from portal.accounts.models import Device, SignIn, User
from tests.support.api import read, sign_in
from tests.support.letters import CHOSEN
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn


def test_signing_in_gives_what_the_contract_says(app, make, program, frozen_time):
    person = make.facilitator(password=PASSWORD)
    asks = program()
    answer = sign_in(asks, person.email.upper())
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json) == {"message", "user", "token", "refresh_token", "expires_in"}
    assert answer.json["expires_in"] == 86_400
    assert answer.json["user"] == {
        "id": person.user_id,
        "email": person.email,
        "first_name": person.user.first_name,
        "last_name": person.user.last_name,
        "role": "facilitator",
        "is_active": True,
    }
    asks.token = answer.json["token"]
    assert asks("GET", "/auth/me").json["email"] == person.email
    assert read(app, SignIn.outcome, SignIn.user_id) == [("succeeded", person.user_id)]
    assert read(app, User.last_login_at)[0][0] is not None


def test_whatever_is_wrong_is_answered_alike(app, make, program):
    known, left = make.student(password=PASSWORD), make.student(password=PASSWORD, is_active=False)
    unset = make.student()
    tries = [
        (known.email, "a-wrong-password"),
        ("nobody@example.org", "a-wrong-password"),
        (left.email, PASSWORD),
        (unset.email, "a-wrong-password"),
        ("not an address", "x"),
        (known.email, PASSWORD + " "),
    ]
    answers = [sign_in(program(), *one) for one in tries]
    seen = {(answer.status_code, answer.text.replace(answer.json["request_id"], "")) for answer in answers}
    assert len(seen) == 1, seen
    assert answers[0].status_code == 401
    assert answers[0].json["details"] == ["Email or password is wrong. Check both and try again."]
    assert answers[0].headers["WWW-Authenticate"] == 'Bearer realm="teaching-portal"'
    assert len({tuple(name for name, _ in answer.headers) for answer in answers}) == 1


@pytest.mark.timing
@pytest.mark.slow_hashes
def test_how_long_a_refusal_takes_tells_nothing(app, make, program):
    tries = [
        (make.student(password=PASSWORD).email, "a-wrong-password"),
        ("nobody@example.org", "a-wrong-password"),
        (make.student(password=PASSWORD, is_active=False).email, PASSWORD),
    ]
    sign_in(program(), *tries[1])
    began = time.perf_counter()
    sign_in(program(), *tries[1])
    # Above what bcrypt takes, however busy this machine is.
    app.config["PORTAL_ANSWER_FLOOR"] = min(4, max(0.4, 3 * (time.perf_counter() - began)))
    taken = []
    try:
        for _round in range(3):
            row = []
            for one in tries:
                began = time.perf_counter()
                assert sign_in(program(), *one).status_code == 401
                row.append(time.perf_counter() - began)
            taken.append(row)
    finally:
        app.config["PORTAL_ANSWER_FLOOR"] = 0
    # What a busy machine adds now and then is in the others; what answers sooner or later always does so.
    quickest = [min(column) for column in zip(*taken, strict=True)]
    assert max(quickest) <= min(quickest) * 1.1, quickest


def test_guessing_gets_slow_and_says_for_how_long(build_fresh_app, make_fresh, program, frozen_time):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="3 per 15 minutes")
    person = make_fresh.student(password=PASSWORD)
    asks = program(over=app)
    assert [sign_in(asks, person.email, "wrong").status_code for _ in range(3)] == [401, 401, 401]
    answer = sign_in(asks, person.email)
    assert answer.status_code == 429
    assert answer.json["error"] == "Too many requests"
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert "RateLimit-Remaining" not in answer.headers, "the limit of all requests is another one, and not met"
    frozen_time.shift(timedelta(minutes=15))
    assert sign_in(asks, person.email).status_code == 200


def test_guesses_count_wherever_they_are_made(build_fresh_app, make_fresh, program):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="3 per 15 minutes")
    app.config["WTF_CSRF_ENABLED"] = False
    person = make_fresh.student(password=PASSWORD)
    for _ in range(3):
        app.test_client().post("/login", data={"email": person.email, "password": "wrong"})
    assert sign_in(program(over=app), person.email).status_code == 429


def test_one_place_that_tries_many_accounts_is_held_up(build_fresh_app, make_fresh, program):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="1 per 15 minutes")
    asks = program(over=app)
    answers = [sign_in(asks, f"nobody{number}@example.org", "wrong") for number in range(21)]
    assert [answer.status_code for answer in answers] == [401] * 20 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert [answers[-1].headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining")] == ["20", "0"]
    assert answers[-1].json["error"] == "Too many requests"


def test_a_new_client_is_told_of_and_the_same_one_is_not(app, make, program, sent):
    person = make.student(password=PASSWORD)
    for agent in ("script/1", "script/1", "script/2", "script/2"):
        assert sign_in(program(), person.email, **{"User-Agent": agent}).status_code == 200
    assert sent.kinds() == [(person.user_id, "new_sign_in")]
    assert len(read(app, Device.id)) == 2


def test_where_a_further_proof_is_asked_for_the_password_alone_opens_nothing(build_fresh_app, make_fresh, program):
    app = build_fresh_app()
    add_step(app, Step("code", lambda person: person.role == "admin", lambda _person: "/login/code"))
    admin, student = make_fresh.admin(password=PASSWORD), make_fresh.student(password=PASSWORD)
    answer = sign_in(program(over=app), admin.email)
    assert answer.status_code == 403
    assert "second proof" in answer.json["details"][0]
    assert "token" not in answer.json
    assert sign_in(program(over=app), student.email).status_code == 200
    assert sorted(outcome for (outcome,) in read(app, SignIn.outcome)) == ["refused", "succeeded"]


# --- one's own account


def test_everyone_reads_their_own_account(app, make, program):
    person = make.manager(title="Dr", bio="Two\nlines", time_zone="Africa/Kigali", locale="fr")
    assert program(person)("GET", "/auth/me").json == {
        "id": person.user_id,
        "email": person.email,
        "first_name": person.user.first_name,
        "last_name": person.user.last_name,
        "role": "manager",
        "is_active": True,
        "title": "Dr",
        "bio": "Two\nlines",
        "locale": "fr",
        "time_zone": "Africa/Kigali",
        "notification_email": None,
        "deletion_asked_at": None,
    }


def test_what_is_left_out_stays_and_null_empties(app, make, program):
    person = make.student(title="Dr", bio="Here")
    asks = program(person)
    answer = asks("PATCH", "/auth/me", {"first_name": "Zoë", "title": None, "time_zone": "America/Chicago"})
    assert answer.status_code == 200, answer.text
    assert answer.json["first_name"] == "Zoë"
    assert answer.json["title"] is None
    assert answer.json["bio"] == "Here"
    assert read(app, User.first_name, User.title, User.bio) == [("Zoë", None, "Here")]
    assert asks("PATCH", "/auth/me", {}).status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", "admin"),
        ("is_active", False),
        ("email", "other@example.org"),
        ("id", 1),
        ("session_epoch", 7),
        ("password", CHOSEN),
        ("notification_email", "other@example.org"),
        ("first_name", ""),
        ("first_name", None),
        ("first_name", "x" * 101),
        ("locale", "de"),
        ("locale", None),
        ("time_zone", "Mars/Olympus"),
        ("bio", "x" * 2001),
        ("title", ["Dr"]),
    ],
)
def test_what_cannot_be_set_names_its_field_and_changes_nothing(app, make, program, field, value):
    person = make.student()
    asks = program(person)
    before = asks("GET", "/auth/me").json
    answer = asks("PATCH", "/auth/me", {"last_name": "Changed", field: value})
    assert answer.status_code == 400, answer.text
    assert list(answer.json["fields"]) == [field]
    assert asks("GET", "/auth/me").json == before
