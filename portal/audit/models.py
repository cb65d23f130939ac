"""Who changed what."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps
from portal.extensions import Model


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
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))
    action: Mapped[str] = mapped_column(String(40))
    entity: Mapped[str] = mapped_column(String(40))
    entity_id: Mapped[int]
    # By field: what it was and what it is.
    changes: Mapped[dict[str, list[Any]]] = mapped_column(JSON)
    request_id: Mapped[str | None] = mapped_column(String(64))
