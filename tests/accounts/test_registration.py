"""Registering: nobody gets more than what is open to strangers, and nobody gets into somebody else's address."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from statistics import median

import pytest
from sqlalchemy import func, select, update

from portal import clock
from portal.accounts import passwords
from portal.accounts.models import Facilitator, Identity, OneTimeToken, Student, User, UserSession
from portal.accounts.routes import registration as pages
from portal.accounts.services import Purpose, invite, registration
from portal.accounts.services.tokens import issue_token
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.config import load_settings
from portal.extensions import db
from portal.notifications.delivering import deliver_pending
from portal.notifications.models import Notification
from tests.support.letters import link_of, listening, seen
from tests.support.people import PASSWORD

CHOSEN = "four words in a row"
ALINE = {"first_name": "Aline", "last_name": "Uwase", "email": "aline@example.org"}


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    monkeypatch.setattr(passwords, "ROUNDS", 4)


@pytest.fixture
def sent():
    with listening() as sent:
        yield sent


def register(client, password=CHOSEN, **typed):
    return client.post("/register", data=ALINE | {"password": password, "again": password} | typed)


def sign_in_by_form(client, email, password):
    return client.post("/login", data={"email": email, "password": password})


def read(app, *columns):
    with app.app_context():
        return db.session.execute(select(*columns).order_by(User.id)).all()


@pytest.fixture
def link(app, sent):
    """The address in the mail that was sent last."""

    def do() -> str:
        with app.app_context():
            return link_of(sent.letters[-1])

    return do


@pytest.fixture
def offering(app):
    """Lets strangers register with these roles."""
    before = app.config["PORTAL"]

    def do(roles: str) -> None:
        app.config["PORTAL"] = before.model_copy(update={"registration_roles": roles})

    yield do
    app.config["PORTAL"] = before


# --- making an account


def test_registering_makes_an_account_that_waits(app, client, new_client, sent):
    client.get("/lang/fr")
    answer = register(client)
    assert answer.status_code == 200
    assert "aline@example.org" in answer.text
    row = read(app, User.email, User.first_name, User.last_name, User.role, User.locale, User.is_confirmed)
    assert row == [("aline@example.org", "Aline", "Uwase", "student", "fr", False)]
    with app.app_context():
        assert db.session.scalar(select(func.count(Student.id))) == 1
    assert [purpose for _, purpose in sent.purposes()] == ["confirmation"]
    assert "portal" not in client.get("/courses/").headers.get("Set-Cookie", "")
    assert client.get("/courses/").status_code == 303
    refused = sign_in_by_form(new_client(), "aline@example.org", CHOSEN)
    assert refused.status_code == 422
    assert "Confirm your email address first" in refused.text


def test_the_link_and_the_password_open_it(app, client, new_client, link, sent):
    register(client)
    page = client.get(link())
    assert "Aline Uwase" in page.text
    assert "aline@example.org" in page.text
    assert read(app, User.is_confirmed) == [(False,)]
    answer = client.post(link(), data={"password": CHOSEN})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/courses/").status_code == 200
    assert read(app, User.is_confirmed) == [(True,)]
    with app.app_context():
        assert db.session.scalars(select(UserSession.method)).all() == ["registration"]
        actions = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions == ["create", "send_confirmation_link", "confirm_address"]


def test_the_link_works_once_for_seven_days(client, new_client, link, sent, frozen_time):
    register(client)
    address = link()
    frozen_time.shift(timedelta(days=7, seconds=-1))
    assert client.get(address).status_code == 200
    frozen_time.shift(timedelta(seconds=1))
    for answer in (client.get(address), client.post(address, data={"password": CHOSEN})):
        assert answer.status_code == 404
        assert "This link no longer works" in answer.text
    # The way to another one: signing in.
    sign_in_by_form(client, ALINE["email"], CHOSEN)
    newer = link()
    assert newer != address
    assert client.post(newer, data={"password": CHOSEN}).status_code == 303
    assert new_client().get(newer).status_code == 404
    assert new_client().post(newer, data={"password": CHOSEN}).status_code == 404


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "é"])
def test_an_unknown_link_is_over(client, token):
    assert client.get(f"/confirm/{token}").status_code == 404
    assert client.post(f"/confirm/{token}", data={"password": CHOSEN}).status_code == 404


def test_a_link_for_something_else_confirms_nothing(app, client, make):
    person = make.student(password=PASSWORD, is_confirmed=False)
    for purpose in (Purpose.RESET, Purpose.INVITATION):
        with app.app_context():
            token = issue_token(person.user_id, purpose, "a key").token
            db.session.commit()
        assert client.post(f"/confirm/{token}", data={"password": PASSWORD}).status_code == 404


def test_of_two_who_confirm_at_once_one_wins(fresh_app, make_fresh, monkeypatch):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    with listening() as sent:
        register(fresh_app.test_client())
    with fresh_app.app_context():
        address = link_of(sent.letters[0])
    together, really = threading.Barrier(2), passwords.matches

    def match_together(password: str, kept: str | None) -> bool:
        together.wait(10)
        return really(password, kept)

    monkeypatch.setattr(passwords, "matches", match_together)

    def go(_: int) -> int:
        return fresh_app.test_client().post(address, data={"password": CHOSEN}).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, range(2))) == [303, 404]


def test_the_address_of_the_page_reaches_nobody_else_and_no_cache(client, link, sent):
    register(client)
    for answer in (client.get(link()), client.post(link(), data={"password": "another one"})):
        assert answer.headers["Referrer-Policy"] == "strict-origin"
        assert answer.headers["Cache-Control"] == "no-store"


# --- somebody else's address


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

    def change_meanwhile(token_id: int) -> bool:
        db.session.execute(update(User).values(password_hash="$2b$04$of-somebody-else"))
        return really(token_id)

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


def test_the_answer_takes_the_same_time_whoever_has_the_address(app, owners, monkeypatch):
    """With hashes as slow as in production: a known address must not save their time."""
    monkeypatch.setattr(passwords, "ROUNDS", 12)
    app.config["PORTAL_ANSWER_FLOOR"] = 0.5
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
    medians = {kind: median(times) for kind, times in took.items()}
    assert max(medians.values()) < 1.1 * min(medians.values()), medians


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


# --- what may be chosen


@pytest.mark.parametrize("role", ["admin", "manager", "facilitator", "", "STUDENT", "student\0"])
def test_a_role_that_is_not_open_is_refused(app, client, sent, role):
    answer = register(client, role=role)
    assert answer.status_code == 422
    assert "Nobody can register with this role." in answer.text
    assert read(app, User.id) == []
    assert sent.letters == []


def test_no_second_role_is_slipped_in(app, client):
    answer = register(client, role=["student", "admin"])
    assert answer.status_code == 422
    assert read(app, User.id) == []


def test_with_several_roles_one_is_chosen(app, client, offering, link, sent):
    offering("student,facilitator")
    page = client.get("/register").text
    assert 'value="facilitator"' in page
    assert 'value="student"' in page
    assert "Choose what you are here as." in register(client).text
    assert "Nobody can register" in register(client, role="manager").text
    assert register(client, role="facilitator").status_code == 200
    assert read(app, User.role) == [("facilitator",)]
    with app.app_context():
        assert db.session.scalar(select(func.count(Facilitator.id))) == 1


def test_with_one_role_there_is_nothing_to_choose(client):
    assert 'name="role"' not in client.get("/register").text


def test_nobody_registers_where_it_is_closed(app, client, offering, sent):
    offering("")
    for answer in (client.get("/register"), register(client), register(client, role="student")):
        assert answer.status_code == 404
        assert "Registration is by invitation" in answer.text
    assert read(app, User.id) == []
    assert "/register" not in client.get("/login").text


def test_the_settings_open_no_other_role():
    for role in ("admin", "manager", "student,admin"):
        with pytest.raises(SystemExit):
            load_settings(registration_roles=role, _env_file=None)


def test_a_stranger_sets_nothing_else(app, client, make):
    admin = make.admin(password=PASSWORD)
    more = {
        "is_active": "", "is_confirmed": "1", "session_epoch": "99", "id": str(admin.user_id), "user_id": "1",
        "locale": "fr", "password_hash": "x", "title": "Dr", "last_login_at": "2026-01-01", "time_zone": "UTC",
    }  # fmt: skip
    assert register(client, **more).status_code == 200
    columns = (User.is_active, User.is_confirmed, User.session_epoch, User.locale, User.title, User.last_login_at)
    assert read(app, *columns)[1:] == [(True, False, 0, "en", None, None)]
    assert read(app, User.id)[1][0] != admin.user_id


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"first_name": ""}, "Enter your first name."),
        ({"first_name": "   "}, "Enter your first name."),
        ({"last_name": ""}, "Enter your last name."),
        ({"first_name": "x" * 101}, "Names hold 100 characters"),
        ({"first_name": "x" * 1_000_000}, "Names hold 100 characters"),
        ({"first_name": "nul\0inside"}, "control character"),
        ({"last_name": "Uwase\r\nBcc: everyone@example.org"}, "control character"),
        ({"last_name": "\u202eesawU"}, "turns the reading order"),
        ({"email": ""}, "Enter your email address."),
        ({"email": "nobody"}, "is not an email address."),
        ({"email": "a@example.org\r\nBcc: b@example.org"}, "is not an email address."),
        ({"email": "a@example.org, b@example.org"}, "is not an email address."),
        ({"email": "Aline <a@example.org>"}, "is not an email address."),
        ({"email": "nul\0@example.org"}, "is not an email address."),
        ({"email": f"{'x' * 250}@example.org"}, "longer than any email address"),
        ({"password": "short", "again": "short"}, "Use at least 10 characters."),
        ({"password": "é" * 40, "again": "é" * 40}, "Use at most 72 characters."),
        ({"password": "aline-uwase-1", "again": "aline-uwase-1"}, "Your name, your address"),
        ({"password": "teachingportal", "again": "teachingportal"}, "Your name, your address"),
        ({"again": "four words in a raw"}, "The two passwords differ."),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_made(app, client, sent, typed, said):
    answer = register(client, **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert CHOSEN not in answer.text
    assert read(app, User.id) == []
    assert sent.letters == []


@pytest.mark.parametrize(
    ("first", "last"), [("ያሬድ", "ተስፋዬ"), ("محمد", "العربي"), ("Zoë 🌻", "O’Neill-Žižek"), ("می‌خواهم", "x")]
)
def test_names_of_every_script_are_kept(app, client, first, last):
    assert register(client, first_name=f"  {first} ", last_name=last).status_code == 200
    assert read(app, User.first_name, User.last_name) == [(first, last)]


def test_a_name_cannot_add_a_header_to_the_mail(fresh_app, mail_files):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    register(fresh_app.test_client(), first_name='Aline" <boss@example.org>,', last_name="Uwase, Bcc: all@example.org")
    with fresh_app.app_context():
        deliver_pending(fresh_app.config["PORTAL"])
    mails = mail_files(fresh_app)
    assert len(mails) == 1
    assert [address.addr_spec for address in mails[0]["To"].addresses] == ["aline@example.org"]
    assert mails[0]["Bcc"] is None


def test_the_mail_brings_the_link(fresh_app, mail_files):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    client = fresh_app.test_client()
    with listening() as sent:
        register(client)
    with fresh_app.app_context():
        deliver_pending(fresh_app.config["PORTAL"])
        address = link_of(sent.letters[0])
    body = mail_files(fresh_app)[0].get_body(("plain",)).get_content()
    assert address in body
    assert client.post(address, data={"password": CHOSEN}).status_code == 303


def test_registering_is_limited_for_each_network_address(build_fresh_app):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="1 per 15 minutes")
    app.config["WTF_CSRF_ENABLED"] = False
    codes = [register(app.test_client(), email="nobody").status_code for _ in range(21)]
    assert codes == [422] * 20 + [429]
    elsewhere = app.test_client().post("/register", data={}, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert elsewhere.status_code == 422


def test_whoever_is_signed_in_needs_no_account(client, make, sign_in):
    sign_in(client, make.student())
    assert client.get("/register").headers["Location"] == "/"


def test_forms_without_their_token_are_refused(fresh_app):
    client = fresh_app.test_client()
    assert register(client).status_code == 400
    assert client.post("/confirm/x", data={"password": CHOSEN}).status_code == 400


# --- accounts that nobody confirms


def test_accounts_that_nobody_confirmed_are_deleted_after_30_days(app, client, make, frozen_time):
    register(client)
    frozen_time.shift(timedelta(days=1))
    register(client, email="later@example.org")
    kept = [make.student(is_confirmed=False, last_login_at=clock.now()).email, make.student().email]
    frozen_time.shift(timedelta(days=29, seconds=1))
    with app.app_context():
        assert registration.delete_some_unconfirmed() == 1
        db.session.commit()
        assert registration.delete_some_unconfirmed() == 0
        assert db.session.scalar(select(func.count(OneTimeToken.id))) == 1
        assert db.session.scalar(select(func.count(Notification.id))) == 1
        deeds = db.session.scalars(select(AuditEvent.action).where(AuditEvent.action.startswith("delete"))).all()
        changes = str(db.session.scalars(select(AuditEvent.changes)).all())
    assert read(app, User.email) == [("later@example.org",), *[(email,) for email in kept]]
    assert deeds == ["delete_unconfirmed"]
    assert "later@example.org" in changes
    assert "aline@example.org" not in changes


def test_one_that_stands_on_a_roster_stays(app, make, frozen_time):
    person = make.student(password=PASSWORD, is_confirmed=False)
    make.enrolment(make.offering(), person)
    frozen_time.shift(timedelta(days=31))
    with app.app_context():
        assert registration.delete_some_unconfirmed() == 0
        db.session.commit()
        assert db.session.get(User, person.user_id) is not None
