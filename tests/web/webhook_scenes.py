"""Scenes of webhooks: an endpoint with a message that was given up."""

from flask import Flask
from sqlalchemy import select

from portal.audit.services import System
from portal.extensions import db
from portal.webhooks.addresses import Reach
from portal.webhooks.models import MessageState, WebhookDelivery
from portal.webhooks.sealing import box_of
from portal.webhooks.services.endpoints import EndpointDraft, create_endpoint
from portal.webhooks.services.messages import Message, send_messages
from tests.support.web import Maker
from tests.web.scene import Scene, SetUp

_KIND = "log.submitted"


def make_endpoint(app: Flask) -> tuple[int, int]:
    """The ids of an endpoint and of its message."""
    with app.app_context():
        draft = EndpointDraft("https://hooks.example.org/portal", [_KIND], "Timetable")
        made = create_endpoint(draft, Reach(), box_of(app.config["SECRET_KEY"]), System())
        send_messages([Message(_KIND, {"id": 1})], {made.id: {_KIND}})
        found = db.session.scalars(select(WebhookDelivery).where(WebhookDelivery.endpoint_id == made.id)).one()
        found.state, found.error, found.status_code, found.attempts = MessageState.FAILED, "status", 500, 10
        db.session.commit()
        return made.id, found.id


def _endpoint(app: Flask, make: Maker) -> SetUp:
    return SetUp({"endpoint_id": make_endpoint(app)[0]}, make.admin())


def _message(app: Flask, make: Maker) -> SetUp:
    endpoint_id, delivery_id = make_endpoint(app)
    return SetUp({"endpoint_id": endpoint_id, "delivery_id": delivery_id}, make.admin())


def _message_of_the_api(app: Flask, make: Maker) -> SetUp:
    endpoint_id, delivery_id = make_endpoint(app)
    return SetUp({"endpoint_id": endpoint_id, "message_id": delivery_id}, make.admin())


_FORM = {"url": "https://hooks.example.org/other", "events": _KIND, "version": "1"}
WEBHOOK_SCENES = {
    "webhooks.show": Scene(_endpoint),
    "webhooks.edit": Scene(_endpoint),
    "webhooks.change": Scene(_endpoint, _FORM),
    "webhooks.test": Scene(_endpoint),
    "webhooks.rotate": Scene(_endpoint),
    "webhooks.enable": Scene(_endpoint),
    "webhooks.disable": Scene(_endpoint),
    "webhooks.delete": Scene(_endpoint),
    "webhooks.replay_failed": Scene(_endpoint),
    "webhooks.replay": Scene(_message),
    "api.show_webhook": Scene(_endpoint),
    "api.change_webhook": Scene(_endpoint),
    "api.remove_webhook": Scene(_endpoint),
    "api.rotate_webhook": Scene(_endpoint),
    "api.try_webhook": Scene(_endpoint),
    "api.index_messages": Scene(_endpoint),
    "api.replay_message": Scene(_message_of_the_api),
}
