"""Who changed what."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime
from portal.extensions import Model


class ChangeBatch(Timestamps, Model):
    """Many changes that were one deed, such as allocating a selection; what can be undone as a whole.

    `kind` is the deed, `params` what it was done with, `row_count` how many rows it changed. `undoes_id` is the
    batch that this one took back.
    """

    __tablename__ = "change_batches"
    __table_args__ = (Index(None, "actor_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    row_count: Mapped[int] = mapped_column(default=0)
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undoes_id: Mapped[int | None] = mapped_column(
        ForeignKey("change_batches.id", onupdate="CASCADE", ondelete="CASCADE"), unique=True
    )


class AuditEvent(Timestamps, Model):
    """One change: actor, action, entity, and field by field what was and what is."""

    __tablename__ = "audit_events"
    # Each filter of the audit log finds its newest events without sorting, however many there are.
    __table_args__ = (
        Index(None, "created_at"),
        Index(None, "actor_id", "created_at"),
        Index(None, "action", "created_at"),
        Index(None, "entity", "entity_id"),
        Index(None, "request_id"),
        Index(None, "batch_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))
    action: Mapped[str] = mapped_column(String(40))
    entity: Mapped[str] = mapped_column(String(40))
    entity_id: Mapped[int]
    # By field: what it was and what it is.
    changes: Mapped[dict[str, list[Any]]] = mapped_column(JSON)
    request_id: Mapped[str | None] = mapped_column(String(64))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("change_batches.id", onupdate="CASCADE"))
