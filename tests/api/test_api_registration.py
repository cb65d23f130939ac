"""Registering by the API: nobody gets more than is open to strangers, nor learns whose addresses are known."""

import time

import jwt
import pytest
from sqlalchemy import func, select

from portal.accounts.models import Facilitator, Student, User
from portal.accounts.services import registration
from portal.audit.services import System
from portal.extensions import db
from tests.support.letters import CHOSEN, link_of
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

SOMEONE = {"email": "New.Person@example.org", "password": CHOSEN, "first_name": "Ada", "last_name": "Byron"}
COLLEAGUE = {**SOMEONE, "role": "facilitator", "specialization": "Web Development", "employee_id": "FAC001"}


def register(asks, **changed):
    return asks("POST", "/auth/register", {**SOMEONE, **changed})


def read(app, *columns):
    with app.app_context():
        return db.session.execute(select(*columns).order_by(User.id)).all()


def confirm(app, sent):
    with app.app_context():
        token = link_of(sent.letters[-1]).rpartition("/")[2]
        registration.confirm(token, CHOSEN, System())
        db.session.commit()


def test_a_student_registers_and_waits_for_the_confirmation(app, program, sent):
    answer = register(program(), role="student")
    assert answer.status_code == 201
    assert set(answer.json) == {"message", "user", "token", "refresh_token", "expires_in"}
    assert answer.json["user"] == {
        "id": None,
        "email": "new.person@example.org",
        "first_name": "Ada",
        "last_name": "Byron",
        "role": "student",
        "is_active": True,
    }
    found = (User.email, User.role, User.first_name, User.is_confirmed)
    assert read(app, *found) == [("new.person@example.org", "student", "Ada", False)]
    assert [letter.purpose for letter in sent.letters] == ["confirmation"]


def test_until_then_the_tokens_say_what_is_missing_and_afterwards_they_work(app, program, sent):
    asks = program()
    given = register(asks).json
    asks.token = given["token"]
    answer = asks("GET", "/auth/me")
    assert answer.status_code == 403
    assert answer.json["details"] == [
        "Confirm your email address first: follow the link in the mail that was sent to it."
    ]
    assert asks("POST", "/auth/refresh", {"refresh_token": given["refresh_token"]}).status_code == 401
    confirm(app, sent)
    assert asks("GET", "/auth/me").json["email"] == "new.person@example.org"
    new = asks("POST", "/auth/refresh", {"refresh_token": given["refresh_token"]}).json
    assert jwt.decode(new["token"], options={"verify_signature": False})["id"] == asks("GET", "/auth/me").json["id"]


def test_signing_in_before_the_confirmation_is_refused_to_who_has_the_password_alone(program, sent):
    register(program())
    credentials = {"email": SOMEONE["email"], "password": CHOSEN}
    answer = program()("POST", "/auth/login", credentials)
    assert answer.status_code == 403
    assert "Confirm your email address first" in answer.json["details"][0]
    assert program()("POST", "/auth/login", {**credentials, "password": "another-one-7"}).status_code == 401


def shape(answer):
    """All that two answers may not differ in."""
    body = answer.json
    claims = jwt.decode(body["token"], options={"verify_signature": False})
    header = jwt.get_unverified_header(body["token"])
    lengths = (len(body["token"]), len(body["refresh_token"]), len(claims["sid"]), len(claims["jti"]))
    names = [name for name, _ in answer.headers]
    fixed = {name: claims[name] for name in claims if name not in {"sid", "jti", "iat", "exp", "email"}}
    user = body["user"] | {"email": ""}
    return answer.status_code, body["message"], user, body["expires_in"], lengths, names, fixed, header


@pytest.mark.parametrize("kind", ["active", "inactive", "unconfirmed", "admin"])
def test_a_known_address_gets_the_same_answer_and_tokens_that_open_nothing(app, make, program, sent, kind):
    known = make.admin() if kind == "admin" else make.student(password=PASSWORD, is_active=kind != "inactive")
    # As long as the known one, so that the tokens are too.
    unknown = "x" * len(known.email.partition("@")[0]) + "@example.org"
    if kind == "unconfirmed":
        register(program(), email="z" * len(known.email.partition("@")[0]) + "@example.org")
        known_email = "z" * len(known.email.partition("@")[0]) + "@example.org"
    else:
        known_email = known.email
    asks, stranger = program(), program()
    first, second = register(asks, email=known_email), register(stranger, email=unknown)
    assert shape(first) == shape(second)
    for one, answer in ((asks, first), (stranger, second)):
        one.token = answer.json["token"]
    tries = [
        ("GET", "/auth/me", None),
        ("GET", "/users", None),
        ("PATCH", "/auth/me", {"first_name": "X"}),
        ("POST", "/auth/refresh", "refresh_token"),
        ("POST", "/auth/logout", "refresh_token"),
        ("GET", "/auth/me", None),
        ("POST", "/auth/refresh", "refresh_token"),
        ("POST", "/auth/logout", {}),
    ]
    for method, path, body in tries:
        answers = [
            one(method, path, {body: given.json[body]} if isinstance(body, str) else body)
            for one, given in ((asks, first), (stranger, second))
        ]
        seen = [(answer.status_code, answer.json | {"request_id": ""}, len(answer.headers)) for answer in answers]
        assert seen[0] == seen[1], (method, path)
        assert answers[0].status_code in {200, 401, 403}


def test_only_the_owner_of_a_known_address_is_told(app, make, program, sent):
    known = make.student(password=PASSWORD)
    register(program(), email=known.email)
    assert [notice.kind for notice in sent.notices] == ["already_registered"]
    assert sent.letters == []
    with app.app_context():
        assert db.session.scalar(select(func.count(User.id))) == 1
    assert program()("POST", "/auth/login", {"email": known.email, "password": CHOSEN}).status_code == 401


@pytest.mark.timing
def test_how_long_it_takes_tells_nothing(app, make, program):
    addresses = [make.student(password=PASSWORD).email for _ in range(3)]
    app.config["PORTAL_ANSWER_FLOOR"] = 0.4
    taken = []
    try:
        for number, email in enumerate(addresses):
            pair = []
            for address in (email, f"nobody{number}@example.org"):
                began = time.perf_counter()
                assert register(program(), email=address).status_code == 201
                pair.append(time.perf_counter() - began)
            taken.append(pair)
    finally:
        app.config["PORTAL_ANSWER_FLOOR"] = 0
    # What a busy machine adds now and then is in the others; what answers sooner or later always does so.
    quickest = [min(column) for column in zip(*taken, strict=True)]
    assert max(quickest) <= min(quickest) * 1.1, quickest


@pytest.mark.parametrize("role", ["admin", "manager", "facilitator"])
def test_a_role_that_is_not_open_needs_the_office(app, make, program, sent, role):
    for asks in (program(), program(make.student()), program(make.facilitator())):
        answer = register(asks, role=role)
        assert answer.status_code == 403
        assert answer.json["fields"]["role"]
    bad = program()
    bad.token = "nonsense"
    assert register(bad, role=role).status_code == 401
    assert sent.letters == []
    assert SOMEONE["email"].lower() not in [email for (email,) in read(app, User.email)]


@pytest.mark.parametrize("role", ["student", "manager"])
def test_a_token_that_does_not_hold_makes_nobody_a_stranger(app, program, sent, role):
    asks = program()
    asks.token = "portal_that-was-revoked"
    answer = register(asks, role=role)
    assert answer.status_code == 401
    assert "invalid_token" in answer.headers["WWW-Authenticate"]
    assert read(app, User.email) == []
    assert sent.letters == []


@pytest.mark.parametrize("role", ["root", "", "ADMIN", None, 1, ["admin"], {"admin": True}, "admin\0"])
def test_what_is_no_role_is_invalid(app, program, role):
    answer = register(program(), role=role)
    assert answer.status_code == 400
    assert "role" in answer.json["fields"]


@pytest.mark.parametrize(
    "slipped",
    [
        {"is_active": True},
        {"is_confirmed": True},
        {"id": 1},
        {"roles": ["admin"]},
        {"session_epoch": 5},
        {"password_hash": "x"},
        {"user": {"role": "admin"}},
        {"__class__": "x"},
    ],
)
def test_no_member_is_slipped_in(app, program, sent, slipped):
    answer = register(program(), **slipped)
    assert answer.status_code == 400
    assert list(answer.json["fields"]) == list(slipped)
    assert read(app, User.id) == []


@pytest.mark.parametrize(("asking", "role"), [("admin", "admin"), ("admin", "manager"), ("manager", "student")])
def test_the_office_makes_accounts_that_work_at_once(app, make, program, sent, asking, role):
    asks = program(getattr(make, asking)())
    answer = register(asks, role=role)
    assert answer.status_code == 201, answer.text
    new = program()
    new.token = answer.json["token"]
    assert new("GET", "/auth/me").json["id"] == answer.json["user"]["id"]
    assert new("GET", "/auth/me").json["role"] == role
    signed_in = program()("POST", "/auth/login", {"email": SOMEONE["email"], "password": CHOSEN})
    assert signed_in.status_code == 200
    assert sent.letters == []


def test_the_example_of_the_documents_makes_a_facilitator(app, make, program):
    answer = program(make.admin())("POST", "/auth/register", COLLEAGUE)
    assert answer.status_code == 201
    with app.app_context():
        kept = db.session.execute(select(Facilitator.employee_id, Facilitator.specialization)).all()
    assert kept == [("FAC001", "Web Development")]


@pytest.mark.parametrize("role", ["admin", "manager"])
def test_a_manager_makes_no_manager(app, make, program, role):
    assert register(program(make.manager()), role=role).status_code == 403


def test_the_office_is_told_of_duplicates(app, make, program):
    asks = program(make.manager())
    known = make.facilitator(profile={"employee_id": "FAC001"})
    assert register(asks, role="facilitator", email=known.email).status_code == 409
    answer = asks("POST", "/auth/register", COLLEAGUE)
    assert answer.status_code == 409
    assert list(answer.json["fields"]) == ["employee_id"]
    assert len(read(app, User.id)) == 2


def test_where_facilitators_register_themselves_the_office_gives_the_employee_id(app, program, offering, sent):
    offering("student,facilitator")
    assert program()("POST", "/auth/register", COLLEAGUE).status_code == 201
    with app.app_context():
        (kept,) = db.session.execute(select(Facilitator.employee_id, Facilitator.specialization)).all()
    assert kept.employee_id != "FAC001"
    assert kept.specialization == "Web Development"


def test_where_registration_is_closed_nobody_registers(app, program, offering):
    offering("")
    assert register(program()).status_code == 403
    with app.app_context():
        assert db.session.scalar(select(func.count(Student.id))) == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "a@b\r\nBcc: x@example.org"),
        ("email", "x" * 300 + "@example.org"),
        ("email", 7),
        ("password", "short"),
        ("password", "password123"),
        ("password", "p" * 73),
        ("password", "🦜" * 40),
        ("first_name", ""),
        ("first_name", "x" * 101),
        ("first_name", "\u202edamn"),
        ("last_name", "a\nb"),
        ("last_name", None),
    ],
)
def test_what_will_not_do_names_its_field(app, program, sent, field, value):
    answer = register(program(), **{field: value})
    assert answer.status_code == 400, answer.text
    assert list(answer.json["fields"]) == [field]
    assert answer.json["details"] == answer.json["fields"][field]
    assert read(app, User.id) == []


def test_everything_that_is_missing_is_said_at_once(program):
    answer = program()("POST", "/auth/register", {})
    assert answer.status_code == 400
    assert answer.json["error"] == "Validation error"
    assert answer.json["details"] == ["Email is required", "Password is required", "First name is required"]
