"""Sending what waits in the outbox: claim, ask again what holds, write, hand over, record; each step committed.

No transaction is open while a mail server is talked to. A worker may be killed at any line: what
it had claimed is taken up by another when the lease ends, with the same Message-ID.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.config import Settings
from portal.database import only_reading
from portal.extensions import db
from portal.notifications import services
from portal.notifications.kinds import Params, Topic, topic_of
from portal.notifications.mail import Mail, MailServerAway, Section, open_mail, write_message
from portal.notifications.models import Channel
from portal.notifications.queries import list_facts_of
from portal.notifications.services import Claim

log = structlog.get_logger()
# So much of its lease must be left before a message is sent: the ten steps of a slow conversation with a server.
_MARGIN = timedelta(seconds=200)


@dataclass(slots=True)
class DeliveryCounts:
    """What became of the messages of one run; `released` wait for a mail server that was away."""

    sent: int = 0
    suppressed: int = 0
    failed: int = 0
    released: int = 0


def deliver_pending(
    settings: Settings,
    *,
    at: datetime | None = None,
    seconds: float | None = None,
    channels: Collection[Channel] = tuple(Channel),
) -> DeliveryCounts:
    """Send all messages whose time has come; stop after `seconds`, if given. Needs an application context.

    `at` is the moment for which obligations are asked, by default the present.
    """
    counts = DeliveryCounts()
    end = None if seconds is None else time.monotonic() + seconds
    with open_mail(settings.mail_address()) as mail:
        while claims := _claim(channels):
            if not _send_all(claims, mail, settings, at, counts) or (end is not None and time.monotonic() > end):
                break
    return counts


def _claim(channels: Collection[Channel]) -> Sequence[Claim]:
    try:
        claims = services.claim_deliveries(channels=channels)
    except OperationalError:  # a deadlock with another worker: once more
        db.session.rollback()
        claims = services.claim_deliveries(channels=channels)
    db.session.commit()
    return claims


def _send_all(
    claims: Sequence[Claim], mail: Mail, settings: Settings, at: datetime | None, counts: DeliveryCounts
) -> bool:
    """Send claimed messages; False when the mail server is away, so that it makes no sense to go on."""
    for position, claim in enumerate(claims):
        if clock.now() > claim.until - _MARGIN:
            _release(claims[position:], None, counts)
            break
        try:
            outcome = _send(claim, mail, settings, at or clock.now())
        except MailServerAway as error:
            log.error("mail_server_away", error=str(error))
            _release(claims[position:], str(error), counts)
            return False
        setattr(counts, outcome, getattr(counts, outcome) + 1)
    return True


def _send(claim: Claim, mail: Mail, settings: Settings, now: datetime) -> str:
    """Send one message and record it; the name of the count that it belongs to."""
    if claim.attempts > services.MAX_ATTEMPTS:
        return _fail(claim, "The worker ended each time while sending this message.")
    try:
        sections = _gather(claim, now)
        if not sections:
            services.mark_suppressed(claim, "Nothing of it holds any more.")
            db.session.commit()
            return "suppressed"
        mail.send(write_message(claim, sections, settings), f"delivery-{claim.id:08d}")
    except MailServerAway:
        raise
    except Exception as error:  # whatever is wrong with one message must not keep back the others
        return _fail(claim, f"{type(error).__name__}: {error}")
    _record_sent(claim)
    return "sent"


def _gather(claim: Claim, now: datetime) -> Sequence[Section]:
    """What the message has to say now, by topic; empty when there is nothing left or its recipient is gone."""
    by_topic: dict[str, tuple[Topic, list[Params]]] = {}
    with only_reading():
        for fact in list_facts_of(claim.id) if claim.is_active else ():
            if topic := topic_of(fact.kind):
                by_topic.setdefault(topic.name, (topic, []))[1].append(fact.params)
        gathered = [
            Section(topic, topic.gather(claim.recipient_id, params, now)) for topic, params in by_topic.values()
        ]
        db.session.rollback()
    return [section for section in gathered if section.content is not None]


def _record_sent(claim: Claim) -> None:
    try:
        kept = services.mark_sent(claim)
        db.session.commit()
    except OperationalError:  # the message is out: what is not recorded would be sent again
        db.session.rollback()
        kept = services.mark_sent(claim)
        db.session.commit()
    if not kept:
        log.warning("lease_lost", delivery=claim.id)


def _fail(claim: Claim, error: str) -> str:
    db.session.rollback()
    log.error("delivery_failed", delivery=claim.id, attempts=claim.attempts, error=error)
    services.mark_failed(claim, error)
    db.session.commit()
    return "failed"


def _release(claims: Sequence[Claim], error: str | None, counts: DeliveryCounts) -> None:
    services.release(claims, error)
    db.session.commit()
    counts.released += len(claims)
