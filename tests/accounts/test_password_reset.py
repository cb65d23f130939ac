"""A forgotten password: the answer is the same for everybody, and the link works once, for its owner alone."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median

import pytest
from sqlalchemy import func, select, update

from portal import clock
from portal.accounts import passwords, queries
from portal.accounts.models import Device, Identity, OneTimeToken, User, UserSession
from portal.accounts.routes import forgotten
from portal.accounts.services import Purpose, invite
from portal.accounts.services.passwords import reset_password
from portal.accounts.services.tokens import end_tokens, hash_token, issue_token
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.errors import NotFound
from portal.extensions import db
from tests.support.letters import link_of, listening, seen
from tests.support.people import PASSWORD

NEW = "four words in a row"


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "ROUNDS", 4)


@pytest.fixture
def sent():
    with listening() as sent:
        yield sent


@pytest.fixture
def ask(app, sent):
    """Asks for a link as a stranger; gives the address in the mail, None when none is sent."""

    def do(email: str) -> str | None:
        before = len(sent.letters)
        assert app.test_client().post("/password/forgot", data={"email": email}).status_code == 200
        with app.app_context():
            return link_of(sent.letters[-1]) if len(sent.letters) > before else None

    return do


def put(client, address, password=NEW, again=None):
    return client.post(address, data={"password": password, "again": password if again is None else again})


def sign_in_by_form(client, email, password):
    return client.post("/login", data={"email": email, "password": password})


def read(app, *columns):
    with app.app_context():
        return db.session.execute(select(*columns)).all()


# --- asking


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
    assert "Look into your mail" in answers["unknown"][1]
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


def test_the_answer_takes_the_same_time_for_every_address(app, strangers):
    app.config["PORTAL_ANSWER_FLOOR"] = 0.25
    took: dict[str, list[float]] = {}
    try:
        for _ in range(3):
            for kind in ("known", "unknown", "inactive", "invited"):
                began = time.perf_counter()
                app.test_client().post("/password/forgot", data={"email": strangers[kind]})
                took.setdefault(kind, []).append(time.perf_counter() - began)
    finally:
        app.config["PORTAL_ANSWER_FLOOR"] = 0
    medians = {kind: median(times) for kind, times in took.items()}
    assert max(medians.values()) < 1.1 * min(medians.values()), medians
    assert min(medians.values()) >= 0.25


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
        ("x" * 1_500_000, "longer than any email address"),
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


# --- setting it


def test_the_link_sets_the_password_and_signs_in(app, client, new_client, ask, make):
    person = make.student(password=PASSWORD)
    address = ask(person.email)
    page = client.get(address)
    assert person.full_name in page.text
    assert person.email in page.text
    answer = put(client, address)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/courses/").status_code == 200
    assert sign_in_by_form(new_client(), person.email, NEW).status_code == 303
    assert sign_in_by_form(new_client(), person.email, PASSWORD).status_code == 422
    assert read(app, UserSession.method) == [("reset",), ("password",)]


def test_the_link_works_once(client, new_client, ask, make):
    address = ask(make.student(password=PASSWORD).email)
    put(client, address)
    for answer in (new_client().get(address), put(new_client(), address, "another good password")):
        assert answer.status_code == 404
        assert "This link no longer works" in answer.text
        assert 'href="/password/forgot"' in answer.text


def test_the_link_works_for_one_hour(client, ask, make, frozen_time):
    address = ask(make.student(password=PASSWORD).email)
    frozen_time.shift(timedelta(hours=1, seconds=-1))
    assert client.get(address).status_code == 200
    frozen_time.shift(timedelta(seconds=1))
    assert client.get(address).status_code == 404
    assert put(client, address).status_code == 404


def test_looking_at_the_page_uses_nothing_up(client, ask, make):
    address = ask(make.student(password=PASSWORD).email)
    assert {client.get(address).status_code for _ in range(3)} == {200}
    assert put(client, address).status_code == 303


@pytest.mark.parametrize("purpose", [Purpose.INVITATION, Purpose.CONFIRMATION, Purpose.NOTIFICATION_ADDRESS])
def test_a_link_for_something_else_opens_nothing_here(app, client, make, purpose):
    person = make.student(password=PASSWORD)
    with app.app_context():
        token = issue_token(person.user_id, purpose, "a key", address="a@example.org").token
        db.session.commit()
    assert client.get(f"/password/reset/{token}").status_code == 404
    assert put(client, f"/password/reset/{token}").status_code == 404


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "é", "%ED%A0%80"])
def test_an_unknown_link_is_over(client, token):
    assert client.get(f"/password/reset/{token}").status_code == 404
    assert put(client, f"/password/reset/{token}").status_code == 404


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
        codes = list(pool.map(lambda password: put(fresh_app.test_client(), address, password).status_code, chosen))
    assert sorted(codes) == [303, 404]
    winner = chosen[codes.index(303)]
    assert sign_in_by_form(fresh_app.test_client(), person.email, winner).status_code == 303
    assert [action for (action,) in read(fresh_app, AuditEvent.action)].count("reset_password") == 1


def test_of_two_who_have_seen_the_link_unused_one_wins(app, ask, make, monkeypatch):
    """The same with both on the way at the worst moment, on every database."""
    token = ask(make.student(password=PASSWORD).email).rpartition("/")[2]
    with app.app_context():
        seen_by_both = queries.find_open_token(hash_token(token), Purpose.RESET)
        reset_password(token, NEW, System())
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
    put(client, ask(person.email))
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
    put(client, ask(person.email))
    assert read(app, User.is_confirmed) == [(True,)]
    assert client.get("/courses/").status_code == 200


def test_an_account_of_single_sign_on_gets_a_password_besides(app, client, new_client, ask, strangers):
    put(client, ask(strangers["single sign-on"]))
    assert sign_in_by_form(new_client(), strangers["single sign-on"], NEW).status_code == 303
    assert read(app, func.count(Identity.id)) == [(1,)]


def test_a_deactivated_account_stays_closed(app, client, ask, make):
    person = make.student(password=PASSWORD)
    address = ask(person.email)
    with app.app_context():
        db.session.execute(update(User).values(is_active=False))
        db.session.commit()
    assert client.get(address).status_code == 404
    assert put(client, address).status_code == 404


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
    answer = put(client, address, password, again)
    assert answer.status_code == 422
    assert said in answer.text
    assert put(client, address).status_code == 303


def test_a_stranger_cannot_bring_more_than_a_password(app, client, ask, make):
    person = make.student(password=PASSWORD)
    more = {"role": "admin", "is_active": "", "session_epoch": "0", "id": "1", "email": "x@example.org"}
    client.post(ask(person.email), data={"password": NEW, "again": NEW, **more})
    assert read(app, User.role, User.is_active, User.email) == [("student", True, person.email)]


def test_the_address_of_the_page_reaches_nobody_else_and_no_cache(client, ask, make):
    address = ask(make.student(password=PASSWORD).email)
    for answer in (client.get(address), put(client, address, "short"), client.get("/password/reset/none")):
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
        "password": NEW,
        "again": NEW,
        "csrf_token": page.text.split('name="csrf-token" content="')[1].split('"')[0],
    }
    for referer, status in (("https://other.example.org/", 400), (f"{host}/", 303)):
        answer = client.post(f"/password/reset/{token}", data=data, base_url=host, headers={"Referer": referer})
        assert answer.status_code == status


def test_forms_without_their_token_are_refused(fresh_app):
    client = fresh_app.test_client()
    assert client.post("/password/forgot", data={"email": "a@example.org"}).status_code == 400
    assert put(client, "/password/reset/x").status_code == 400


def test_a_session_that_a_stranger_left_in_the_browser_is_not_taken_over(client, ask, make):
    with client.session_transaction() as session:
        session["left"] = "by a stranger"
    put(client, ask(make.student(password=PASSWORD).email))
    with client.session_transaction() as session:
        assert "left" not in session
