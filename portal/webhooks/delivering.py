"""Sending what waits: several messages at a time, so that a slow endpoint keeps back its own alone.

Only the network is other threads' work; whatever concerns the database stays in the one that calls.
"""

import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event, Lock

import structlog
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.config import Settings
from portal.database import only_reading
from portal.extensions import db
from portal.stopping import is_stopping
from portal.webhooks.addresses import Reach
from portal.webhooks.models import WhyDisabled
from portal.webhooks.sealing import SecretBox
from portal.webhooks.sending import GONE, Outcome, send
from portal.webhooks.services import outbox
from portal.webhooks.services.endpoints import disable_itself, is_hopeless
from portal.webhooks.services.outbox import Claim
from portal.webhooks.signing import body_of, headers_of

log = structlog.get_logger()

AT_ONCE = 16
# So often somebody looks whether more is due while messages are on their way.
_LOOK_EVERY = 1.0
# So often it is tried to record what became of a message; after that it is tried again when its lease ends.
_PATIENCE = 5
_running, _wanted = Lock(), Event()


@dataclass(slots=True)
class Sent:
    """How many messages arrived, did not arrive, and went to another worker meanwhile."""

    delivered: int = 0
    failed: int = 0
    lost: int = 0
    flying: dict[Future[Outcome], Claim] = field(default_factory=dict)


def deliver_messages(settings: Settings, box: SecretBox, *, seconds: float | None = None) -> Sent:
    """Send every message whose time has come; begin none after `seconds`, if given. Needs an application context.

    One thread of a process does it: what another is asked for meanwhile is done by the one that is at it.
    """
    total = Sent()
    _wanted.set()
    if not _running.acquire(blocking=False):
        return total
    try:
        end = None if seconds is None else time.monotonic() + seconds
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="webhooks") as pool:
            while _wanted.is_set() and not _is_over(end):
                _wanted.clear()
                _run(pool, settings, box, end, total)
    finally:
        _running.release()
    return total


def _run(pool: ThreadPoolExecutor, settings: Settings, box: SecretBox, end: float | None, sent: Sent) -> None:
    reach = Reach.of(settings)
    while True:
        for claim in () if _is_over(end) else _claim(sent):
            keys = _keys_of(claim, box)
            if keys:
                sent.flying[pool.submit(_send, claim, keys, reach)] = claim
            else:
                _record(claim, Outcome(None, "secret"), sent)
        if not sent.flying:
            return
        ended, _rest = wait(sent.flying, timeout=_LOOK_EVERY, return_when=FIRST_COMPLETED)
        for future in ended:
            _record(sent.flying.pop(future), future.result(), sent)


def _is_over(end: float | None) -> bool:
    return is_stopping() or (end is not None and time.monotonic() > end)


def _claim(sent: Sent) -> list[Claim]:
    busy = Counter(claim.endpoint_id for claim in sent.flying.values())
    room = AT_ONCE - len(sent.flying)
    if room <= 0:
        return []
    try:
        with only_reading():
            ready = outbox.find_ready(busy, room)
            db.session.rollback()
        claims = list(outbox.claim(ready)) if ready else []
        db.session.commit()
    except OperationalError:  # a deadlock with another worker: the next look finds what is left
        db.session.rollback()
        return []
    return claims


def _keys_of(claim: Claim, box: SecretBox) -> list[str]:
    """The secrets that sign a message, the present one first; none when it cannot be read."""
    present = box.open(claim.secret)
    if present is None:
        return []
    keys = [present]
    if claim.previous_secret and claim.previous_until and clock.now() < claim.previous_until:
        keys += filter(None, [box.open(claim.previous_secret)])
    return keys


def _send(claim: Claim, keys: list[str], reach: Reach) -> Outcome:
    body = body_of(claim.type, claim.happened_at, claim.data)
    headers = {"Content-Type": "application/json", "User-Agent": "teaching-portal-webhooks/1"}
    return send(claim.url, headers | headers_of(claim.uid, clock.now(), body, keys), body, reach)


def _record(claim: Claim, outcome: Outcome, sent: Sent) -> None:
    """Note what became of a message, and switch off an endpoint that wants no more."""
    kept = False
    for _ in range(_PATIENCE):
        try:
            kept = _note(claim, outcome)
            break
        except OperationalError:  # a deadlock: the message may be out, and what is not recorded would be sent again
            db.session.rollback()
    if not kept:
        sent.lost += 1
        log.warning("webhook_lease_lost", delivery=claim.id)
    elif outcome.arrived:
        sent.delivered += 1
    else:
        sent.failed += 1
        log.info("webhook_failed", delivery=claim.id, endpoint=claim.endpoint_id, error=outcome.error,
                 status=outcome.status_code, attempts=claim.attempts)  # fmt: skip


def _note(claim: Claim, outcome: Outcome) -> bool:
    kept = outbox.settle(claim, outcome)
    if kept and not outcome.arrived and (reason := _why_no_more(claim, outcome)):
        disable_itself(claim.endpoint_id, reason)
    db.session.commit()
    return kept


def _why_no_more(claim: Claim, outcome: Outcome) -> WhyDisabled | None:
    if outcome.error == "secret":
        return WhyDisabled.UNREADABLE
    if outcome.status_code == GONE:
        return WhyDisabled.GONE
    return WhyDisabled.FAILING if is_hopeless(claim.endpoint_id) else None
