"""A forgotten password: the answer is the same for everybody, and the link goes to the owner alone."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from portal import clock
from portal.accounts.models import Identity, OneTimeToken
from portal.accounts.routes import forgotten
from portal.accounts.services import invite
from portal.accounts.services.tokens import end_tokens
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.extensions import db
from tests.support.letters import listening, seen
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn


def read(app, *columns):
    with app.app_context():
        return db.session.execute(select(*columns)).all()


@pytest.fixture
def strangers(app, make):
    """Addresses of every kind, by what stands behind them."""
    sso, invited, withdrawn = make.student(), make.student(), make.student()
    with app.app_context():
        db.session.add(Identity(issuer="https://id.example.org", subject="1", user_id=sso.user_id))
        for person in (invited, withdrawn):
            invite(person.email, "a key", System())
        end_tokens([withdrawn.user_id])
        db.session.execute(update(OneTimeToken).values(created_at=clock.now() - timedelta(days=1)))
        db.session.commit()
    return {
        "known": make.student(password=PASSWORD).email,
        "unknown": "nobody@example.org",
        "inactive": make.student(password=PASSWORD, is_active=False).email,
        "unconfirmed": make.student(password=PASSWORD, is_confirmed=False).email,
        "single sign-on": sso.email,
        "invited": invited.email,
        "withdrawn": withdrawn.email,
        "not invited yet": make.student().email,
    }


def test_the_answer_is_the_same_for_every_address(client, strangers):
    answers = {
        kind: seen(client.post("/password/forgot", data={"email": email}), email) for kind, email in strangers.items()
    }
    assert answers["unknown"][0] == 200
    assert "Check your mail" in answers["unknown"][1]
    for kind, answer in answers.items():
        assert answer == answers["unknown"], kind


def test_a_link_goes_to_whoever_may_have_a_password(ask, strangers, sent):
    got = {kind: (ask(email) or "").rpartition("/")[0] for kind, email in strangers.items()}
    assert got == {
        "known": "/password/reset",
        "unknown": "",
        "inactive": "",
        "unconfirmed": "/password/reset",
        "single sign-on": "/password/reset",
        "invited": "/invitations",
        "withdrawn": "",
        "not invited yet": "",
    }


@pytest.mark.timing
def test_the_answer_takes_the_same_time_for_every_address(app, strangers):
    app.config["PORTAL_ANSWER_FLOOR"] = 0.25
    took: dict[str, list[float]] = {}
    try:
        for _ in range(5):
            for kind in ("known", "unknown", "inactive", "invited"):
                began = time.perf_counter()
                app.test_client().post("/password/forgot", data={"email": strangers[kind]})
                took.setdefault(kind, []).append(time.perf_counter() - began)
    finally:
        app.config["PORTAL_ANSWER_FLOOR"] = 0
    # What a busy machine adds now and then is in the others; a kind that answers sooner or later always does so.
    quickest = {kind: min(times) for kind, times in took.items()}
    assert max(quickest.values()) < 1.1 * min(quickest.values()), quickest
    assert min(quickest.values()) >= 0.25


def test_nothing_is_open_in_the_database_while_it_waits(app, make, monkeypatch):
    waited = []
    monkeypatch.setattr(
        forgotten, "answer_no_sooner_than", lambda _: waited.append(db.session.registry().in_transaction())
    )
    for email in (make.student(password=PASSWORD).email, "nobody@example.org"):
        app.test_client().post("/password/forgot", data={"email": email})
    assert waited == [False, False]


@pytest.mark.parametrize(
    ("email", "said"),
    [
        ("", "Enter your email address."),
        ("   ", "Enter your email address."),
        ("no address", "is not an email address."),
        ("a@b", "is not an email address."),
        ("nul\0@example.org", "is not an email address."),
        ("a@example.org\r\nBcc: b@example.org", "is not an email address."),
        ("a@example.org, b@example.org", "is not an email address."),
        (f"{'x' * 250}@example.org", "longer than any email address"),
        ("x" * 400_000, "longer than any email address"),
    ],
)
def test_what_is_no_address_is_told_at_the_field(client, sent, email, said):
    answer = client.post("/password/forgot", data={"email": email})
    assert answer.status_code == 422
    assert said in answer.text
    assert sent.letters == []


def test_another_spelling_of_the_same_address_reaches_its_owner(ask, make):
    person = make.student(password=PASSWORD)
    assert ask(f"  {person.email.upper()} ")


def test_a_link_is_sent_every_five_minutes_at_most(ask, make, frozen_time):
    person = make.student(password=PASSWORD)
    first = ask(person.email)
    frozen_time.shift(timedelta(minutes=4, seconds=59))
    assert ask(person.email) is None
    frozen_time.shift(timedelta(seconds=1))
    second = ask(person.email)
    assert second not in {None, first}


def test_two_who_ask_at_once_cause_one_mail(fresh_app, make_fresh):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    person, together = make_fresh.student(password=PASSWORD), threading.Barrier(4)

    def go(_: int) -> int:
        client = fresh_app.test_client()
        together.wait(10)
        return client.post("/password/forgot", data={"email": person.email}).status_code

    with listening() as sent, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(go, range(4)))
    assert answers == [200] * 4
    assert len(sent.letters) == 1
    assert read(fresh_app, func.count(OneTimeToken.id)) == [(1,)]


def test_asking_is_limited_for_each_typed_address_whoever_has_it(build_fresh_app, make_fresh):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="3 per 15 minutes")
    app.config["WTF_CSRF_ENABLED"] = False
    known = make_fresh.student(password=PASSWORD).email

    def ask_from(place: int, email: str) -> int:
        answer = app.test_client().post(
            "/password/forgot", data={"email": email}, environ_base={"REMOTE_ADDR": f"10.0.0.{place}"}
        )
        return answer.status_code

    for email in (known, "nobody@example.org"):
        spelled = [email, email.upper(), f" {email}", email]
        assert [ask_from(place, one) for place, one in enumerate(spelled)] == [200, 200, 200, 429]
    # From one place sixty of them, whatever is typed.
    assert [ask_from(99, f"a{number}@example.org") for number in range(61)] == [200] * 60 + [429]


def test_what_is_asked_leaves_an_audit_row_without_the_token(app, ask, make):
    person = make.student(password=PASSWORD)
    token = ask(person.email).rpartition("/")[2]
    rows = read(app, AuditEvent.action, AuditEvent.entity_id, AuditEvent.changes)
    assert rows == [("send_reset_link", person.user_id, {})]
    assert token not in str(read(app, OneTimeToken.token_hash, OneTimeToken.nonce))
