"""A token opens what its person may open, as long as it holds; whatever else is sent opens nothing."""

import base64
import json
import re
from datetime import timedelta

import jwt
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import session

from portal import clock
from portal.accounts.jwt import read_access_token
from portal.accounts.models import User
from portal.accounts.services import administration
from portal.accounts.services.sessions import raise_epoch
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.extensions import db
from portal.roles import Role
from portal.web.access import public
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

KEY = "only-for-tests-0123456789-abcdefghij"
JWT_KEY = f"{KEY}.jwt"
CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "exp", "email", "role")


def claims_of(token):
    return jwt.decode(token, options={"verify_signature": False})


def signed(claims, key=JWT_KEY, algorithm="HS256", **more):
    return jwt.encode(claims, key, algorithm=algorithm, **more)


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def unsigned(claims, algorithm):
    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}."


def with_other_payload(token, **changed):
    header, _, signature = token.split(".")
    return f"{header}.{part(claims_of(token) | changed)}.{signature}"


def by_rsa(claims):
    return signed(claims, rsa.generate_private_key(65537, 2048), "RS256")


def deep_header(token):
    nested = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 1400).rstrip(b"=").decode()
    return ".".join([nested, *token.split(".")[1:]])


FORGERIES = {
    "none": lambda token: unsigned(claims_of(token), "none"),
    "None": lambda token: unsigned(claims_of(token), "None"),
    "NONE": lambda token: unsigned(claims_of(token), "NONE"),
    "no algorithm": lambda token: unsigned(claims_of(token), ""),
    "a list for an algorithm": lambda token: unsigned(claims_of(token), ["HS256"]),
    "none with the signature": lambda token: unsigned(claims_of(token), "none") + token.rpartition(".")[2],
    "without its signature": lambda token: token.rpartition(".")[0] + ".",
    "another signature": lambda token: token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"),
    "another role": lambda token: with_other_payload(token, role="admin"),
    "another id": lambda token: with_other_payload(token, id=1, sub="1"),
    "a longer life": lambda token: with_other_payload(token, exp=4102444800),
    "a key of one's own": lambda token: signed(claims_of(token), "a-key-of-my-own-that-is-long-enough-for-it"),
    "the key of the cookies": lambda token: signed(claims_of(token), KEY),
    "HS384": lambda token: signed(claims_of(token), algorithm="HS384"),
    "HS512": lambda token: signed(claims_of(token), algorithm="HS512"),
    "RS256": lambda token: by_rsa(claims_of(token)),
    "a key in the header": lambda token: signed(
        claims_of(token), "my-own-key-my-own-key-my-own-key", headers={"jwk": {"kty": "oct", "k": "bXk"}, "kid": "../x"}
    ),
    "another issuer": lambda token: signed(claims_of(token) | {"iss": "somebody"}),
    "another audience": lambda token: signed(claims_of(token) | {"aud": "somebody"}),
    "an audience among others": lambda token: signed(claims_of(token) | {"aud": ["course-management-users", "x"]}),
    "over": lambda token: signed(claims_of(token) | {"exp": claims_of(token)["iat"] - 60}),
    "from the future": lambda token: signed(claims_of(token) | {"iat": claims_of(token)["iat"] + 3600}),
    "not yet": lambda token: signed(claims_of(token) | {"nbf": claims_of(token)["iat"] + 3600}),
    "a number for a subject": lambda token: signed(claims_of(token) | {"sub": claims_of(token)["id"]}),
    "the subject of another": lambda token: signed(claims_of(token) | {"sub": "999"}),
    "an id of another": lambda token: signed(claims_of(token) | {"id": 999, "sub": "999"}),
    "a truth for an id": lambda token: signed(claims_of(token) | {"id": True, "sub": "True"}),
    "a text for an id": lambda token: signed(claims_of(token) | {"id": claims_of(token)["sub"]}),
    "an unknown family": lambda token: signed(claims_of(token) | {"sid": "0" * 36}),
    "a number for a family": lambda token: signed(claims_of(token) | {"sid": 7}),
    "a family beyond its column": lambda token: signed(claims_of(token) | {"sid": "x" * 500}),
    "a family with a NUL": lambda token: signed(claims_of(token) | {"sid": "x\0y"}),
    "an expiry beyond time": lambda token: signed(claims_of(token) | {"exp": float("inf")}),
    "a list of claims": lambda token: ".".join([token.split(".")[0], part([1]), token.split(".")[2]]),
    "too large": lambda token: signed(claims_of(token) | {"more": "x" * 3000}),
    "much too large": lambda token: token + "x" * 60_000,
    "nested deeply": deep_header,
    "twice": lambda token: f"{token}, Bearer {token}",
    "two dots": lambda _token: "..",
    "nothing": lambda _token: "",
    "no ASCII": lambda _token: "é.é.é",
    **{f"without {name}": (lambda token, name=name: signed(without(token, name))) for name in CLAIMS},
}


def without(token, name):
    return {key: value for key, value in claims_of(token).items() if key != name}


def test_a_token_says_what_the_contract_says(app, make, program, frozen_time):
    person = make.facilitator()
    claims = claims_of(program(person).token)
    now = int(clock.now().timestamp())
    assert claims | {"sid": "", "jti": ""} == {
        "id": person.user_id,
        "email": person.email,
        "role": "facilitator",
        "sub": str(person.user_id),
        "iat": now,
        "exp": now + 24 * 3600,
        "iss": "course-management-platform",
        "aud": "course-management-users",
        "sid": "",
        "jti": "",
    }
    assert jwt.get_unverified_header(program(person).token)["alg"] == "HS256"
    assert claims["jti"] != claims_of(program(person).token)["jti"]


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_opens_nothing(app, make, program, name):
    asks = program(make.student())
    assert asks("GET", "/auth/me").status_code == 200
    asks.token = FORGERIES[name](asks.token)
    answer = asks("GET", "/auth/me")
    assert answer.status_code == 401, name
    assert answer.json["error"] == "Not signed in"
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="teaching-portal"')


@pytest.mark.parametrize("scheme", ["Basic", "Token", "", "Bearer-X"])
def test_another_scheme_opens_nothing(app, make, program, scheme):
    asks = program(make.student())
    assert asks("GET", "/auth/me", headers={"Authorization": f"{scheme} {asks.token}"}).status_code == 401


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
def test_the_scheme_is_read_in_any_case(app, make, program, scheme):
    asks = program(make.student())
    assert asks("GET", "/auth/me", headers={"Authorization": f"{scheme} {asks.token}"}).status_code == 200


def test_the_role_is_read_from_the_account_and_not_from_the_token(app, make, program):
    asks = program(make.student())
    asks.token = signed(claims_of(asks.token) | {"role": "admin", "email": "admin@example.org"})
    assert asks("GET", "/users").status_code == 403
    assert asks("GET", "/auth/me").json["role"] == "student"


def test_a_token_of_a_machine_whose_clock_is_a_little_ahead_is_fine(app, make, program):
    asks = program(make.student())
    asks.token = signed(claims_of(asks.token) | {"iat": claims_of(asks.token)["iat"] + 5})
    assert asks("GET", "/auth/me").status_code == 200


ENDINGS = {
    "deactivation": lambda user_id: administration.deactivate(user_id, System()),
    "another role": lambda user_id: administration.change_role(user_id, Role.FACILITATOR, Role.STUDENT, System()),
    "another password": raise_epoch,
    "signed out everywhere": lambda user_id: administration.end_all_sessions(user_id, System()),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_ends_sessions_ends_every_token_at_once(app, make, program, name):
    person = make.student(password=PASSWORD)
    first, second = program(person), program(person)
    with app.app_context():
        ENDINGS[name](person.user_id)
        db.session.commit()
    for asks in (first, second):
        assert asks("GET", "/auth/me").status_code == 401
        answer = asks("POST", "/auth/refresh", {"refresh_token": asks.refresh_token})
        assert answer.status_code == 401
        assert "token" not in answer.json


def test_an_account_that_is_off_opens_nothing_even_where_nobody_raised_its_epoch(app, make, program):
    person = make.student()
    asks = program(person)
    with app.app_context():
        db.session.execute(sa.update(User).values(is_active=False))
        db.session.commit()
    assert asks("GET", "/auth/me").status_code == 401
    assert asks("POST", "/auth/refresh", {"refresh_token": asks.refresh_token}).status_code == 401


def test_who_comes_back_does_not_get_their_old_tokens_back(app, make, program):
    person = make.student()
    asks = program(person)
    with app.app_context():
        administration.deactivate(person.user_id, System())
        administration.reactivate(person.user_id, System())
        db.session.commit()
    assert asks("GET", "/auth/me").status_code == 401
    assert program(person)("GET", "/auth/me").status_code == 200


def test_a_token_is_over_after_a_day(app, make, program, frozen_time):
    asks = program(make.student())
    frozen_time.shift(timedelta(hours=24, seconds=-1))
    assert asks("GET", "/auth/me").status_code == 200
    frozen_time.shift(timedelta(seconds=30))
    assert asks("GET", "/auth/me").status_code == 401


def test_knowing_who_asks_takes_one_statement(app, make, program, count_sql):
    asks = program(make.manager())
    with count_sql() as sql:
        asks("POST", "/users", {})
    assert len(sql) == 1, sql.text
    asks.token = "nonsense"
    with count_sql() as sql:
        asks("GET", "/users")
    assert len(sql) == 0, sql.text


def test_the_cookie_of_the_pages_opens_nothing_here(app, client, make, sign_in):
    sign_in(client, make.admin())
    assert client.get("/notifications/").status_code == 200
    for path in ("/api/auth/me", "/api/users", "/api/nowhere"):
        answer = client.get(path)
        assert answer.status_code in {401, 404}
        assert "Set-Cookie" not in answer.headers
    client.set_cookie("remember_token", "1|abc")
    assert client.get("/api/auth/me").status_code == 401


def test_below_api_there_is_no_session_to_read_or_write(build_fresh_app):
    app = build_fresh_app()
    app.add_url_rule("/api/peek", "peek", public(lambda: session.get("language", "nothing")))
    app.add_url_rule("/peek", "peek_page", public(lambda: session.get("language", "nothing")))
    app.add_url_rule("/api/write", "write", public(lambda: session.update(language="fr") or "written"))
    client = app.test_client()
    client.get("/lang/fr")
    assert (client.get("/peek").text, client.get("/api/peek").text) == ("fr", "nothing")
    assert client.get("/api/write").status_code == 500


def test_a_token_opens_none_of_the_pages(app, client, make, program):
    asks = program(make.admin())
    answer = client.get("/notifications/", headers={"Authorization": f"Bearer {asks.token}"})
    assert answer.status_code == 303


def test_the_api_needs_no_csrf_token_and_sets_no_cookie(fresh_app, make_fresh, program):
    person = make_fresh.student(password=PASSWORD)
    answer = program(over=fresh_app)("POST", "/auth/login", {"email": person.email, "password": PASSWORD})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_neither_the_database_nor_the_audit_holds_a_token(app, make, program):
    person = make.student()
    asks = program(person)
    new = asks("POST", "/auth/refresh", {"refresh_token": asks.refresh_token}).json
    asks("POST", "/auth/logout", {"refresh_token": new["refresh_token"]})
    with app.app_context():
        kept = [str(row) for table in ("refresh_tokens", "audit_events") for row in rows_of(table)]
        actions = set(db.session.scalars(sa.select(AuditEvent.action).where(AuditEvent.entity == "refresh_tokens")))
    assert len(kept) > 3
    for secret in (asks.refresh_token, asks.token, new["refresh_token"], new["token"]):
        assert not any(secret in row for row in kept)
    assert {"issue", "renew"} <= actions


def rows_of(table):
    return db.session.execute(sa.text(f"SELECT * FROM {table}")).all()


def test_reading_a_token_asks_nothing_of_the_database(app, make, program):
    token = program(make.student()).token
    with app.app_context():
        found = read_access_token(token)
    assert found is not None
    assert re.fullmatch(r"[0-9a-f-]{36}", found.family)
