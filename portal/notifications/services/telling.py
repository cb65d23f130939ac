"""Telling people facts: each once, all for one person in one message."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Table, bindparam, insert, select, update

from portal import clock
from portal.database import work_waits
from portal.extensions import db
from portal.notifications.models import Channel, Delivery, DeliveryState, Notification

_DELIVERIES = cast(Table, Delivery.__table__)
_NOTIFICATIONS = cast(Table, Notification.__table__)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a person should know; `dedupe_key` (at most 120 characters) is the same whenever the fact is."""

    recipient_id: int
    kind: str
    params: dict[str, Any]
    dedupe_key: str


def notify_many(facts: Sequence[Fact], channel: Channel = Channel.MAIL) -> int:
    """Tell facts, and give the number of people told. At most five statements, whatever the number of facts.

    Each person gets one message for all of them; where a mail is still waiting to be sent, it carries the
    new facts too, and is tried at once if it failed before. A letter joins no other.

    Raises IntegrityError when one of the facts was told already: the caller rolls back, asks again what is untold, and
    repeats.
    """
    now = clock.now()
    recipients = {fact.recipient_id for fact in facts}
    messages = _waiting_messages(recipients, now) if facts and channel is Channel.MAIL else {}
    messages |= _new_messages(sorted(recipients - messages.keys()), channel, now)
    rows = [
        {
            "recipient_id": fact.recipient_id,
            "kind": fact.kind,
            "params": fact.params,
            "dedupe_key": fact.dedupe_key,
            "delivery_id": messages[fact.recipient_id],
            "created_at": now,
            "updated_at": now,
        }
        for fact in facts
    ]
    if rows:
        # Placeholders alone: PyMySQL joins rows into one statement only then, which halves the time.
        db.session.execute(insert(_NOTIFICATIONS), rows)
        work_waits(db.session, "deliver")
    return len(recipients)


def _waiting_messages(recipients: Collection[int], now: datetime) -> dict[int, int]:
    """Recipient and id of the mails that nobody is sending just now; they stay so until this transaction ends."""
    waiting = (
        select(Delivery.recipient_id, Delivery.id, Delivery.attempts)
        .where(Delivery.state == DeliveryState.PENDING, Delivery.channel == Channel.MAIL)
        .with_for_update()
    )
    found = [row for row in db.session.execute(waiting) if row.recipient_id in recipients]
    _begin_anew([row.id for row in found if row.attempts], now)
    return {row.recipient_id: row.id for row in found}


def _begin_anew(failed: Sequence[int], now: datetime) -> None:
    """Take back the pause and the attempts of mails that failed: what is new in them is owed as many."""
    if failed:
        anew = update(_DELIVERIES).where(_DELIVERIES.c.id == bindparam("row_id"))
        values = [{"row_id": row_id} for row_id in failed]
        db.session.connection().execute(anew.values(attempts=0, next_attempt_at=now, updated_at=now), values)


def _new_messages(recipients: Iterable[int], channel: Channel, now: datetime) -> dict[int, int]:
    """A mail for each person. A token finds the new ids again: not every database returns them from a bulk insert."""
    token = str(uuid4())
    shared = {"channel": channel, "state": DeliveryState.PENDING, "claim_token": token, "attempts": 0}
    stamps = {"next_attempt_at": now, "created_at": now, "updated_at": now}
    rows = [{"recipient_id": recipient, **shared, **stamps} for recipient in recipients]
    if not rows:
        return {}
    db.session.execute(insert(_DELIVERIES), rows)
    made = db.session.execute(select(Delivery.recipient_id, Delivery.id).where(Delivery.claim_token == token))
    return {row.recipient_id: row.id for row in made}


def mark_read(user_id: int, *, up_to: int, entry: int | None = None) -> int:
    """Mark what a person has seen as read, and give how many that were.

    `up_to` is the newest notification they saw, so that what came meanwhile stays unread. With
    `entry`, the id of any notification, only those of its kind and moment.
    """
    seen = update(Notification).where(
        Notification.recipient_id == user_id, Notification.read_at.is_(None), Notification.id <= up_to
    )
    if entry is not None:
        told = select(Notification.kind, Notification.created_at).where(
            Notification.id == entry, Notification.recipient_id == user_id
        )
        row = db.session.execute(told).one_or_none()
        if row is None:
            return 0
        seen = seen.where(Notification.kind == row.kind, Notification.created_at == row.created_at)
    done: Any = db.session.execute(seen.values(read_at=clock.now()), execution_options={"synchronize_session": False})
    return int(done.rowcount)
