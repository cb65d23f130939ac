"""Endpoints: who wants to know what, and how they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Select, func, select

from portal.accounts.models import User
from portal.accounts.queries.personal_data import list_of
from portal.extensions import db
from portal.roles import Role
from portal.webhooks.models import EndpointState, MessageState, WebhookDelivery, WebhookEndpoint, WhyDisabled


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """An endpoint without its secrets; how many of its messages are in which state, and when one arrived last."""

    id: int
    url: str
    description: str
    events: Sequence[str]
    state: EndpointState
    reason: WhyDisabled | None
    disabled_at: datetime | None
    failing_since: datetime | None
    previous_until: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime
    counts: Mapping[MessageState, int]
    last_delivered_at: datetime | None

    @property
    def name(self) -> str:
        """What people call it: what it is for, else where it is."""
        return name_of(self.url, self.description)

    @property
    def is_enabled(self) -> bool:
        """Whether messages go to it."""
        return self.state is EndpointState.ENABLED

    def count(self, *states: str) -> int:
        """How many of its messages are in these states."""
        return sum(count for state, count in self.counts.items() if state in states)


def name_of(url: str, description: str) -> str:
    """What people call an endpoint."""
    return description or urlsplit(url).netloc


_COLUMNS: Select[*tuple[Any, ...]] = select(
    WebhookEndpoint.id,
    WebhookEndpoint.url,
    WebhookEndpoint.description,
    WebhookEndpoint.events,
    WebhookEndpoint.state,
    WebhookEndpoint.reason,
    WebhookEndpoint.disabled_at,
    WebhookEndpoint.failing_since,
    WebhookEndpoint.previous_until,
    WebhookEndpoint.version,
    WebhookEndpoint.created_at,
    WebhookEndpoint.updated_at,
)


def list_subscriptions() -> dict[int, frozenset[str]]:
    """What each endpoint that is enabled wants to be told of. One statement."""
    wanted = select(WebhookEndpoint.id, WebhookEndpoint.events).where(WebhookEndpoint.state == EndpointState.ENABLED)
    return {row.id: frozenset(row.events) for row in db.session.execute(wanted)}


def list_endpoints(*, offset: int = 0, limit: int | None = None, newest_first: bool = False) -> Sequence[EndpointRow]:
    """All endpoints, the oldest first. Two statements."""
    order = WebhookEndpoint.id.desc() if newest_first else WebhookEndpoint.id
    statement = _COLUMNS.order_by(order).offset(offset)
    return _rows(statement if limit is None else statement.limit(limit))


def count_endpoints() -> int:
    """How many there are."""
    return db.session.scalar(select(func.count()).select_from(WebhookEndpoint)) or 0


def find_endpoint(endpoint_id: int) -> EndpointRow | None:
    """One endpoint. Two statements."""
    return next(iter(_rows(_COLUMNS.where(WebhookEndpoint.id == endpoint_id))), None)


def _rows(statement: Select[*tuple[Any, ...]]) -> Sequence[EndpointRow]:
    rows = db.session.execute(statement).all()
    counts: dict[int, dict[MessageState, int]] = {}
    latest: dict[int, datetime] = {}
    counted = (
        select(WebhookDelivery.endpoint_id, WebhookDelivery.state, func.count(), func.max(WebhookDelivery.delivered_at))
        .where(WebhookDelivery.endpoint_id.in_([row.id for row in rows]))
        .group_by(WebhookDelivery.endpoint_id, WebhookDelivery.state)
    )
    for endpoint_id, state, count, arrived in db.session.execute(counted) if rows else ():
        counts.setdefault(endpoint_id, {})[state] = count
        if arrived is not None:
            latest[endpoint_id] = max(arrived, latest.get(endpoint_id, arrived))
    return [EndpointRow(*(*row, counts.get(row.id, {}), latest.get(row.id))) for row in rows]


def list_administrators() -> Sequence[int]:
    """Whom it concerns when an endpoint gets nothing any more."""
    wanted = select(User.id).where(User.role == Role.ADMIN, User.is_active.is_(True))
    return db.session.scalars(wanted.order_by(User.id)).all()


def list_disabled(endpoint_ids: Sequence[int]) -> Mapping[int, tuple[str, WhyDisabled | None]]:
    """Those of these endpoints that get nothing at present: what they are called, and why."""
    wanted = select(WebhookEndpoint.id, WebhookEndpoint.url, WebhookEndpoint.description, WebhookEndpoint.reason)
    wanted = wanted.where(WebhookEndpoint.id.in_(endpoint_ids), WebhookEndpoint.state == EndpointState.DISABLED)
    return {row.id: (name_of(row.url, row.description), row.reason) for row in db.session.execute(wanted)}


def list_own_endpoints(user_id: int) -> list[dict[str, Any]]:
    """The endpoints that a person made, for the document of what is kept of them. One statement."""
    columns = (WebhookEndpoint.id, WebhookEndpoint.url, WebhookEndpoint.description, WebhookEndpoint.created_at)
    return list_of(select(*columns).where(WebhookEndpoint.created_by == user_id).order_by(WebhookEndpoint.id))


def count_standing() -> Mapping[str, int]:
    """How many endpoints get messages, do not answer, switched themselves off, and were switched off. One statement."""
    rows = db.session.execute(select(WebhookEndpoint.state, WebhookEndpoint.failing_since, WebhookEndpoint.reason))
    found = dict.fromkeys(("enabled", "failing", "given_up", "by_hand"), 0)
    for state, failing_since, reason in rows:
        if state is EndpointState.ENABLED:
            found["failing" if failing_since else "enabled"] += 1
        else:
            found["by_hand" if reason in {None, WhyDisabled.BY_HAND} else "given_up"] += 1
    return found
