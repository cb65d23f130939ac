"""A fact for one person, and the message that carries it to them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime, enum_column
from portal.extensions import Model


class DeliveryState(StrEnum):
    """How far a message has come."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class Channel(StrEnum):
    """How a message travels. A letter is a mail about the account itself: alone, at once, to the account's address."""

    MAIL = "mail"
    LETTER = "letter"


class Delivery(Timestamps, Model):
    """One message to one person through one channel; it carries all notifications that point to it."""

    __tablename__ = "deliveries"
    __table_args__ = (Index(None, "state", "next_attempt_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), index=True
    )
    channel: Mapped[str] = mapped_column(String(20), default=Channel.MAIL)
    state: Mapped[DeliveryState] = mapped_column(enum_column(DeliveryState, "state"), default=DeliveryState.PENDING)
    # A worker that claims a message has until then; afterwards another may take it.
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claim_token: Mapped[str | None] = mapped_column(String(36), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(Text)


class Notification(Timestamps, Model):
    """A fact for one person: kind and parameters. Its words are made when it is read or mailed."""

    __tablename__ = "notifications"
    __table_args__ = (Index(None, "recipient_id", "read_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Recipient, obligation, stage and version of the deadline: the same fact is never told twice.
    dedupe_key: Mapped[str] = mapped_column(String(120), unique=True)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id", onupdate="CASCADE"), index=True)
