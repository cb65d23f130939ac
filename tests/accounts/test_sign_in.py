"""Signing in by the form: who gets in, where they land, and what is said to those who do not."""

import pytest
from sqlalchemy import select, update

from portal.accounts.models import Device, SignIn, User
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.roles import Role
from tests.support.people import PASSWORD, add_facilitator_profile
from tests.support.web import FIREFOX

pytestmark = pytest.mark.in_turn

ELSEWHERE = [
    *("https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example"),
    *("/\\/evil.example", "http:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example"),
    *("evil.example", "//[", "/\\[", " //evil.example", "\x00//evil.example"),
]
NOBODY = ["", "7", "7.0", "９.0", "x" * 43, "x" * 5000, "nul\0within", "é" * 43, 7, True, ["x"], {"x": 1}]
WRONG = "Email or password is wrong"


def post(client, email, password=PASSWORD, **more):
    return client.post("/login", data={"email": email, "password": password, **more})


def is_in(client) -> bool:
    return client.get("/login").status_code == 302


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.ADMIN, "/compliance/"),
        (Role.MANAGER, "/compliance/"),
        (Role.FACILITATOR, "/tracker/"),
        (Role.STUDENT, "/courses/"),
    ],
)
def test_each_role_gets_in_and_lands_at_its_work(client, make, role, home):
    person = getattr(make, role.value)(password=PASSWORD)
    assert post(client, person.email).headers["Location"] == "/"
    assert client.get("/").headers["Location"] == home


def test_a_manager_who_also_teaches_lands_at_the_office(app, client, make):
    person = make.manager(password=PASSWORD)
    with app.app_context():
        add_facilitator_profile(person)
    post(client, person.email)
    assert client.get("/").headers["Location"] == "/compliance/"


def test_the_address_may_be_typed_in_capitals_and_with_spaces(client, make):
    make.student(email="ada@example.org", password=PASSWORD)
    assert post(client, " ADA@Example.org ").status_code == 303


@pytest.mark.parametrize("typed", ["Another-password-1", PASSWORD + "x", PASSWORD.upper(), " " + PASSWORD])
def test_a_wrong_password_is_refused_and_the_address_is_kept(client, make, typed):
    person = make.student(password=PASSWORD)
    answer = post(client, person.email, typed)
    assert answer.status_code == 422
    assert WRONG in answer.text
    assert f'value="{person.email}"' in answer.text
    assert typed not in answer.text
    assert not is_in(client)


def test_an_unknown_address_a_wrong_password_and_an_inactive_account_are_answered_alike(client, make):
    known = make.student(password=PASSWORD)
    inactive = make.student(password=PASSWORD, is_active=False)
    invited = make.student()
    answers = [
        post(client, known.email, "Another-password-1"),
        post(client, "nobody@example.org"),
        post(client, inactive.email),
        post(client, invited.email),
    ]
    for answer, email in zip(answers, (known.email, "nobody@example.org", inactive.email, invited.email), strict=True):
        assert answer.status_code == 422
        assert answer.text.replace(email, "") == answers[0].text.replace(known.email, "") or WRONG in answer.text


@pytest.mark.parametrize(
    "typed",
    ["x" * 1000, "x" * 100_000, "nul\0within", "📚" * 50, "\u202eright to left", "' OR 1=1 --", "%s%n", "\x85\u2028"],
)
def test_odd_input_is_refused_without_a_fault(client, make, typed):
    person = make.student(password=PASSWORD)
    assert post(client, person.email, typed).status_code == 422
    assert post(client, typed, PASSWORD).status_code == 422
    assert post(client, person.email, PASSWORD, next=typed).headers["Location"] == "/"


def test_a_password_is_not_cut_at_the_72_bytes_that_bcrypt_reads(client, make):
    person = make.student(password="x" * 72)
    assert post(client, person.email, "x" * 73).status_code == 422
    assert post(client, person.email, "x" * 72).status_code == 303


@pytest.mark.parametrize("missing", ["email", "password"])
def test_an_empty_field_is_named(client, missing):
    data = {"email": "ada@example.org", "password": PASSWORD} | {missing: ""}
    answer = client.post("/login", data=data)
    assert answer.status_code == 422
    assert f'id="{missing}-error"' in answer.text


def test_who_is_signed_in_already_goes_on(client, make, sign_in):
    sign_in(client, make.student())
    assert client.get("/login?next=/courses/").headers["Location"] == "/courses/"


def test_after_signing_in_people_arrive_where_they_were_going(client, make):
    person = make.student(password=PASSWORD)
    asked = client.get("/courses/?a=1&b=2").headers["Location"]
    shown = client.get(asked).text
    assert 'value="/courses/?a=1&amp;b=2"' in shown
    assert post(client, person.email, next="/courses/?a=1&b=2").headers["Location"] == "/courses/?a=1&b=2"


@pytest.mark.parametrize("address", ELSEWHERE)
def test_nobody_is_sent_to_another_host(client, make, sign_in, address):
    person = make.student(password=PASSWORD)
    assert post(client, person.email, next=address).headers["Location"] == "/"
    assert client.get("/login", query_string={"next": address}).headers["Location"] == "/"
    assert client.get("/lang/fr", query_string={"next": address}).headers["Location"] == "/"


def test_a_sign_in_is_recorded(app, client, make, frozen_time):
    person = make.student(password=PASSWORD)
    post(client, person.email, "a-wrong-password")
    client.post("/login", data={"email": person.email, "password": PASSWORD}, headers={"User-Agent": FIREFOX})
    with app.app_context():
        failed, succeeded = db.session.scalars(select(SignIn).order_by(SignIn.id)).all()
        assert (failed.user_id, failed.outcome, failed.device_id) == (person.user_id, "failed", None)
        assert (succeeded.user_id, succeeded.outcome, succeeded.method) == (person.user_id, "succeeded", "password")
        assert (succeeded.user_agent, succeeded.network_address) == (FIREFOX, "127.0.0.1")
        assert succeeded.device_id == db.session.scalar(select(Device.id))
        assert person.email not in succeeded.address_key
        assert db.session.scalar(select(AuditEvent.id)) is None
        assert db.session.scalar(select(User.last_login_at)).isoformat() == "2026-10-14T12:00:00+00:00"


def test_the_sign_in_page_asks_the_database_once_at_most(app, client, make, count_sql):
    app.extensions["portal_season"].forget()
    with count_sql() as cold:
        client.get("/login")
    with count_sql() as warm:
        client.get("/login")
    assert len(cold) == 1, cold.text
    assert len(warm) == 0, warm.text


def test_a_sign_in_takes_few_statements(client, make, count_sql):
    person = make.student(password=PASSWORD)
    with count_sql() as sql:
        post(client, person.email)
    assert len(sql) == 7, sql.text


def test_signing_out_ends_the_session_and_keeps_the_language(client, make, sign_in):
    sign_in(client, make.student())
    client.get("/lang/fr")
    answer = client.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert not is_in(client)
    assert '<html lang="fr">' in client.get("/login").text


def test_signing_out_is_no_link(client, make, sign_in):
    sign_in(client, make.student())
    assert client.get("/logout").status_code == 405
    assert is_in(client)


def test_a_deactivated_person_is_out_at_once(app, client, make, sign_in):
    person = make.student()
    sign_in(client, person)
    assert is_in(client)
    with app.app_context():
        db.session.execute(update(User).where(User.id == person.user_id).values(is_active=False))
        db.session.commit()
    assert not is_in(client)


def test_raising_the_epoch_ends_every_session(app, client, new_client, make, sign_in):
    person, other = make.student(), new_client()
    sign_in(client, person)
    sign_in(other, person)
    with app.app_context():
        db.session.execute(update(User).where(User.id == person.user_id).values(session_epoch=User.session_epoch + 1))
        db.session.commit()
    assert not is_in(client)
    assert not is_in(other)


@pytest.mark.parametrize("kept", NOBODY)
def test_a_session_of_nobody_is_nobodys(client, kept):
    with client.session_transaction() as session:
        session["_user_id"] = kept
    assert client.get("/login").status_code == 200
    assert client.get("/courses/").status_code == 303


def test_the_page_leads_to_a_new_password_and_to_registering(client):
    text = client.get("/login").text
    assert 'href="/password/forgot"' in text
    assert 'href="/register"' in text


def test_where_nobody_may_register_the_page_does_not_offer_it(build_fresh_app):
    text = build_fresh_app(registration_roles="").test_client().get("/login").text
    assert "/register" not in text
    assert "Ask your academic office for an invitation." in text
