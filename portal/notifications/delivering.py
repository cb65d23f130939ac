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
from portal.away import is_away
from portal.config import Settings
from portal.database import only_reading
from portal.extensions import db
from portal.notifications import services
from portal.notifications.kinds import Params, Topic, group_of, topic_of
from portal.notifications.mail import (
    AddressRefused,
    Mail,
    MailServerAway,
    Section,
    language_of,
    open_mail,
    write_message,
    zone_of,
)
from portal.notifications.models import Channel
from portal.notifications.planning import Planned, plan
from portal.notifications.queries import list_facts_of
from portal.notifications.services import Claim
from portal.notifications.services.refusals import forget_refusal, note_refusal
from portal.stopping import is_stopping
from portal.web.locale import as_read_by

log = structlog.get_logger()
# So much of its lease must be left before a message is sent: the ten steps of a slow conversation with a server.
_MARGIN = timedelta(seconds=200)


@dataclass(slots=True)
class DeliveryCounts:
    """What became of the messages of one run.

    `released` wait for a mail server that was away; `deferred` for the morning, or are said by another mail of the day.
    """

    sent: int = 0
    suppressed: int = 0
    failed: int = 0
    released: int = 0
    deferred: int = 0


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
            planned = plan(claims, settings)
            counts.deferred += len(claims) - len(planned)
            if not _send_all(planned, mail, settings, at, counts) or (end is not None and time.monotonic() > end):
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
    planned: Sequence[Planned], mail: Mail, settings: Settings, at: datetime | None, counts: DeliveryCounts
) -> bool:
    """Send claimed messages; False when it makes no sense to go on: the mail server is away, or the worker ends."""
    for position, one in enumerate(planned):
        if is_stopping():
            _release(planned[position:], None, counts)
            return False
        if clock.now() > one.claim.until - _MARGIN:
            _release(planned[position:], None, counts)
            break
        try:
            outcome = _send(one, mail, settings, at or clock.now())
        except MailServerAway as error:
            log.error("mail_server_away", error=str(error))
            _release(planned[position:], str(error), counts)
            return False
        setattr(counts, outcome, getattr(counts, outcome) + 1)
    return True


def _send(one: Planned, mail: Mail, settings: Settings, now: datetime) -> str:
    """Send one message and record it; the name of the count that it belongs to."""
    claim = one.claim
    if claim.attempts > services.MAX_ATTEMPTS:
        return _fail(claim, "The worker ended each time while sending this message.")
    try:
        sections = _gather(one, settings, now)
        if not sections:
            services.mark_suppressed(claim, "Nothing of it holds any more.")
            db.session.commit()
            return "suppressed"
        mail.send(write_message(claim, sections, settings), f"delivery-{claim.id:08d}")
    except MailServerAway:
        raise
    except AddressRefused as error:
        return _refuse(claim, error)
    except Exception as error:  # whatever is wrong with one message must not keep back the others
        if is_away(error):  # nothing is wrong with it: once the claim runs out, it is sent
            raise
        return _fail(claim, f"{type(error).__name__}: {error}")
    _record_sent(one)
    return "sent"


def _gather(one: Planned, settings: Settings, now: datetime) -> Sequence[Section]:
    """What the message has to say now, by topic and in its reader's words; empty when nothing or nobody is left."""
    claim = one.claim
    by_topic: dict[str, tuple[Topic, list[Params], set[str]]] = {}
    with only_reading():
        for fact in list_facts_of(claim.id) if claim.is_active else ():
            topic, group = topic_of(fact.kind), group_of(fact.kind)
            if topic and group not in one.standing.unwanted:
                _topic, facts, groups = by_topic.setdefault(topic.name, (topic, [], set()))
                facts.append(fact.params)
                groups.add(group)
        with as_read_by(language_of(claim), zone_of(claim, settings).key):
            gathered = [
                Section(topic, topic.gather(claim.recipient_id, facts, now), frozenset(groups))
                for topic, facts, groups in by_topic.values()
            ]
        db.session.rollback()
    return [section for section in gathered if section.content is not None]


def _record_sent(one: Planned) -> None:
    try:
        kept = _note_sent(one)
    except OperationalError:  # the message is out: what is not recorded would be sent again
        db.session.rollback()
        kept = _note_sent(one)
    if not kept:
        log.warning("lease_lost", delivery=one.claim.id)


def _note_sent(one: Planned) -> bool:
    kept = services.mark_sent(one.claim)
    if one.standing.is_refused:
        forget_refusal(one.claim.recipient_id, one.claim.address)
    db.session.commit()
    return kept


def _refuse(claim: Claim, error: AddressRefused) -> str:
    """The server will never take mail for this address: say so to administrators, and try no more."""
    db.session.rollback()
    log.warning("address_refused", delivery=claim.id, code=error.code)
    note_refusal(claim.recipient_id, claim.address, error.code, error.said)
    services.give_up(claim, str(error))
    db.session.commit()
    return "failed"


def _fail(claim: Claim, error: str) -> str:
    db.session.rollback()
    log.error("delivery_failed", delivery=claim.id, attempts=claim.attempts, error=error)
    services.mark_failed(claim, error)
    db.session.commit()
    return "failed"


def _release(planned: Sequence[Planned], error: str | None, counts: DeliveryCounts) -> None:
    services.release([one.claim for one in planned], error)
    db.session.commit()
    counts.released += len(planned)
