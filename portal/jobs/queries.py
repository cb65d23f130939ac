"""Where jobs stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.accounts.queries.personal_data import list_of
from portal.extensions import db
from portal.jobs.models import UNDER_WAY, Job, JobState


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as its owner sees it; `stage` is in their language."""

    id: int
    kind: str
    params: Mapping[str, Any]
    state: JobState
    stage: str
    done: int
    total: int
    attempts: int
    is_cancelling: bool
    started_at: datetime | None
    result: Mapping[str, Any]

    @property
    def is_under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.state in UNDER_WAY

    def seconds_left(self, now: datetime) -> int | None:
        """About how long the present stage will take yet; None while that is anyone's guess."""
        if self.started_at is None or not self.total or self.done * 20 < self.total:
            return None
        took = (now - self.started_at).total_seconds()
        return round(took * (self.total - self.done) / self.done) if took >= 2 else None


_COLUMNS = (
    Job.id, Job.kind, Job.params, Job.state, Job.stage, Job.done, Job.total, Job.attempts,
    Job.cancel_asked_at.is_not(None), Job.started_at, Job.result,
)  # fmt: skip


def find_job(job_id: int, owner_id: int) -> JobRow | None:
    """Someone's own job; None for another's. One statement."""
    row = db.session.execute(select(*_COLUMNS).where(Job.id == job_id, Job.owner_id == owner_id)).one_or_none()
    return JobRow(*row) if row else None


def list_jobs_of(user_id: int) -> list[dict[str, Any]]:
    """The long work that a person began. One statement."""
    wanted = select(Job.kind, Job.state, Job.created_at, Job.started_at)
    return list_of(wanted.where(Job.owner_id == user_id).order_by(Job.id))
