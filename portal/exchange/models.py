"""The history of imports."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime
from portal.extensions import Model


class ImportRun(Timestamps, Model):
    """One import that was carried out: by whom, from which files, and what it changed."""

    __tablename__ = "import_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))
    source: Mapped[str] = mapped_column(String(255))
    skipped_errors: Mapped[bool] = mapped_column(Boolean, default=False)
    # {"offerings": {"create": 6565, "error": 4, …}}
    counts: Mapped[dict[str, Any]] = mapped_column(JSON)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
