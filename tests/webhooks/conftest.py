"""A receiver, endpoints that lead to it, and a worker."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from flask import Flask, has_app_context
from sqlalchemy import select

from portal.audit.services import System
from portal.config import Settings
from portal.extensions import db
from portal.webhooks.addresses import Reach
from portal.webhooks.delivering import Sent, deliver_messages
from portal.webhooks.events import TYPES
from portal.webhooks.models import WebhookDelivery
from portal.webhooks.sealing import SecretBox, box_of
from portal.webhooks.services.endpoints import EndpointDraft, Made, create_endpoint
from portal.webhooks.services.messages import Message, send_messages
from tests.support.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Another system."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def box(app: Flask) -> SecretBox:
    """Where the secrets of this portal are kept."""
    return box_of(app.config["SECRET_KEY"])


@pytest.fixture
def local(app: Flask) -> Settings:
    """Settings with which messages may go to this machine."""
    settings: Settings = app.config["PORTAL"]
    return settings.model_copy(update={"webhook_networks": "127.0.0.0/8", "webhook_http": True})


@pytest.fixture
def endpoint(app: Flask, box: SecretBox, local: Settings, receiver: Receiver) -> Callable[..., Made]:
    """Makes an endpoint: `endpoint(url=…, events=…)`, by default of everything and at the receiver."""

    def make(url: str = "", events: Any = TYPES, description: str = "") -> Made:
        with nullcontext() if has_app_context() else app.app_context():
            draft = EndpointDraft(url or receiver.url, events, description)
            made = create_endpoint(draft, Reach.of(local), box, System())
            db.session.commit()
        return made

    return make


@pytest.fixture
def work(app: Flask, box: SecretBox, local: Settings) -> Callable[..., Sent]:
    """Lets a worker send what is due."""

    def do(settings: Settings | None = None, seconds: float | None = None) -> Sent:
        with app.app_context():
            return deliver_messages(settings or local, box, seconds=seconds)

    return do


@pytest.fixture
def happen(app: Flask) -> Callable[..., None]:
    """Writes messages to one endpoint: `happen(endpoint_id, count)`."""

    def do(endpoint_id: int, count: int = 1, kind: str = "log.submitted") -> None:
        with app.app_context():
            send_messages([Message(kind, {"id": at}) for at in range(count)], {endpoint_id: {kind}})
            db.session.commit()

    return do


@pytest.fixture
def deliveries(app: Flask) -> Callable[[], list[WebhookDelivery]]:
    """Every delivery as it stands, the oldest first."""

    def do() -> list[WebhookDelivery]:
        with app.app_context():
            wanted = select(WebhookDelivery).order_by(WebhookDelivery.id)
            return list(db.session.scalars(wanted.execution_options(populate_existing=True)))

    return do
