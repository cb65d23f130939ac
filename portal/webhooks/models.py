"""Messages for other systems: who gets them, what happened, and what became of each delivery."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime, enum_column
from portal.extensions import Model

MAX_URL, MAX_DESCRIPTION, MAX_ANSWER = 500, 200, 500


class EndpointState(StrEnum):
    """Whether messages go to an endpoint."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class WhyDisabled(StrEnum):
    """Why an endpoint gets nothing."""

    BY_HAND = "by_hand"
    FAILING = "failing"
    GONE = "gone"
    UNREADABLE = "unreadable"


class MessageState(StrEnum):
    """How far a message to one endpoint has come."""

    PENDING = "pending"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookEndpoint(Timestamps, Model):
    """Another system that is told of some kinds of events.

    Secrets are sealed, see sealing.py. The previous one signs along until `previous_until`. `failing_since` is the
    first of the attempts that failed since the last one that did not.
    """

    __tablename__ = "webhook_endpoints"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(MAX_URL))
    description: Mapped[str] = mapped_column(String(MAX_DESCRIPTION), default="")
    events: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[EndpointState] = mapped_column(enum_column(EndpointState, "state"), default=EndpointState.ENABLED)
    reason: Mapped[WhyDisabled | None] = mapped_column(enum_column(WhyDisabled, "reason"))
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    secret: Mapped[str] = mapped_column(String(255))
    previous_secret: Mapped[str | None] = mapped_column(String(255))
    previous_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"), index=True)
    version: Mapped[int] = mapped_column(default=1)


class WebhookMessage(Timestamps, Model):
    """Something that happened, written in the transaction in which it did; `uid` is what receivers know it by.

    `once` is the same whenever the fact is, for events that a job finds.
    """

    __tablename__ = "webhook_messages"
    __table_args__ = (Index(None, "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(String(40), unique=True)
    type: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    once: Mapped[str | None] = mapped_column(String(100), unique=True)


class WebhookDelivery(Timestamps, Model):
    """A message to one endpoint. While it is claimed, `next_attempt_at` is the end of the lease.

    `attempts` counts from the last time that somebody asked for it to be sent; the other columns are of the last one.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("message_id", "endpoint_id"),
        Index(None, "endpoint_id", "state", "next_attempt_at"),
        Index(None, "state", "next_attempt_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("webhook_messages.id", onupdate="CASCADE", ondelete="CASCADE"))
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id", onupdate="CASCADE", ondelete="CASCADE"))
    state: Mapped[MessageState] = mapped_column(enum_column(MessageState, "state"), default=MessageState.PENDING)
    claim_token: Mapped[str | None] = mapped_column(String(36), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status_code: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(40))


class WebhookAttempt(Timestamps, Model):
    """One time that a message was sent: what was answered, or what kept it from arriving."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (Index(None, "delivery_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(
        ForeignKey("webhook_deliveries.id", onupdate="CASCADE", ondelete="CASCADE")
    )
    status_code: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(String(40))
    answer: Mapped[str] = mapped_column(String(MAX_ANSWER), default="")
    duration_ms: Mapped[int] = mapped_column(default=0)
