"""Messages on their way: signed, tried again, kept back by nobody else, switched off where nobody listens."""

import json
from datetime import timedelta
from email.utils import format_datetime

import pytest
from sqlalchemy import select
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from portal import clock
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.extensions import db
from portal.notifications.delivering import deliver_pending
from portal.notifications.models import Notification
from portal.webhooks.models import EndpointState, WebhookAttempt, WebhookEndpoint, WhyDisabled
from portal.webhooks.sealing import SecretBox
from portal.webhooks.services import outbox
from portal.webhooks.services.endpoints import OVERLAP, disable, enable, rotate_secret
from portal.webhooks.services.replaying import replay, replay_failed


def endpoint_row(endpoint_id):
    return db.session.get_one(WebhookEndpoint, endpoint_id, populate_existing=True)


def test_the_library_of_the_specification_believes_a_message(endpoint, happen, receiver, work, deliveries, app):
    made = endpoint()
    happen(made.id)
    assert work().delivered == 1
    (one,) = receiver.received
    said = Webhook(made.secret).verify(one.body, one.headers)
    assert (said["type"], said["data"]) == ("log.submitted", {"id": 0})
    assert said["timestamp"].endswith("Z")
    assert one.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secret).verify(one.body + b" ", one.headers)
    (kept,) = deliveries()
    assert (kept.state, kept.status_code, kept.error) == ("delivered", 200, None)
    with app.app_context():
        attempt = db.session.scalars(select(WebhookAttempt)).one()
        assert (attempt.status_code, attempt.answer) == (200, "thanks")
        assert made.secret not in endpoint_row(made.id).secret


@pytest.mark.one_database
def test_both_secrets_sign_for_a_day(endpoint, happen, receiver, work, app, box, frozen_time):
    old = endpoint()
    with app.app_context():
        new = rotate_secret(old.id, box, System())
        db.session.commit()
    happen(old.id)
    work()
    first = receiver.received[0]
    assert len(first.headers["webhook-signature"].split()) == 2
    for made in (old, new):
        Webhook(made.secret).verify(first.body, first.headers)
    frozen_time.shift(OVERLAP + timedelta(seconds=1))
    happen(old.id)
    work()
    second = receiver.received[1]
    Webhook(new.secret).verify(second.body, second.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old.secret).verify(second.body, second.headers)


@pytest.mark.in_turn
def test_it_is_tried_ten_times_over_three_days(endpoint, happen, receiver, work, deliveries, frozen_time):
    happen(endpoint().id)
    receiver.says(500, b"no")
    began = clock.now()
    for attempt in range(1, outbox.MAX_ATTEMPTS + 1):
        assert work().failed == 1, attempt
        (one,) = deliveries()
        assert (one.attempts, one.status_code, one.error) == (attempt, 500, "status")
        assert work().failed == 0, "it waits"
        if attempt < outbox.MAX_ATTEMPTS:
            frozen_time.move_to(one.next_attempt_at)
    assert one.state == "failed"
    assert timedelta(days=2.5) < clock.now() - began < timedelta(days=4)
    assert len(set(receiver.ids)) == 1
    assert len(receiver.received) == outbox.MAX_ATTEMPTS


@pytest.mark.one_database
def test_pauses_differ_and_honour_what_is_asked_for(endpoint, happen, receiver, work, deliveries, frozen_time):
    assert len({outbox.pause_after(3) for _ in range(20)}) > 10
    assert all(timedelta(minutes=27) <= outbox.pause_after(3) <= timedelta(minutes=33) for _ in range(50))
    happen(endpoint().id)
    receiver.says(503, Retry_After="600")
    work()
    assert deliveries()[0].next_attempt_at == clock.now() + timedelta(seconds=600)
    happen(endpoint().id)
    later = clock.now() + timedelta(hours=2)
    receiver.says(429, Retry_After=format_datetime(later, usegmt=True))
    work()
    assert later in {one.next_attempt_at for one in deliveries()}


def test_one_that_is_gone_is_switched_off_at_once(endpoint, happen, receiver, work, deliveries, app, make, mail_files):
    admin = make.admin()
    made = endpoint(description="Timetable")
    happen(made.id, 6)
    receiver.says(410)
    work()
    assert {one.state for one in deliveries()} == {"failed"}
    assert len(receiver.received) <= outbox.MOST_AT_ONCE
    with app.app_context():
        row = endpoint_row(made.id)
        assert (row.state, row.reason) == (EndpointState.DISABLED, WhyDisabled.GONE)
        told = db.session.scalars(select(Notification).where(Notification.recipient_id == admin.user_id)).all()
        assert [one.kind for one in told] == ["webhook_disabled"]
        assert deliver_pending(app.config["PORTAL"]).sent == 1
    text = mail_files(app)[0].get_body(("plain",)).get_content()
    assert "Timetable" in text
    assert "410" in text


@pytest.mark.in_turn
def test_one_that_answers_nothing_for_days_is_switched_off(endpoint, happen, receiver, work, app, make, frozen_time):
    make.admin()
    made = endpoint()
    receiver.says(500)
    for day in range(6):
        happen(made.id)
        work()
        with app.app_context():
            row = endpoint_row(made.id)
            assert row.state == (EndpointState.ENABLED if day < 5 else EndpointState.DISABLED), day
        frozen_time.shift(timedelta(days=1, minutes=1))
    with app.app_context():
        assert row.reason is WhyDisabled.FAILING
        assert db.session.scalars(select(Notification.kind)).all() == ["webhook_disabled"]
        deeds = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
        assert deeds == ["create", "disable"]
        enable(made.id, System())
        db.session.commit()
        assert endpoint_row(made.id).failing_since is None


@pytest.mark.one_database
def test_one_success_takes_the_days_back(endpoint, happen, receiver, work, app, frozen_time):
    made = endpoint()
    for status in (500, 500, 500, 200, 500, 500):
        receiver.says(status)
        happen(made.id)
        work()
        frozen_time.shift(timedelta(days=2))
    with app.app_context():
        assert endpoint_row(made.id).state is EndpointState.ENABLED


@pytest.mark.one_database
def test_what_was_given_up_is_sent_again_under_its_id(endpoint, happen, receiver, work, app, deliveries):
    made = endpoint()
    happen(made.id, 3)
    with app.app_context():
        disable(made.id, System())
        db.session.commit()
    assert work().delivered == 0
    assert {one.state for one in deliveries()} == {"failed"}
    with app.app_context():
        enable(made.id, System())
        assert replay_failed(made.id, System()) == 3
        db.session.commit()
    assert work().delivered == 3
    first = deliveries()[0]
    with app.app_context():
        replay(made.id, first.id, System())
        db.session.commit()
    assert work().delivered == 1
    assert len(receiver.ids) == 4
    assert len(set(receiver.ids)) == 3


@pytest.mark.one_database
def test_a_slow_endpoint_keeps_back_its_own_messages_alone(endpoint, happen, receiver, work, deliveries, monkeypatch):
    from tests.support.receiver import receiving

    with receiving() as slow:
        slow.pause = 0.4
        late = endpoint(url=slow.url)
        happen(late.id, 12)
        quick = endpoint()
        happen(quick.id, 12)
        moments = []
        receiver.answer = lambda _request: (moments.append(len(slow.received)), (200, b"", {}))[1]
        assert work().delivered == 24
    # All of the quick one's arrived before the slow one had its second round.
    assert max(moments) <= 2 * outbox.MOST_AT_ONCE
    assert {one.state for one in deliveries()} == {"delivered"}


@pytest.mark.one_database
def test_a_secret_that_cannot_be_read_switches_off(endpoint, happen, receiver, app, local, work, deliveries):
    made = endpoint()
    happen(made.id)
    with app.app_context():
        endpoint_row(made.id).secret = SecretBox("another key of the portal").seal("whsec_AAAA")
        db.session.commit()
    work()
    assert receiver.received == []
    with app.app_context():
        assert endpoint_row(made.id).reason is WhyDisabled.UNREADABLE
    assert deliveries()[0].state == "failed"


@pytest.mark.one_database
def test_the_body_is_the_same_at_each_attempt(endpoint, happen, receiver, work, frozen_time, app):
    made = endpoint()
    happen(made.id)
    receiver.says(500)
    work()
    frozen_time.shift(timedelta(minutes=1))
    work()
    one, two = receiver.received
    assert one.body == two.body
    assert one.headers["webhook-timestamp"] != two.headers["webhook-timestamp"]
    assert json.loads(one.body)["timestamp"] == "2026-10-14T12:00:00Z"
