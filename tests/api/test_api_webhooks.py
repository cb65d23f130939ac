"""Webhooks by the API."""

import json

import pytest
from sqlalchemy import select

from portal.api.models import KeptAnswer
from portal.api.schemas.webhooks import EventType
from portal.extensions import db
from portal.webhooks.events import TYPES
from tests.web.webhook_scenes import make_endpoint

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.one_database]
GOOD = {"url": "https://hooks.example.org/portal", "events": ["log.submitted", "allocation.changed"]}


@pytest.fixture
def asks(program, make):
    return program(make.admin())


def test_from_made_to_deleted(asks):
    made = asks("POST", "/webhooks", GOOD)
    assert (made.status_code, made.headers["Cache-Control"]) == (201, "no-store")
    assert made.json["secret"].startswith("whsec_")
    one = made.headers["Location"].removeprefix("/api")
    read = asks("GET", one)
    assert "secret" not in read.json
    assert (read.json["state"], read.json["version"]) == ("enabled", 1)
    listed = asks("GET", "/webhooks?sort=-id")
    assert (listed.headers["X-Total-Count"], listed.json) == ("1", [read.json])
    changed = asks("PATCH", one, {"description": "Timetable", "state": "disabled"}, headers={"If-Match": '"1"'})
    assert (changed.json["description"], changed.json["disabled_reason"]) == ("Timetable", "by_hand")
    assert asks("PATCH", one, {"events": ["log.excused"], "version": 1}).status_code == 409
    assert asks("POST", f"{one}/test").status_code == 409
    assert asks("PATCH", one, {"state": "enabled"}).json["state"] == "enabled"
    assert asks("POST", f"{one}/test").status_code == 202
    (message,) = asks("GET", f"{one}/messages?type=webhook.test").json
    assert (message["state"], message["attempts"]) == ("pending", [])
    assert message["webhook_id"].startswith("msg_")
    assert asks("POST", f"{one}/test").status_code == 202
    assert asks("GET", f"{one}/messages?sort=id&limit=1").json == [message]
    rotated = asks("POST", f"{one}/rotate")
    assert rotated.json["secret"] not in {None, made.json["secret"]}
    assert rotated.json["previous_secret_until"] == "2026-10-15T12:00:00Z"
    assert asks("DELETE", one, headers={"If-Match": '"1"'}).status_code == 409
    assert asks("DELETE", one).status_code == 204
    assert asks("GET", one).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"url": "http://hooks.example.org/"}, "url"),
        ({"url": "https://[::1]/"}, "url"),
        ({"url": ""}, "url"),
        ({"url": "https://é.example.org/\n"}, None),
        ({"url": 7}, "url"),
        ({"events": []}, "events"),
        ({"events": ["webhook.test"]}, "events.0"),
        ({"events": ["log.submitted"] * 21}, "events"),
        ({"description": "x" * 201}, "description"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_names_its_field(asks, change, field):
    answer = asks("POST", "/webhooks", GOOD | change)
    assert answer.status_code == (400 if field else 201)
    if field:
        assert list(answer.json["fields"]) == [field]


def test_a_message_is_sent_again(app, asks):
    endpoint_id, delivery_id = make_endpoint(app)
    one = f"/webhooks/{endpoint_id}/messages"
    assert [row["state"] for row in asks("GET", f"{one}?state=failed").json] == ["failed"]
    again = asks("POST", f"{one}/{delivery_id}/replay")
    assert (again.status_code, again.json["state"]) == (202, "pending")
    assert asks("POST", f"{one}/4711/replay").status_code == 404
    assert asks("GET", "/webhooks/4711/messages").status_code == 404


def test_a_secret_is_not_kept_with_the_answer_to_a_key(app, asks):
    headers = {"Idempotency-Key": "once"}
    first, second = (asks("POST", "/webhooks", GOOD, headers=headers) for _ in range(2))
    assert (first.json["id"], second.headers["Idempotent-Replayed"]) == (second.json["id"], "true")
    assert second.json == first.json | {"secret": None}
    with app.app_context():
        kept = db.session.scalars(select(KeptAnswer)).one()
        assert "whsec_" not in str(vars(kept))


@pytest.mark.parametrize("role", ["student", "facilitator", "manager"])
def test_it_is_open_to_administrators_alone(app, make, program, role):
    other = program(getattr(make, role)())
    endpoint_id, _delivery = make_endpoint(app)
    for method, path in (("GET", ""), ("POST", ""), ("GET", f"/{endpoint_id}"), ("POST", f"/{endpoint_id}/rotate")):
        assert other(method, f"/webhooks{path}", GOOD if method == "POST" else None).status_code == 403


def test_the_list_costs_the_same_with_one_and_with_twelve(app, asks, count_sql):
    def cost(path):
        with count_sql() as sql:
            assert asks("GET", path).status_code == 200
        return len(sql)

    endpoint_id, _delivery = make_endpoint(app)
    before = cost("/webhooks"), cost(f"/webhooks/{endpoint_id}/messages")
    for _ in range(11):
        make_endpoint(app)
    assert before == (cost("/webhooks"), cost(f"/webhooks/{endpoint_id}/messages"))


def test_the_document_names_every_event():
    assert json.dumps(TYPES) == json.dumps(EventType.__args__)
