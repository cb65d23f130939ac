"""What became of messages: those of one endpoint, with each attempt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from portal.extensions import db
from portal.paging import Page, PageRequest, fitting, make_page, slice_by_key
from portal.webhooks.models import MessageState, WebhookAttempt, WebhookDelivery, WebhookMessage

_WHILE_LOOKING = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which messages of an endpoint are wanted; empty values narrow nothing."""

    state: MessageState | None = None
    type: str = ""


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt: when it ended, what was answered or kept it from arriving, and how long it took."""

    created_at: datetime
    status_code: int | None
    error: str | None
    answer: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A message to an endpoint, and how far it has come."""

    id: int
    uid: str
    type: str
    data: Mapping[str, Any]
    happened_at: datetime
    state: MessageState
    attempts: int
    next_attempt_at: datetime
    delivered_at: datetime | None
    status_code: int | None
    error: str | None
    tried: Sequence[AttemptRow] = ()

    @property
    def is_waiting(self) -> bool:
        """Whether there is another attempt to come."""
        return self.state in {MessageState.PENDING, MessageState.CLAIMED}

    def is_due(self, now: datetime) -> bool:
        """Whether something about it changes within moments."""
        return self.is_waiting and (self.state is MessageState.CLAIMED or self.next_attempt_at <= now)

    def is_near(self, now: datetime) -> bool:
        """Whether something about it changes while somebody looks: within a minute."""
        return self.is_due(now + _WHILE_LOOKING)


_COLUMNS: Select[*tuple[Any, ...]] = select(
    WebhookDelivery.id,
    WebhookMessage.uid,
    WebhookMessage.type,
    WebhookMessage.data,
    WebhookMessage.created_at,
    WebhookDelivery.state,
    WebhookDelivery.attempts,
    WebhookDelivery.next_attempt_at,
    WebhookDelivery.delivered_at,
    WebhookDelivery.status_code,
    WebhookDelivery.error,
).join(WebhookMessage, WebhookMessage.id == WebhookDelivery.message_id)


def page_of_deliveries(endpoint_id: int, wanted: DeliveryFilter, page: PageRequest) -> Page[DeliveryRow]:
    """The messages of an endpoint that a filter lets through, newest first, with their attempts. Two statements."""
    page = fitting(page, [])
    statement = slice_by_key(_COLUMNS.where(*_conditions(endpoint_id, wanted)), [], _id(), page)
    rows = _with_attempts(db.session.execute(statement).all())
    return make_page(rows, [(row.id,) for row in rows], page, 0)


def list_deliveries(
    endpoint_id: int, wanted: DeliveryFilter, offset: int, limit: int, *, newest_first: bool = True
) -> Sequence[DeliveryRow]:
    """The same by number. Two statements."""
    key = WebhookDelivery.id.desc() if newest_first else WebhookDelivery.id.asc()
    statement = _COLUMNS.where(*_conditions(endpoint_id, wanted)).order_by(key)
    return _with_attempts(db.session.execute(statement.offset(offset).limit(limit)).all())


def count_deliveries(endpoint_id: int, wanted: DeliveryFilter) -> int:
    """How many messages of an endpoint a filter lets through."""
    counted = select(func.count()).select_from(WebhookDelivery)
    counted = counted.join(WebhookMessage, WebhookMessage.id == WebhookDelivery.message_id)
    return db.session.scalar(counted.where(*_conditions(endpoint_id, wanted))) or 0


def find_delivery(endpoint_id: int, delivery_id: int) -> DeliveryRow | None:
    """One message of an endpoint. Two statements."""
    mine = (WebhookDelivery.id == delivery_id, WebhookDelivery.endpoint_id == endpoint_id)
    return next(iter(_with_attempts(db.session.execute(_COLUMNS.where(*mine)).all())), None)


def count_by_result() -> Mapping[str, int]:
    """How many attempts that are kept ended how: `delivered`, or what kept them from arriving."""
    rows = db.session.execute(select(WebhookAttempt.error, func.count()).group_by(WebhookAttempt.error))
    return {error or "delivered": count for error, count in rows}


def _id() -> Any:
    return WebhookDelivery.__table__.c.id


def _conditions(endpoint_id: int, wanted: DeliveryFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [WebhookDelivery.endpoint_id == endpoint_id]
    if wanted.state is not None:
        found.append(WebhookDelivery.state == wanted.state)
    if wanted.type:
        found.append(WebhookMessage.type == wanted.type)
    return found


def _with_attempts(rows: Sequence[Any]) -> list[DeliveryRow]:
    tried: dict[int, list[AttemptRow]] = {}
    of = WebhookAttempt
    wanted = select(of.delivery_id, of.created_at, of.status_code, of.error, of.answer, of.duration_ms)
    wanted = wanted.where(of.delivery_id.in_([row.id for row in rows])).order_by(of.id)
    for row in db.session.execute(wanted) if rows else ():
        delivery_id, *values = tuple[Any, ...](row)
        tried.setdefault(delivery_id, []).append(AttemptRow(*values))
    return [DeliveryRow(*(*row, tried.get(row.id, ()))) for row in rows]
