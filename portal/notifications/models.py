"""A fact for one person, and the message that carries it to them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, String, Text, false
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
    # Kept because it was told, and not shown: its recipient wants none of its group in the inbox.
    is_hidden: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    delivery_id: Mapped[int | None] = mapped_column(ForeignKey("deliveries.id", onupdate="CASCADE"), index=True)


class Way(StrEnum):
    """Where somebody may want to be told of a group of kinds, or not."""

    INBOX = "inbox"
    MAIL = "mail"


class Choice(Timestamps, Model):
    """A group of which a person wants to hear nothing in this way. Whoever has none is told of everything."""

    __tablename__ = "notification_choices"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    group_name: Mapped[str] = mapped_column(String(40), primary_key=True)
    way: Mapped[Way] = mapped_column(String(20), primary_key=True)


class QuietHours(Timestamps, Model):
    """When a person wants no mail, in minutes after midnight where they live; the institution's where there is none."""

    __tablename__ = "quiet_hours"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    begins: Mapped[int]
    ends: Mapped[int]


class MailRefusal(Timestamps, Model):
    """The last time that somebody's mail was refused, or came back; gone as soon as one is taken again."""

    __tablename__ = "mail_refusals"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    address: Mapped[str] = mapped_column(String(254))
    code: Mapped[str] = mapped_column(String(20))
    said: Mapped[str] = mapped_column(String(500))
    is_bounce: Mapped[bool] = mapped_column(Boolean, default=False)
    times: Mapped[int] = mapped_column(default=1)
    refused_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
