"""Registering an address that somebody has: nobody gets in, and nobody learns whose it is."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.accounts import passwords
from portal.accounts.models import Identity, OneTimeToken, User
from portal.accounts.routes import registration as pages
from portal.accounts.services import invite, registration
from portal.audit.services import System
from portal.extensions import db
from tests.support.letters import ALINE, CHOSEN, listening, register, seen, sign_in_by_form
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn


def read(app, *columns):
    with app.app_context():
        return db.session.execute(select(*columns).order_by(User.id)).all()


def test_whoever_registers_somebody_elses_address_never_gets_in(app, client, new_client, link, sent):
    """The victim's click confirms nothing: only the password of the registration does, or one of their own."""
    register(client, "the stranger's own words")
    victim = new_client()
    assert victim.post(link(), data={"password": "what the victim would type"}).status_code == 422
    assert read(app, User.is_confirmed) == [(False,)]
    # The victim registers too: nothing of it is taken over, and they get a link of their own.
    with app.app_context():
        db.session.execute(update(OneTimeToken).values(created_at=clock.now() - timedelta(minutes=5)))
        db.session.commit()
    register(victim, "the victim's own words", first_name="Victim")
    assert len(sent.letters) == 2
    refused = victim.post(link(), data={"password": "the victim's own words"})
    assert refused.status_code == 422
    assert 'href="/password/forgot"' in refused.text
    assert read(app, User.first_name, User.is_confirmed) == [("Aline", False)]
    # The way out: a password of their own.
    victim.post("/password/forgot", data={"email": ALINE["email"]})
    victim.post(link(), data={"password": "the victim's own words", "again": "the victim's own words"})
    assert victim.get("/courses/").status_code == 200
    assert sign_in_by_form(client, ALINE["email"], "the stranger's own words").status_code == 422


def test_a_link_cannot_be_used_after_the_password_was_set_anew(app, client, link, sent, monkeypatch):
    register(client)
    really = registration.use_token

    def change_meanwhile(*link: int) -> bool:
        db.session.execute(update(User).values(password_hash="$2b$04$of-somebody-else"))
        return really(*link)

    monkeypatch.setattr(registration, "use_token", change_meanwhile)
    assert client.post(link(), data={"password": CHOSEN}).status_code == 404
    with app.app_context():
        db.session.rollback()
        assert db.session.scalar(select(User.is_confirmed)) is False


@pytest.fixture
def owners(app, make):
    """Addresses of every kind, by what stands behind them."""
    sso, invited = make.student(), make.student()
    with app.app_context():
        db.session.add(Identity(issuer="https://id.example.org", subject="1", user_id=sso.user_id))
        invite(invited.email, "a key", System())
        db.session.execute(update(OneTimeToken).values(created_at=clock.now() - timedelta(days=1)))
        db.session.commit()
    return {
        "known": make.student(password=PASSWORD),
        "inactive": make.student(password=PASSWORD, is_active=False),
        "unconfirmed": make.student(password=PASSWORD, is_confirmed=False),
        "single sign-on": sso,
        "invited": invited,
        "not invited yet": make.student(),
        "administrator": make.admin(password=PASSWORD),
    }


def test_the_answer_is_the_same_whoever_has_the_address(client, owners, sent):
    stranger = seen(register(client, email="nobody@example.org"), "nobody@example.org")
    assert stranger[0] == 200
    for kind, person in owners.items():
        assert seen(register(client, email=person.email), person.email) == stranger, kind


@pytest.mark.every_database
def test_the_owner_of_an_address_is_told_and_nothing_is_taken_over(app, client, owners, sent):
    with app.app_context():
        before = db.session.execute(select(User.id, User.password_hash, User.first_name, User.role)).all()
    for person in owners.values():
        register(client, email=person.email.upper(), first_name="Somebody")
    with app.app_context():
        assert db.session.execute(select(User.id, User.password_hash, User.first_name, User.role)).all() == before
    ids = {kind: person.user_id for kind, person in owners.items()}
    assert sent.purposes() == [(ids["unconfirmed"], "confirmation"), (ids["invited"], "invitation")]
    told = [ids[kind] for kind in ("known", "single sign-on", "administrator")]
    assert sent.kinds() == [(user_id, "already_registered") for user_id in told]


def test_the_owner_is_told_once_a_day(client, make, sent, frozen_time):
    person = make.student(password=PASSWORD)
    for _ in range(3):
        assert register(client, email=person.email).status_code == 200
    assert len({notice.key for notice in sent.notices}) == 1
    frozen_time.shift(timedelta(days=1))
    register(client, email=person.email)
    assert len({notice.key for notice in sent.notices}) == 2


@pytest.mark.parametrize("kind", ["unconfirmed", "invited"])
def test_registering_an_address_again_and_again_is_no_way_to_fill_its_mailbox(frozen_time, client, owners, sent, kind):
    for _ in range(3):
        register(client, email=owners[kind].email)
    assert len(sent.letters) == 1


@pytest.mark.timing
@pytest.mark.slow_hashes
def test_the_answer_takes_the_same_time_whoever_has_the_address(app, owners):
    """With hashes as slow as in production: a known address must not save their time."""
    began = time.perf_counter()
    passwords.hash_password("a-password-of-12-rounds")
    # Above what bcrypt takes, however busy this machine is.
    app.config["PORTAL_ANSWER_FLOOR"] = max(0.5, 4 * (time.perf_counter() - began))
    took: dict[str, list[float]] = {}
    try:
        for turn in range(3):
            for kind in ("known", "unconfirmed", "nobody"):
                email = owners[kind].email if kind in owners else f"nobody{turn}@example.org"
                began = time.perf_counter()
                assert register(app.test_client(), email=email).status_code == 200
                took.setdefault(kind, []).append(time.perf_counter() - began)
    finally:
        app.config["PORTAL_ANSWER_FLOOR"] = 0
    # What a busy machine adds now and then is in the others; a kind that answers sooner or later always does so.
    quickest = {kind: min(times) for kind, times in took.items()}
    assert max(quickest.values()) < 1.1 * min(quickest.values()), quickest


@pytest.mark.every_database
def test_no_transaction_is_open_while_it_hashes_or_waits(app, monkeypatch):
    open_then, really = [], passwords.hash_password

    def look(password: str) -> str:
        open_then.append(db.session.registry().in_transaction())
        return really(password)

    monkeypatch.setattr(passwords, "hash_password", look)
    monkeypatch.setattr(
        pages, "answer_no_sooner_than", lambda _: open_then.append(db.session.registry().in_transaction())
    )
    register(app.test_client())
    register(app.test_client())
    assert open_then == [False] * 4


@pytest.mark.every_database
def test_two_who_register_one_address_at_once_get_one_account_and_one_answer(fresh_app, monkeypatch):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    together, really = threading.Barrier(3), passwords.hash_password

    def hash_together(password: str) -> str:
        hashed = really(password)
        together.wait(10)
        return hashed

    monkeypatch.setattr(passwords, "hash_password", hash_together)

    def go(number: int) -> tuple[int, str, dict[str, str]]:
        return seen(register(fresh_app.test_client(), f"{CHOSEN} {number}"), ALINE["email"])

    with listening() as sent, ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(go, range(3)))
    assert answers[0][0] == 200
    assert answers == [answers[0]] * 3
    assert read(fresh_app, User.email) == [("aline@example.org",)]
    assert len(sent.letters) == 1
