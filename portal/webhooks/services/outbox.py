"""The outbox: which worker sends which message now, and what became of it.

As with mails (portal/notifications/services/outbox.py), a message is claimed by a conditional update under a token with
a lease; when the lease ends without a word, another worker takes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any
from uuid import uuid4

from sqlalchemy import Select, select, update

from portal import clock
from portal.bulk import insert_rows
from portal.database import IN_PLACE
from portal.extensions import db
from portal.webhooks.models import (
    EndpointState,
    MessageState,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)
from portal.webhooks.sending import Outcome

# Longer than an attempt can take.
LEASE = timedelta(minutes=2)
# The schedule that Standard Webhooks recommends: the tenth attempt is three days after the first.
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MAX_ATTEMPTS = len(PAUSES) + 1
# So that what failed together is not tried again together: a tenth sooner or later.
_JITTER = 0.1
# Messages that one process has under way to one endpoint; a single one where the last attempt failed.
MOST_AT_ONCE = 4
_chance = SystemRandom()


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send, with what its endpoint needs to believe it. Secrets are sealed."""

    id: int
    token: str
    attempts: int
    endpoint_id: int
    uid: str
    type: str
    data: Mapping[str, Any]
    happened_at: datetime
    url: str
    secret: str
    previous_secret: str | None
    previous_until: datetime | None


_CLAIMED: Select[*tuple[Any, ...]] = (
    select(
        WebhookDelivery.id,
        WebhookDelivery.claim_token,
        WebhookDelivery.attempts,
        WebhookDelivery.endpoint_id,
        WebhookMessage.uid,
        WebhookMessage.type,
        WebhookMessage.data,
        WebhookMessage.created_at,
        WebhookEndpoint.url,
        WebhookEndpoint.secret,
        WebhookEndpoint.previous_secret,
        WebhookEndpoint.previous_until,
    )
    .join(WebhookMessage, WebhookMessage.id == WebhookDelivery.message_id)
    .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
)


def _is_ready(now: datetime) -> tuple[Any, ...]:
    # While claimed, `next_attempt_at` is the end of the lease: one index finds both kinds.
    open_states = WebhookDelivery.state.in_([MessageState.PENDING, MessageState.CLAIMED])
    return open_states, WebhookDelivery.next_attempt_at <= now


def find_ready(busy: Mapping[int, int], room: int) -> Sequence[int]:
    """Deliveries whose time has come, at most `room`, no endpoint with more than it may have at once.

    `busy` is how many this process has under way to each. One statement, and one for each endpoint.
    """
    now = clock.now()
    waiting = select(WebhookDelivery.endpoint_id).where(*_is_ready(now)).distinct()
    endpoints = select(WebhookEndpoint.id, WebhookEndpoint.failing_since).where(
        WebhookEndpoint.id.in_(waiting), WebhookEndpoint.state == EndpointState.ENABLED
    )
    rows = list(db.session.execute(endpoints))
    _chance.shuffle(rows)
    found: list[int] = []
    for row in rows:
        free = (MOST_AT_ONCE if row.failing_since is None else 1) - busy.get(row.id, 0)
        if (most := min(free, room - len(found))) > 0:
            due = select(WebhookDelivery.id).where(WebhookDelivery.endpoint_id == row.id, *_is_ready(now))
            found += db.session.scalars(due.order_by(WebhookDelivery.next_attempt_at, WebhookDelivery.id).limit(most))
    return found


def claim(delivery_ids: Sequence[int]) -> Sequence[Claim]:
    """Take those of these deliveries that no other worker takes or took. Commit, then send. Six statements.

    An attempt counts from here, so that a message which kills its worker is not tried for ever.
    """
    now, token = clock.now(), str(uuid4())
    ready = _hold(delivery_ids, now)
    if not ready:
        return []
    db.session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(ready))
        .values(
            state=MessageState.CLAIMED,
            claim_token=token,
            next_attempt_at=now + LEASE,
            attempts=WebhookDelivery.attempts + 1,
        ),
        execution_options=IN_PLACE,
    )
    rows = db.session.execute(_CLAIMED.where(WebhookDelivery.claim_token == token).order_by(WebhookDelivery.id))
    return [Claim(*row) for row in rows]


def _hold(delivery_ids: Sequence[int], now: datetime) -> Sequence[int]:
    """Those of these that are still ready and that nobody else writes just now, locked, as with mails by their numbers.

    Their endpoints before them, as everywhere: MariaDB locks those for each message whose state changes.
    """
    endpoints = db.session.scalars(
        select(WebhookDelivery.endpoint_id).where(WebhookDelivery.id.in_(delivery_ids)).distinct()
    ).all()
    theirs = select(WebhookEndpoint.id).where(WebhookEndpoint.id.in_(endpoints)).order_by(WebhookEndpoint.id)
    db.session.execute(theirs.with_for_update(read=True)).all()
    wanted = select(WebhookDelivery.id, WebhookDelivery.attempts).where(WebhookDelivery.id.in_(delivery_ids))
    held = db.session.execute(wanted.order_by(WebhookDelivery.id).with_for_update(skip_locked=True)).all()
    if not held:
        return []
    of_these = WebhookDelivery.id.in_([row.id for row in held])
    return db.session.scalars(select(WebhookDelivery.id).where(of_these, *_is_ready(now))).all()


def settle(one: Claim, outcome: Outcome) -> bool:
    """Note what became of an attempt, and when there is another. False when the lease was lost to another worker."""
    now = clock.now()
    state, failing_since = _standing(one.endpoint_id, arrived=outcome.arrived)
    values: dict[str, Any] = {"status_code": outcome.status_code, "error": outcome.error}
    if outcome.arrived:
        values |= {"state": MessageState.DELIVERED, "delivered_at": now}
    else:
        # Waiting, unless somebody switched the endpoint off while the message was on its way.
        goes_on = state is EndpointState.ENABLED and one.attempts < MAX_ATTEMPTS
        values |= {"state": MessageState.PENDING if goes_on else MessageState.FAILED}
        values |= {"next_attempt_at": now + pause_after(one.attempts, outcome.wait)}
    if not _write(one, values):
        return False
    attempt = {"delivery_id": one.id, "status_code": outcome.status_code, "error": outcome.error,
               "answer": outcome.answer, "duration_ms": outcome.duration_ms}  # fmt: skip
    insert_rows(WebhookAttempt, [attempt])
    if (failing_since is None) != outcome.arrived:
        noted = update(WebhookEndpoint).where(WebhookEndpoint.id == one.endpoint_id)
        changed = noted.values(failing_since=None if outcome.arrived else now)
        db.session.execute(changed, execution_options=IN_PLACE)
    return True


def release(one: Claim) -> None:
    """Give a message back untried; the attempt does not count."""
    _write(one, {"state": MessageState.PENDING, "next_attempt_at": clock.now(), "attempts": one.attempts - 1})


def pause_after(attempts: int, wait: int = 0) -> timedelta:
    """How long to wait after so many attempts, and at least the seconds that the other side asked for."""
    pause = PAUSES[min(max(attempts, 1), len(PAUSES)) - 1]
    return max(pause * _chance.uniform(1 - _JITTER, 1 + _JITTER), timedelta(seconds=wait))


def _standing(endpoint_id: int, *, arrived: bool) -> tuple[EndpointState | None, datetime | None]:
    """Whether an endpoint takes messages, and since when nothing arrives there.

    Locked where what became of a message depends on it or changes it, and then before the message itself, as whoever
    switches it off does. A message that arrives where all others did locks nothing.
    """
    wanted = select(WebhookEndpoint.state, WebhookEndpoint.failing_since).where(WebhookEndpoint.id == endpoint_id)
    found = db.session.execute(wanted).one_or_none() if arrived else None
    if not arrived or (found and found.failing_since is not None):
        found = db.session.execute(wanted.with_for_update()).one_or_none()
    return (found.state, found.failing_since) if found else (None, None)


def _write(one: Claim, values: Mapping[str, Any]) -> bool:
    settled = db.write(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.id == one.id,
            WebhookDelivery.claim_token == one.token,
            WebhookDelivery.state == MessageState.CLAIMED,
        )
        .values(claim_token=None, **values),
        execution_options=IN_PLACE,
    )
    return bool(settled)
