"""Telling people facts: each once, all for one person in one message."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Table, bindparam, insert, select, update

from portal import clock
from portal.database import IN_PLACE, work_waits
from portal.extensions import db
from portal.notifications.kinds import group_of, is_mailed, is_urgent
from portal.notifications.models import Channel, Delivery, DeliveryState, Notification, Way
from portal.notifications.queries.choices import list_switched_off
from portal.notifications.services.outbox import lock_free

_DELIVERIES = cast(Table, Delivery.__table__)
_NOTIFICATIONS = cast(Table, Notification.__table__)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a person should know; `dedupe_key` (at most 120 characters) is the same whenever the fact is."""

    recipient_id: int
    kind: str
    params: dict[str, Any]
    dedupe_key: str


def notify_many(facts: Sequence[Fact]) -> int:
    """Tell facts, and give the number of people told. At most seven statements, whatever the number of facts.

    Each person gets one mail for all of them; where a mail is still waiting to be sent, it carries the
    new facts too, and is tried at once if it failed before. What is urgent goes in a letter of its own for each kind.
    Whoever wants no mail of a kind's group, or nothing in the inbox, is spared it; the fact is kept all the same.

    Raises IntegrityError when one of the facts was told already: the caller rolls back, asks again what is untold, and
    repeats.
    """
    urgent = {fact.kind for fact in facts if is_urgent(fact.kind)}
    for kind in sorted(urgent):
        _tell([fact for fact in facts if fact.kind == kind], Channel.LETTER)
    if others := [fact for fact in facts if fact.kind not in urgent]:
        _tell(others, Channel.MAIL)
    return len({fact.recipient_id for fact in facts})


def _tell(facts: Sequence[Fact], channel: Channel) -> None:
    now = clock.now()
    off = list_switched_off({fact.recipient_id for fact in facts}, {group_of(fact.kind) for fact in facts})
    mailed = [fact for fact in facts if is_mailed(fact.kind) and _key(fact, Way.MAIL) not in off]
    recipients = {fact.recipient_id for fact in mailed}
    messages = _waiting_messages(recipients, now) if recipients and channel is Channel.MAIL else {}
    messages |= _new_messages(sorted(recipients - messages.keys()), channel, now)
    by_mail = {fact.dedupe_key for fact in mailed}
    stamps = {"created_at": now, "updated_at": now}
    rows = [
        {
            "recipient_id": fact.recipient_id,
            "kind": fact.kind,
            "params": fact.params,
            "dedupe_key": fact.dedupe_key,
            "is_hidden": _key(fact, Way.INBOX) in off,
            "delivery_id": messages[fact.recipient_id] if fact.dedupe_key in by_mail else None,
            **stamps,
        }
        for fact in facts
    ]
    # Placeholders alone: PyMySQL joins rows into one statement only then, which halves the time.
    db.session.execute(insert(_NOTIFICATIONS), rows)
    work_waits(db.session, "deliver_letters" if channel is Channel.LETTER else "deliver")


def _key(fact: Fact, way: Way) -> tuple[int, str, Way]:
    return fact.recipient_id, group_of(fact.kind), way


def _waiting_messages(recipients: Collection[int], now: datetime) -> dict[int, int]:
    """Recipient and id of the mails that nobody is sending just now; they stay so until this transaction ends.

    They are looked for without locks, so that nobody waits who tells or sends other mails. What somebody else writes
    just now is left to them: with a mail of its own nothing is lost, and the worker puts the two together.
    """
    pending = (Delivery.state == DeliveryState.PENDING, Delivery.channel == Channel.MAIL)
    waiting = db.session.execute(select(Delivery.id, Delivery.recipient_id).where(*pending))
    ids = [row.id for row in waiting if row.recipient_id in recipients]
    if not ids:
        return {}
    found = [row for row in lock_free(ids) if row.state is DeliveryState.PENDING]
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
    return db.write(seen.values(read_at=clock.now()), execution_options=IN_PLACE)
