"""What the worker leaves behind about its own work."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime
from portal.extensions import Model

REMINDERS, DELIVERIES = "reminders", "deliveries"


class Pass(Timestamps, Model):
    """When a regular job last went through, on whichever worker, and what it counted."""

    __tablename__ = "passes"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
