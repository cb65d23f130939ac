"""What became of the messages: the log, what waits, and whose mail is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from portal.accounts.models import User
from portal.accounts.names import full_name
from portal.extensions import db
from portal.folding import fold
from portal.notifications.models import Channel, Delivery, DeliveryState, MailRefusal, Notification
from portal.paging import Page, PageRequest, fitting, make_page, slice_by_key

_MOST_REFUSALS = 50


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which messages are wanted; empty values narrow nothing. `kinds` are those of which one must say something."""

    who: str = ""
    state: DeliveryState | None = None
    kinds: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    with_letters: bool = True


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A message: whose, how far it has come, and how many facts of which kind it carries."""

    id: int
    created_at: datetime
    channel: str
    state: DeliveryState
    attempts: int
    next_attempt_at: datetime
    sent_at: datetime | None
    last_error: str | None
    user_id: int
    first_name: str
    last_name: str
    email: str
    kinds: Mapping[str, int]

    @property
    def recipient(self) -> str:
        """Their name, or address when they have none."""
        return full_name(self.first_name, self.last_name) or self.email


@dataclass(frozen=True, slots=True)
class QueueState:
    """How the outbox stands: the oldest message whose time has come, how many there are, and the others."""

    oldest: datetime | None
    ready: int
    deferred: int
    retrying: int
    claimed: int
    failed: int

    def age(self, now: datetime) -> int:
        """For how many minutes the oldest of those whose time has come has waited."""
        return max(0, int((now - self.oldest).total_seconds() // 60)) if self.oldest else 0


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """Somebody whose mail is refused or came back."""

    user_id: int
    full_name: str
    address: str
    code: str
    said: str
    is_bounce: bool
    times: int
    refused_at: datetime


def find_queue_state(now: datetime, *, with_letters: bool = True) -> QueueState:
    """How the outbox stands, letters counted too unless they shall not. One statement."""
    seen = [] if with_letters else [Delivery.channel != Channel.LETTER]
    ready = and_(Delivery.state == DeliveryState.PENDING, Delivery.next_attempt_at <= now)
    later = and_(Delivery.state == DeliveryState.PENDING, Delivery.next_attempt_at > now)

    def counted(condition: ColumnElement[bool]) -> Any:
        return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)

    row: Any = db.session.execute(
        select(
            func.min(case((ready, Delivery.next_attempt_at))),
            counted(ready),
            counted(and_(later, Delivery.attempts == 0)),
            counted(and_(later, Delivery.attempts > 0)),
            counted(Delivery.state == DeliveryState.CLAIMED),
            counted(Delivery.state == DeliveryState.FAILED),
        ).where(Delivery.state.in_([DeliveryState.PENDING, DeliveryState.CLAIMED, DeliveryState.FAILED]), *seen)
    ).one()
    return QueueState(row[0], *(int(count) for count in row[1:]))


def is_there(delivery_id: int) -> bool:
    """Whether there is such a message. One statement."""
    return db.session.scalar(select(Delivery.id).where(Delivery.id == delivery_id)) is not None


def page_of_deliveries(wanted: DeliveryFilter, page: PageRequest) -> Page[DeliveryRow]:
    """The messages that a filter lets through, newest first. Two statements."""
    page = fitting(page, [])
    columns: tuple[Any, ...] = (
        Delivery.id, Delivery.created_at, Delivery.channel, Delivery.state, Delivery.attempts, Delivery.next_attempt_at,
        Delivery.sent_at, Delivery.last_error, User.id.label("user_id"), User.first_name, User.last_name, User.email,
    )  # fmt: skip
    statement: Select[Any] = select(*columns).join(User, User.id == Delivery.recipient_id).where(*_conditions(wanted))
    rows = db.session.execute(slice_by_key(statement, [], Delivery.__table__.c.id, page)).all()
    kinds = _kinds_of([row.id for row in rows])
    found = [DeliveryRow(*(*row, kinds.get(row.id, {}))) for row in rows]
    return make_page(found, [(row.id,) for row in rows], page, 0)


def _conditions(wanted: DeliveryFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.who:
        words = fold(wanted.who).split()[:8]
        named = and_(*(User.name_folded.contains(word, autoescape=True) for word in words))
        found.append(or_(named, User.email.startswith(wanted.who.lower(), autoescape=True)))
    if wanted.state is not None:
        found.append(Delivery.state == wanted.state)
    if wanted.kinds:
        said = select(Notification.id).where(
            Notification.delivery_id == Delivery.id, Notification.kind.in_(wanted.kinds)
        )
        found.append(said.exists())
    if wanted.since is not None:
        found.append(Delivery.created_at >= wanted.since)
    if wanted.until is not None:
        found.append(Delivery.created_at < wanted.until)
    if not wanted.with_letters:
        found.append(Delivery.channel != Channel.LETTER)
    return found


def _kinds_of(delivery_ids: Sequence[int]) -> Mapping[int, Mapping[str, int]]:
    found: dict[int, dict[str, int]] = {}
    counted = select(Notification.delivery_id, Notification.kind, func.count())
    counted = counted.where(Notification.delivery_id.in_(delivery_ids))
    rows = db.session.execute(counted.group_by(Notification.delivery_id, Notification.kind)) if delivery_ids else ()
    for delivery_id, kind, count in rows:
        found.setdefault(delivery_id or 0, {})[kind] = count
    return found


def list_refusals() -> Sequence[RefusedRow]:
    """Whose mail is refused, the latest first, at most fifty. One statement."""
    wanted = (
        select(
            User.id, User.first_name, User.last_name, MailRefusal.address, MailRefusal.code, MailRefusal.said,
            MailRefusal.is_bounce, MailRefusal.times, MailRefusal.refused_at,
        )
        .join(User, User.id == MailRefusal.user_id)
        .order_by(MailRefusal.refused_at.desc(), User.id)
        .limit(_MOST_REFUSALS)
    )  # fmt: skip
    return [RefusedRow(row[0], f"{row[1]} {row[2]}".strip(), *row[3:]) for row in db.session.execute(wanted)]
