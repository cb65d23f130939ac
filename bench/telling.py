"""Two thousand webhook messages to a system on this machine that takes each at once: signed, sent and recorded."""

import time
from collections.abc import Iterator

from flask import Flask
from sqlalchemy import func, select

from bench.figures import Figure
from portal.audit.services import System
from portal.config import Settings
from portal.extensions import db
from portal.webhooks.addresses import Reach
from portal.webhooks.delivering import deliver_messages
from portal.webhooks.models import MessageState, WebhookDelivery
from portal.webhooks.sealing import box_of
from portal.webhooks.services.endpoints import EndpointDraft, create_endpoint
from portal.webhooks.services.messages import Message, send_messages
from tests.support.receiver import receiving

MESSAGES, ENDPOINTS = 2000, 4
_KIND = "log.submitted"


def measure(database: str, app: Flask) -> Iterator[Figure]:
    """Deliveries a second of one worker, and what it costs to write them down in the transaction of their cause."""
    settings: Settings = app.config["PORTAL"].model_copy(
        update={"webhook_networks": "127.0.0.0/8", "webhook_http": True}
    )
    box = box_of(app.config["SECRET_KEY"])
    with receiving() as receiver, app.app_context():
        draft = EndpointDraft(receiver.url, [_KIND], "A sink")
        made = [create_endpoint(draft, Reach.of(settings), box, System()).id for _ in range(ENDPOINTS)]
        db.session.commit()
        began = time.perf_counter()
        messages = [Message(_KIND, {"id": number}) for number in range(MESSAGES // ENDPOINTS)]
        send_messages(messages, {endpoint_id: {_KIND} for endpoint_id in made})
        db.session.commit()
        yield Figure(database, f"{MESSAGES:,} webhook messages: written", (time.perf_counter() - began) * 1000, "ms")
        began = time.perf_counter()
        sent = deliver_messages(settings, box)
        took = time.perf_counter() - began
        assert (sent.delivered, len(receiver.received)) == (MESSAGES, MESSAGES)
        left = select(func.count()).where(WebhookDelivery.state != MessageState.DELIVERED)
        assert db.session.scalar(left) == 0
        db.session.rollback()
    yield Figure(database, "webhook messages: delivered by one worker", MESSAGES / took, "/s")
