"""Reminders told and mails sent, for tests."""

import email
from collections.abc import Callable
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.config import Settings
from portal.extensions import db
from portal.notifications.delivering import DeliveryCounts, deliver_pending
from portal.notifications.models import Delivery
from portal.tracker.services.reminders import remind

ZONE = ZoneInfo("UTC")
DEADLINE = datetime(2026, 10, 19, 17, tzinfo=UTC)  # of the week of frozen_time
Mails = Callable[[Flask], list[EmailMessage]]


def settings_of(app: Flask, **changed: Any) -> Settings:
    settings: Settings = app.config["PORTAL"]
    return settings.model_copy(update=changed)


def tell_and_deliver(app: Flask, **changed: Any) -> DeliveryCounts:
    with app.app_context():
        remind(clock.now(), ZONE)
        db.session.commit()
        return deliver_pending(settings_of(app, **changed))


def parts(message: EmailMessage) -> tuple[str, str]:
    """Plain text and HTML."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def written_to(app: Flask) -> tuple[str, str]:
    """Name and address in the only mail, read as RFC 2047 says (Python's newer parser splits long names)."""
    (file,) = (settings_of(app).portal_data_dir / "mail").iterdir()
    name, address = parseaddr(email.message_from_bytes(file.read_bytes())["To"])
    return str(make_header(decode_header(name))), address


def delivery() -> Delivery:
    return db.session.scalars(select(Delivery).execution_options(populate_existing=True)).one()
