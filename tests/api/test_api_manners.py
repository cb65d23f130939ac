"""What all answers have: tags, keys against doing things twice, other origins, personal tokens, changed keys."""

import gzip
import threading
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from portal import clock
from portal.accounts.jwt import key_id
from portal.accounts.models import ApiToken, User
from portal.accounts.services.api_tokens import make_token, revoke_token
from portal.api.models import KeptAnswer
from portal.audit.services import System
from portal.catalogue.models import Module
from portal.extensions import db
from tests.support.api import Program

pytestmark = pytest.mark.in_turn

MODULE = {"code": "CS101", "name": "Introduction", "credits": 3}


@pytest.fixture
def office(make, program):
    return program(make.manager())


def modules(app):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Module))


# --- ETag


def test_what_is_there_already_is_not_sent_again(fresh_app, make_fresh):
    office = Program(fresh_app, make_fresh.manager())
    offering = make_fresh.offering(make_fresh.facilitator(first_name="Ada"))
    for path in ("/course-offerings", f"/course-offerings/{offering.id}", "/modules", "/auth/me"):
        first = office("GET", path)
        tag = {"If-None-Match": first.headers["ETag"]}
        assert first.headers["Cache-Control"] == "private, no-cache"
        again = office("GET", path, headers=tag)
        assert (again.status_code, again.data) == (304, b""), path
    tag = {"If-None-Match": office("GET", "/course-offerings").headers["ETag"]}
    assert office("PATCH", f"/course-offerings/{offering.id}", {"title": "Anew"}).status_code == 200
    changed = office("GET", "/course-offerings", headers=tag)
    assert (changed.status_code, changed.json[0]["title"]) == (200, "Anew")
    tag = {"If-None-Match": changed.headers["ETag"]}
    with fresh_app.app_context():
        db.session.scalars(select(User).where(User.first_name == "Ada")).one().first_name = "Béa"
        db.session.commit()
    assert office("GET", "/course-offerings", headers=tag).json[0]["facilitator"]["user"]["first_name"] == "Béa"


# --- Idempotency-Key


@pytest.mark.every_database
def test_the_same_request_is_done_once(app, office):
    key = {"Idempotency-Key": "a-key-of-mine"}
    first = office("POST", "/modules", MODULE, headers=key)
    assert first.status_code == 201, first.text
    again = office("POST", "/modules", MODULE, headers=key)
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert modules(app) == 1
    other = office("POST", "/modules", MODULE | {"credits": 4}, headers=key)
    assert (other.status_code, list(other.json["fields"])) == (422, ["Idempotency-Key"])
    assert office("POST", "/modules", MODULE, headers={"Idempotency-Key": "x" * 201}).status_code == 400


def test_a_key_whose_request_failed_may_be_used_again(app, office):
    key = {"Idempotency-Key": "k"}
    assert office("POST", "/modules", {"code": "CS101"}, headers=key).status_code == 400
    assert office("POST", "/modules", MODULE, headers=key).status_code == 201
    assert modules(app) == 1


def test_a_key_is_its_owners(app, make, program, office):
    key = {"Idempotency-Key": "k"}
    assert office("POST", "/modules", MODULE, headers=key).status_code == 201
    assert program(make.manager())("POST", "/modules", MODULE, headers=key).status_code == 409


@pytest.mark.every_database
def test_at_one_moment_one_is_done_and_the_others_wait_or_get_its_answer(fresh_app, make_fresh):
    person, barrier, answers = make_fresh.manager(), threading.Barrier(6), []
    key = {"Idempotency-Key": "k"}

    def ask():
        asks = Program(fresh_app, person)
        barrier.wait(10)
        answers.append(asks("POST", "/modules", MODULE, headers=key))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.text for answer in answers if answer.status_code == 201}) == 1
    assert modules(fresh_app) == 1
    with fresh_app.app_context():
        assert [kept.status for kept in db.session.scalars(select(KeptAnswer))] == [201]
    assert Program(fresh_app, person)("POST", "/modules", MODULE, headers=key).headers["Idempotent-Replayed"] == "true"


def test_an_answer_is_kept_for_a_day(app, make, program):
    person, key, moment = make.manager(), {"Idempotency-Key": "k"}, clock.now()
    with time_machine.travel(moment, tick=False):
        assert program(person)("POST", "/modules", MODULE, headers=key).status_code == 201
    with time_machine.travel(moment + timedelta(hours=23, minutes=59), tick=False):
        assert program(person)("POST", "/modules", MODULE, headers=key).headers["Idempotent-Replayed"] == "true"
    with time_machine.travel(moment + timedelta(hours=24), tick=False):
        assert program(person)("POST", "/modules", MODULE | {"code": "CS102"}, headers=key).status_code == 201
    assert modules(app) == 2


def test_who_can_unpack_gets_it_packed(office):
    for number in range(20):
        assert office("POST", "/modules", MODULE | {"code": f"CS{number}"}).status_code == 201
    plain = office("GET", "/modules")
    packed = office("GET", "/modules", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert "Content-Encoding" not in plain.headers


# --- other origins


def test_no_other_origin_gets_in_unless_it_is_named(app, office):
    asked = {"Origin": "https://app.example.org", "Access-Control-Request-Method": "POST"}
    closed = office.client.options("/api/modules", headers=asked)
    assert "Access-Control-Allow-Origin" not in closed.headers
    before = app.config["PORTAL"]
    app.config["PORTAL"] = before.model_copy(update={"cors_origins": "https://app.example.org"})
    try:
        opened = office.client.options("/api/modules", headers=asked)
        assert (opened.status_code, opened.headers["Access-Control-Allow-Origin"]) == (204, "https://app.example.org")
        assert "Authorization" in opened.headers["Access-Control-Allow-Headers"]
        told = office("GET", "/modules", headers={"Origin": "https://app.example.org"})
        assert told.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
        assert (
            "Access-Control-Allow-Origin" not in office("GET", "/modules", headers={"Origin": "https://x.org"}).headers
        )
    finally:
        app.config["PORTAL"] = before


# --- personal tokens


def token_of(app, person, *scopes, lasts="30"):
    with app.app_context():
        made = make_token(person.user_id, "Timetable", scopes, lasts, System())
        db.session.commit()
    return made


def bearing(app, text):
    asks = Program(app)
    asks.token = text
    return asks


def test_a_personal_token_opens_what_its_scopes_name(app, make):
    person = make.manager()
    made = token_of(app, person, "catalogue:read", "courses:read")
    asks = bearing(app, made.text)
    assert asks("GET", "/modules").status_code == 200
    refused = asks("POST", "/modules", MODULE)
    assert refused.status_code == 403
    assert 'scope="catalogue:write"' in refused.headers["WWW-Authenticate"]
    assert asks("GET", "/activity-tracker").status_code == 403
    assert asks("POST", "/auth/change-password", {"current_password": "x", "new_password": "y"}).status_code == 403
    with app.app_context():
        row = db.session.get(ApiToken, made.id)
        assert row.last_used_at is not None
        assert made.text not in (row.token_hash, row.ending)


def test_its_use_is_noted_once_an_hour(app, make, count_sql):
    asks = bearing(app, token_of(app, make.manager(), "catalogue:read").text)
    asks("GET", "/modules")
    with count_sql() as sql:
        asks("GET", "/modules")
    assert len(sql) == 3  # who asks, the page, how many there are


@pytest.mark.parametrize("end", ["revoke", "deactivate", "epoch", "expire"])
def test_a_token_ends_at_once(app, make, end):
    person = make.manager()
    made = token_of(app, person, "catalogue:read")
    asks = bearing(app, made.text)
    assert asks("GET", "/modules").status_code == 200
    with app.app_context():
        user = db.session.get(User, person.user_id)
        if end == "revoke":
            revoke_token(person.user_id, made.id, System())
        elif end == "deactivate":
            user.is_active = False
        elif end == "epoch":
            user.session_epoch += 1
        else:
            db.session.get(ApiToken, made.id).expires_at = clock.now()
        db.session.commit()
    assert asks("GET", "/modules").status_code == 401


# --- changed keys


def test_tokens_of_the_former_key_hold_while_it_is_named(app, make, program):
    asks = program(make.manager())
    old = app.config["JWT_SECRET"]
    app.config["JWT_SECRET"] = "another secret of at least 32 letters"
    try:
        assert asks("GET", "/auth/me").status_code == 401
        app.config["JWT_SECRET_PREVIOUS"] = old
        assert asks("GET", "/auth/me").status_code == 200
        assert key_id(old) != key_id(app.config["JWT_SECRET"])
    finally:
        app.config["JWT_SECRET"], app.config["JWT_SECRET_PREVIOUS"] = old, ""
