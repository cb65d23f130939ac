"""The pages of webhooks, as an administrator uses them and as others try to."""

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.webhooks.models import MessageState, WebhookDelivery, WebhookEndpoint
from portal.webhooks.sealing import box_of
from tests.web.webhook_scenes import make_endpoint

pytestmark = pytest.mark.one_database
PAGE = "/admin/webhooks/"
GOOD = {"url": "https://hooks.example.org/portal", "description": "Timetable", "events": ["log.submitted"]}


@pytest.fixture
def admin(client, make, sign_in):
    person = make.admin()
    sign_in(client, person)
    return person


def secret_in(page):
    return html.unescape(re.search(r'id="secret"[^>]* value="([^"]+)"', page)[1])


def test_from_an_empty_page_to_an_endpoint_with_its_secret(app, client, admin):
    assert "No other system is told of anything" in client.get(PAGE).text
    answer = client.post(f"{PAGE}new", data=GOOD)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    with app.app_context():
        kept = db.session.scalars(select(WebhookEndpoint)).one()
        assert box_of(app.config["SECRET_KEY"]).open(kept.secret) == secret_in(answer.text)
        assert (kept.created_by, kept.events) == (admin.user_id, ["log.submitted"])
        event = db.session.scalars(select(AuditEvent)).one()
        assert (event.action, event.entity, event.changes["url"][1]) == ("create", "webhook_endpoints", GOOD["url"])
        assert "whsec_" not in str(event.changes)
    shown = client.get(f"{PAGE}{kept.id}").text
    assert "whsec_" not in shown
    assert "No message yet" in shown
    assert "Timetable" in client.get(PAGE).text
    assert "https://hooks.example.org/portal" in client.get("/profile/data.json").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": ""}, "This is needed"),
        ({"url": "http://hooks.example.org/"}, "must begin with https://"),
        ({"url": "https://10.0.0.1/"}, "private network"),
        ({"url": "https://a:b@example.org/"}, "Give a whole address"),
        ({"url": "https://example.org/" + "x" * 500}, "500"),
        ({"events": []}, "Choose at least one event"),
        ({"events": ["webhook.test"]}, "not a valid choice"),
        ({"description": "🎓" * 201}, "200"),
    ],
)
def test_what_cannot_be_says_so_at_its_field_and_keeps_what_was_typed(client, admin, change, said):
    answer = client.post(f"{PAGE}new", data=GOOD | {"description": "مرحبا 🎓"} | change)
    assert answer.status_code == 422
    assert said in html.unescape(answer.text)
    assert 'aria-invalid="true"' in answer.text or "events-error" in answer.text
    assert "🎓" in answer.text
    if "events" not in change:
        assert re.search(r'value="log.submitted"[^>]*checked|checked[^>]*value="log.submitted"', answer.text)


def test_a_stale_change_is_said_and_can_be_sent_again(app, client, admin):
    endpoint_id, _delivery = make_endpoint(app)
    page = f"{PAGE}{endpoint_id}/edit"
    assert 'value="https://hooks.example.org/portal"' in client.get(page).text
    assert client.post(page, data=GOOD | {"description": "One", "version": "1"}).status_code == 303
    answer = client.post(page, data=GOOD | {"description": "Two", "version": "1"})
    assert answer.status_code == 409
    assert "Somebody else changed this endpoint" in answer.text
    assert 'value="Two"' in answer.text
    assert client.post(page, data=GOOD | {"description": "Two", "version": "2"}).status_code == 303
    assert client.post(page, data=GOOD | {"version": "9" * 30}).status_code == 409


def test_deeds_of_an_endpoint(app, client, admin):
    endpoint_id, delivery_id = make_endpoint(app)
    one = f"{PAGE}{endpoint_id}"
    page = client.get(one).text
    assert "Given up" in page
    assert "500: answered with an error" in page
    assert "Send 1 message again" in page
    assert (
        client.post(f"{one}/messages/{delivery_id}/replay", data={"state": "failed"}).location == f"{one}?state=failed"
    )
    assert "is sent again" in client.get(one).text
    assert client.post(f"{one}/test").status_code == 303
    assert "A test" in client.get(one).text
    rotated = client.post(f"{one}/rotate")
    assert secret_in(rotated.text).startswith("whsec_")
    assert "The former secret signs along until" in rotated.text
    assert client.post(f"{one}/disable").status_code == 303
    off = client.get(one).text
    assert "Nothing goes there since" in off
    assert "Somebody switched it off" in off
    client.post(f"{one}/test")
    client.post(f"{one}/replay")
    client.post(f"{one}/messages/{delivery_id}/replay")
    assert client.get(one).text.count("This endpoint is switched off") == 3
    client.post(f"{one}/enable")
    client.post(f"{one}/replay")
    assert "2 messages are sent again" in client.get(one).text
    assert client.post(f"{one}/delete").location == PAGE
    with app.app_context():
        assert db.session.scalars(select(WebhookDelivery)).all() == []
        found = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert found == ["create", "replay", "test", "rotate", "disable", "enable", "replay", "delete"]
    for gone in (one, f"{one}/edit"):
        assert client.get(gone).status_code == 404
    for deed in ("test", "rotate", "enable", "disable", "delete", "replay", "messages/1/replay"):
        assert client.post(f"{one}/{deed}").status_code == 404, deed
    assert "Webhook" in client.get("/admin/audit/").text


def test_a_message_of_another_endpoint_is_not_there(app, client, admin):
    (one, _), (_, of_other) = make_endpoint(app), make_endpoint(app)
    assert client.post(f"{PAGE}{one}/messages/{of_other}/replay").status_code == 404


def test_filters_narrow_and_nonsense_does_not(app, client, admin, happen):
    endpoint_id, _delivery = make_endpoint(app)
    happen(endpoint_id, 2, "enrolment.created")
    one = f"{PAGE}{endpoint_id}"

    def shown(query):
        return client.get(f"{one}?{query}", headers={"HX-Request": "true"}).text.count('id="message-')

    assert (shown(""), shown("state=failed"), shown("state=pending")) == (3, 1, 2)
    assert (shown("type=enrolment.created"), shown("type=enrolment.created&state=failed")) == (2, 0)
    assert shown("state=x&type=%00&at=%ff") == 3
    assert "No message matches" in client.get(f"{one}?state=delivered").text
    renewing = client.get(f"{one}?again=1", headers={"HX-Request": "true"})
    assert 'hx-trigger="every 3s"' in renewing.text
    assert "HX-Push-Url" not in renewing.headers
    assert 'id="facts" hx-swap-oob="outerMorph"' in renewing.text
    assert 'id="facts">' in client.get(one).text


@pytest.mark.parametrize(("pause", "renews"), [(50, True), (70, False)])
def test_a_page_renews_itself_while_the_next_attempt_is_near(app, client, admin, happen, pause, renews):
    endpoint_id, _failed = make_endpoint(app)
    happen(endpoint_id)
    with app.app_context():
        waits = WebhookDelivery.state == MessageState.PENDING
        later = clock.now() + timedelta(seconds=pause)
        db.session.execute(update(WebhookDelivery).where(waits).values(attempts=1, next_attempt_at=later))
        db.session.commit()
    page = client.get(f"{PAGE}{endpoint_id}").text
    assert ("Send now" in page, 'hx-trigger="every 3s"' in page) == (True, renews)


@pytest.mark.parametrize("role", ["student", "facilitator", "manager"])
def test_it_is_open_to_administrators_alone(app, client, make, sign_in, role):
    endpoint_id, delivery_id = make_endpoint(app)
    sign_in(client, getattr(make, role)())
    for path in ("", "new", f"{endpoint_id}", f"{endpoint_id}/edit"):
        assert client.get(PAGE + path).status_code == 403
    for path in ("new", f"{endpoint_id}/rotate", f"{endpoint_id}/messages/{delivery_id}/replay"):
        assert client.post(PAGE + path).status_code == 403


def test_lists_cost_the_same_with_one_and_with_twelve(app, client, admin, happen, count_sql):
    def cost(path):
        with count_sql() as sql:
            assert client.get(path).status_code == 200
        return len(sql)

    endpoint_id, _delivery = make_endpoint(app)
    one, of_one = cost(PAGE), cost(f"{PAGE}{endpoint_id}")
    for _ in range(11):
        make_endpoint(app)
    happen(endpoint_id, 11)
    # Session and pulses, unread notifications, endpoints, their counts; messages, their attempts.
    assert (one, cost(PAGE)) == (4, 4)
    assert (of_one, cost(f"{PAGE}{endpoint_id}")) == (6, 6)
