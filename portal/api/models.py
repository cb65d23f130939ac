"""Answers that are kept for requests which come again."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime
from portal.extensions import Model


class KeptAnswer(Timestamps, Model):
    """The answer to a request that bore an `Idempotency-Key`; without a status the request is being answered."""

    __tablename__ = "kept_answers"
    __table_args__ = (UniqueConstraint("user_id", "key_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"))
    key_hash: Mapped[str] = mapped_column(String(64))
    # Of method, address and body: the same key for another request is a mistake.
    fingerprint: Mapped[str] = mapped_column(String(64))
    # Whoever answers has until then; afterwards another may begin again, since nothing was committed.
    claim: Mapped[str] = mapped_column(String(36))
    claimed_until: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    body: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
