"""Long work that a person began and the worker does."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime, enum_column
from portal.extensions import Model


class JobState(StrEnum):
    """How far a job has come. A cancelled or failed one has left nothing behind."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNDER_WAY = (JobState.WAITING, JobState.RUNNING)


class Job(Timestamps, Model):
    """One piece of long work: what is to be done, for whom, how far it is, and how it ended.

    `stage` says in the owner's language what is being done now, `done` of `total` steps of it are finished.
    A worker that dies lets its lease run out, and another begins the job again from the start.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "state", "leased_until"), Index(None, "owner_id", "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[JobState] = mapped_column(enum_column(JobState, "state"), default=JobState.WAITING)
    stage: Mapped[str] = mapped_column(String(120), default="")
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancel_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What the work gave, or {"message": …} in the owner's language when it failed.
    result: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
