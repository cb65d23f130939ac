"""The outbox: who sends which message now, and what became of it.

A message is claimed by a conditional update under a token, with a lease. Whoever holds the token may
send it and say how it went; when the lease ends without a word, another takes it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Select, Table, bindparam, or_, select, update

from portal import clock
from portal.accounts.models import Identity, User
from portal.accounts.names import full_name
from portal.bulk import is_one_of
from portal.database import IN_PLACE
from portal.extensions import db
from portal.notifications.models import Channel, Delivery, DeliveryState, Notification

LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 8
# 5, 15, 45 minutes …: the eighth attempt is four days after the first, as RFC 5321 §4.5.4.1 advises.
_FIRST_PAUSE = timedelta(minutes=5)
_GROWTH = 3
_ERROR_LIMIT = 2000
_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send until `until`, with its recipient."""

    id: int
    token: str
    until: datetime
    attempts: int
    created_at: datetime
    recipient_id: int
    email: str
    first_name: str
    last_name: str
    locale: str
    time_zone: str | None
    is_active: bool
    is_confirmed: bool
    can_sign_in: bool
    channel: str
    notification_email: str | None

    @property
    def full_name(self) -> str:
        """First and last name."""
        return full_name(self.first_name, self.last_name)

    @property
    def address(self) -> str:
        """Where it goes: what is about the account to the account's address, the rest to where the person wants it."""
        is_letter = self.channel == Channel.LETTER
        return self.email if is_letter else self.notification_email or self.email


_HAS_IDENTITY = select(Identity.id).where(Identity.user_id == User.id).exists()
_CLAIMED: Select[*tuple[Any, ...]] = select(
    Delivery.id,
    Delivery.claim_token,
    Delivery.claimed_until,
    Delivery.attempts,
    Delivery.created_at,
    User.id,
    User.email,
    User.first_name,
    User.last_name,
    User.locale,
    User.time_zone,
    User.is_active,
    User.is_confirmed,
    or_(User.password_hash.is_not(None), _HAS_IDENTITY),
    Delivery.channel,
    User.notification_email,
).join(User, User.id == Delivery.recipient_id)


_DELIVERIES = cast(Table, Delivery.__table__)
# It sets whatever columns it is given; written once, and on the table, since each message is settled by it.
_SETTLE = update(_DELIVERIES).where(
    _DELIVERIES.c.id == bindparam("ours"),
    _DELIVERIES.c.claim_token == bindparam("under"),
    _DELIVERIES.c.state == DeliveryState.CLAIMED,
)


def _is_ready(now: datetime, channels: Collection[Channel]) -> tuple[Any, ...]:
    # While claimed, `next_attempt_at` is the end of the lease: one index finds both kinds.
    return (
        Delivery.state.in_([DeliveryState.PENDING, DeliveryState.CLAIMED]),
        Delivery.next_attempt_at <= now,
        Delivery.channel.in_(channels),
    )


def claim_deliveries(limit: int = 20, channels: Collection[Channel] = tuple(Channel)) -> Sequence[Claim]:
    """Take up to `limit` messages whose time has come, letters first; there may be none. Commit, then send.

    An attempt counts from here, so that a message which kills its worker is not tried for ever.
    """
    now, token = clock.now(), str(uuid4())
    until = now + LEASE
    order = (Delivery.channel, Delivery.next_attempt_at, Delivery.id)  # "letter" comes before "mail"
    ready = select(Delivery.id).where(*_is_ready(now, channels)).order_by(*order).limit(limit)
    for _ in range(_ROUNDS):
        ids = db.session.scalars(ready).all()
        if not ids:
            return []
        if held := _hold(ids, now, channels):
            break
        # Another worker takes the same ones just now: those after them are ours.
        ready = ready.where(Delivery.id.not_in(ids))
    else:
        return []
    claimed = {"state": DeliveryState.CLAIMED, "claim_token": token, "claimed_until": until, "next_attempt_at": until}
    ours = update(Delivery).where(is_one_of(_DELIVERIES.c.id, held)).values(**claimed, attempts=Delivery.attempts + 1)
    db.session.execute(ours, execution_options=IN_PLACE)
    rows = db.session.execute(_CLAIMED.where(Delivery.claim_token == token).order_by(Delivery.id))
    return [Claim(*row) for row in rows]


def _hold(ids: Collection[int], now: datetime, channels: Collection[Channel]) -> Sequence[int]:
    """Those of these messages that are still ready, locked."""
    held = [row.id for row in lock_free(ids)]
    still = select(Delivery.id).where(is_one_of(_DELIVERIES.c.id, held), *_is_ready(now, channels)) if held else None
    return db.session.scalars(still).all() if still is not None else []


def lock_free(ids: Collection[int]) -> Sequence[Any]:
    """Those of these messages that nobody else writes just now, whatever their state, locked.

    By their numbers alone: a statement that searches by state locks rows in the other order than a worker that settles
    its own, and of two that wait for each other the database undoes one.
    """
    columns = (_DELIVERIES.c.id, _DELIVERIES.c.recipient_id, _DELIVERIES.c.attempts, _DELIVERIES.c.state)
    these = select(*columns).where(is_one_of(_DELIVERIES.c.id, ids)).order_by(_DELIVERIES.c.id)
    return db.session.execute(these.with_for_update(skip_locked=True)).all()


def mark_sent(claim: Claim) -> bool:
    """The mail server has it. False when the lease was lost to another worker."""
    return _settle(claim, state=DeliveryState.SENT, sent_at=clock.now(), last_error=None)


def mark_suppressed(claim: Claim, reason: str) -> bool:
    """There is nothing left to say. False when the lease was lost."""
    return _settle(claim, state=DeliveryState.SUPPRESSED, last_error=reason)


def mark_failed(claim: Claim, error: str) -> bool:
    """It could not be sent: try again later, each time three times as late, or give up after the last attempt."""
    gave_up = claim.attempts >= MAX_ATTEMPTS
    pause = _FIRST_PAUSE * _GROWTH ** min(claim.attempts - 1, MAX_ATTEMPTS)
    return _settle(
        claim,
        state=DeliveryState.FAILED if gave_up else DeliveryState.PENDING,
        next_attempt_at=clock.now() + pause,
        last_error=error[:_ERROR_LIMIT],
    )


def give_up(claim: Claim, error: str) -> bool:
    """It will never be taken: try no more until somebody says so."""
    return _settle(claim, state=DeliveryState.FAILED, last_error=error[:_ERROR_LIMIT])


def release(claims: Sequence[Claim], error: str | None = None) -> None:
    """Give messages back untried, for instance because the mail server is away; the attempt does not count."""
    for claim in claims:
        _settle(
            claim,
            state=DeliveryState.PENDING,
            next_attempt_at=clock.now(),
            attempts=claim.attempts - 1,
            last_error=error[:_ERROR_LIMIT] if error else None,
        )


def defer(claim: Claim, until: datetime) -> None:
    """Let a message wait until a moment, for instance the end of quiet hours; the attempt does not count."""
    _settle(claim, state=DeliveryState.PENDING, next_attempt_at=until, attempts=claim.attempts - 1)


def merge(claim: Claim, into: Claim) -> None:
    """Let another message to the same person say what this one would have said."""
    theirs = update(Notification).where(Notification.delivery_id == claim.id)
    db.session.execute(theirs.values(delivery_id=into.id), execution_options=IN_PLACE)
    _settle(claim, state=DeliveryState.SUPPRESSED, last_error="Another mail of the same day says it.")


def _settle(claim: Claim, **values: Any) -> bool:
    values |= {"claim_token": None, "claimed_until": None, "ours": claim.id, "under": claim.token}
    settled = db.write(_SETTLE, values)
    return bool(settled)
