"""Guessing is slowed down; nobody can lock somebody else out of a browser that they use."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from portal.accounts import passwords, proving
from portal.accounts.models import Device, SignIn, User
from portal.accounts.queries.sign_ins import Failure
from portal.accounts.services.guessing import Allowance, Lane, read_allowances, seconds_to_wait
from portal.extensions import db
from tests.support.people import PASSWORD
from tests.support.web import NOON

pytestmark = pytest.mark.in_turn

THREE = (Allowance(3, timedelta(minutes=15)),)
STRANGER = Lane(None, "10.0.0.1")


@pytest.fixture
def limited(make_fresh, build_fresh_app):
    """An application as in production, with three attempts in 15 minutes."""
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="3 per 15 minutes")
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def person(limited, make_fresh):
    return make_fresh.student(password=PASSWORD)


def attempt(client, email, password="a-wrong-password", place="127.0.0.1"):
    data = {"email": email, "password": password}
    return client.post("/login", data=data, environ_base={"REMOTE_ADDR": place})


def outcomes(app) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(SignIn.outcome).order_by(SignIn.id)))


# --- the rule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5 per 15 minutes", [(5, 900)]),
        ("5/15 MINUTE", [(5, 900)]),
        ("10 per hour", [(10, 3600)]),
        ("3/second;20 per 2 days, 90/month | 1 per year", [(3, 1), (20, 172800), (90, 2592000), (1, 31104000)]),
    ],
)
def test_the_setting_is_read_as_the_limits_library_reads_it(text, expected):
    from limits import parse_many

    assert [(one.failures, one.within.total_seconds()) for one in read_allowances(text)] == expected
    assert [(limit.amount, limit.get_expiry()) for limit in parse_many(text)] == expected


def ago(*seconds, device=None, place="10.0.0.1"):
    return [Failure(NOON - timedelta(seconds=one), device, place) for one in seconds]


@pytest.mark.parametrize(
    ("failures", "lane", "wait"),
    [
        ([], STRANGER, 0),
        (ago(0, 0), STRANGER, 0),
        (ago(0, 0, 0), STRANGER, 900),
        (ago(0, 100, 200), STRANGER, 700),
        # The oldest of four is out of the way before the next is.
        (ago(0, 100, 200, 800), STRANGER, 700),
        (ago(900, 900, 900), STRANGER, 0),
        # Strangers from elsewhere wait longer with every failure, since the last of them.
        (ago(0, 0, 0, place="a"), STRANGER, 1),
        (ago(0, 0, 0, 0, place="a"), STRANGER, 2),
        (ago(0, 0, 0, 0, 0, place="a"), STRANGER, 4),
        (ago(0, *[1] * 8, place="a"), STRANGER, 60),
        (ago(0, *[1] * 500, place="a"), STRANGER, 60),
        (ago(59, *[60] * 8, place="a"), STRANGER, 1),
        (ago(60, *[60] * 8, place="a"), STRANGER, 0),
        # A known browser has a lane of its own, and strangers have theirs.
        (ago(*[0] * 500), Lane(7, "10.0.0.1"), 0),
        (ago(0, 0, device=7) + ago(0, device=8), Lane(7, "10.0.0.1"), 0),
        (ago(0, 0, 0, device=7, place="a"), Lane(7, "10.0.0.1"), 900),
        (ago(0, 0, 0, device=7), STRANGER, 0),
    ],
)
def test_how_long_an_attempt_waits(failures, lane, wait):
    assert seconds_to_wait(failures, lane, THREE, NOON) == wait


def test_of_several_allowances_the_strictest_counts():
    both = (*THREE, Allowance(4, timedelta(days=1)))
    assert seconds_to_wait(ago(0, 1000, 2000), STRANGER, both, NOON) == 0
    assert seconds_to_wait(ago(0, 1000, 2000, 3000), STRANGER, both, NOON) == 86400 - 3000


# --- the page


def test_a_stranger_waits_until_the_window_has_passed(limited, person, frozen_time):
    client = limited.test_client()
    assert [attempt(client, person.email).status_code for _ in range(4)] == [422, 422, 422, 429]
    answer = attempt(client, person.email, PASSWORD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "900")
    assert "Too many attempts. Wait 15 minutes, then try again." in answer.text
    assert f'value="{person.email}"' in answer.text
    assert outcomes(limited) == ["failed"] * 3 + ["refused"] * 2
    frozen_time.shift(900)
    assert attempt(client, person.email, PASSWORD).status_code == 303


def test_strangers_everywhere_wait_twice_as_long_each_time(limited, person, frozen_time):
    client, places = limited.test_client(), iter(f"10.0.0.{number}" for number in range(250))
    for _ in range(3):
        assert attempt(client, person.email, place=next(places)).status_code == 422
    for seconds in (1, 2, 4, 8, 16, 32, 60, 60):
        answer = attempt(client, person.email, PASSWORD, place=next(places))
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(seconds))
        assert f"Wait {seconds} second" in answer.text
        frozen_time.shift(seconds - 1)
        assert attempt(client, person.email, PASSWORD, place=next(places)).status_code == 429
        frozen_time.shift(1)
        assert attempt(client, person.email, place=next(places)).status_code == 422
    frozen_time.shift(60)
    assert attempt(client, person.email, PASSWORD, place=next(places)).status_code == 303


def test_nobody_is_locked_out_of_a_browser_that_they_use(limited, person, frozen_time):
    own, stranger = limited.test_client(), limited.test_client()
    assert attempt(own, person.email, PASSWORD).status_code == 303
    own.post("/logout")
    for number in range(10):
        attempt(stranger, person.email, place=f"10.0.0.{number}")
        attempt(stranger, person.email)
    assert attempt(stranger, person.email, PASSWORD).status_code == 429
    assert [attempt(own, person.email).status_code for _ in range(2)] == [422, 422]
    assert attempt(own, person.email, PASSWORD).status_code == 303


def test_a_known_browser_guesses_no_more_than_others(limited, person, frozen_time):
    own = limited.test_client()
    attempt(own, person.email, PASSWORD)
    own.post("/logout")
    # Even from one network address after another.
    answers = [attempt(own, person.email, place=f"10.0.0.{number}").status_code for number in range(4)]
    assert answers == [422, 422, 422, 429]
    assert attempt(own, person.email, PASSWORD).headers["Retry-After"] == "900"
    # The lane of strangers is free: they have done nothing.
    assert attempt(limited.test_client(), person.email, PASSWORD).status_code == 303


def test_a_browser_is_known_to_the_accounts_that_used_it_alone(limited, person, make_fresh, frozen_time):
    client, other = limited.test_client(), make_fresh.student(password=PASSWORD)
    attempt(client, person.email, PASSWORD)
    client.post("/logout")
    for number in range(3):
        attempt(client, other.email, place=f"10.0.0.{number}")
    assert attempt(client, other.email, PASSWORD, place="10.0.0.9").headers["Retry-After"] == "1"


def test_the_right_password_is_not_looked_at_while_one_waits(limited, person, monkeypatch):
    client = limited.test_client()
    for _ in range(3):
        attempt(client, person.email)
    monkeypatch.setattr(passwords, "matches", lambda *_: pytest.fail("looked at"))
    assert attempt(client, person.email, PASSWORD).status_code == 429


def test_an_address_that_nobody_has_is_treated_alike(limited, person, frozen_time, count_sql):
    seen: list[Any] = []
    limited.test_client().get("/login")
    for email, place in ((person.email, "10.0.0.1"), ("nobody@example.org", "10.0.0.2")):
        client = limited.test_client()
        with count_sql() as sql:
            answers = [attempt(client, email, place=place) for _ in range(5)]
        said = [(answer.status_code, answer.headers.get("Retry-After")) for answer in answers]
        words = [re.sub(r'(content|value|nonce)="[^"]*"', "", answer.text) for answer in answers]
        seen.append((said, words, sql.statements))
    assert [status for status, _ in seen[0][0]] == [422, 422, 422, 429, 429]
    assert seen[0] == seen[1]


def test_the_address_that_was_typed_is_not_kept(limited, frozen_time):
    attempt(limited.test_client(), "nobody@example.org")
    with limited.app_context():
        [row] = db.session.execute(select(SignIn.__table__)).all()
    assert row.user_id is None
    assert "nobody" not in repr(row)


@pytest.mark.parametrize("spelling", [str.upper, str.capitalize, lambda email: f" {email} "])
def test_spellings_of_an_address_share_their_attempts(limited, person, spelling):
    client = limited.test_client()
    for _ in range(3):
        attempt(client, person.email)
    assert attempt(client, spelling(person.email), PASSWORD).status_code == 429


def test_limits_can_be_switched_off(build_fresh_app, make_fresh):
    app = build_fresh_app(ratelimit_enabled=False, ratelimit_auth="1 per day")
    app.config["WTF_CSRF_ENABLED"] = False
    person, client = make_fresh.student(password=PASSWORD), app.test_client()
    assert [attempt(client, person.email).status_code for _ in range(4)] == [422] * 4
    assert outcomes(app) == ["failed"] * 4
    assert attempt(client, person.email, PASSWORD).status_code == 303


@pytest.mark.parametrize("known", [True, False])
def test_many_attempts_at_one_moment_are_no_more_than_one_after_the_other(
    limited, person, monkeypatch, frozen_time, known
):
    looked_at, really = [], passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda *args: looked_at.append(1) or really(*args))
    cookie = None
    if known:
        own = limited.test_client()
        attempt(own, person.email, PASSWORD)
        cookie, looked_at[:] = own.get_cookie("portal_device").value, []
    barrier, answers = threading.Barrier(12), []

    def guess(number: int) -> None:
        client = limited.test_client()
        if cookie:
            client.set_cookie("portal_device", cookie)
        barrier.wait(10)
        answers.append(attempt(client, person.email, place="10.0.0.1" if known else f"10.0.0.{number}").status_code)

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(set(answers) | {429}) in ([422, 429], [429])
    assert len(answers) == 12
    assert len(looked_at) == answers.count(422) <= 3
    assert "started" not in outcomes(limited)


def test_no_transaction_is_open_while_a_password_is_checked(limited, person, monkeypatch):
    seen, really = [], passwords.matches

    def look(*args):
        seen.append(db.session.registry().in_transaction())
        return really(*args)

    monkeypatch.setattr(passwords, "matches", look)
    waited = []
    monkeypatch.setattr(
        proving, "answer_no_sooner_than", lambda _: waited.append(db.session.registry().in_transaction())
    )
    attempt(limited.test_client(), person.email)
    attempt(limited.test_client(), person.email, PASSWORD)
    assert (seen, waited) == ([False, False], [False])


def test_a_deactivated_account_is_refused_with_the_right_password(limited, person):
    with limited.app_context():
        db.session.execute(update(User).values(is_active=False))
        db.session.commit()
    assert attempt(limited.test_client(), person.email, PASSWORD).status_code == 422
    assert outcomes(limited) == ["failed"]


def test_one_browser_twice_at_one_moment_is_one_device(limited, person, make_fresh):
    other, first = make_fresh.student(password=PASSWORD), limited.test_client()
    attempt(first, other.email, PASSWORD)
    cookie, barrier, answers = first.get_cookie("portal_device").value, threading.Barrier(3), []

    def enter() -> None:
        client = limited.test_client()
        client.set_cookie("portal_device", cookie)
        barrier.wait(10)
        answers.append(attempt(client, person.email, PASSWORD).status_code)

    threads = [threading.Thread(target=enter) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [303] * 3
    with limited.app_context():
        assert len(db.session.scalars(select(Device.id).where(Device.user_id == person.user_id)).all()) == 1
