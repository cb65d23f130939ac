"""Beginning, taking up and ending jobs. What a worker does with one stands in running.py."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, func, or_, select, update

from portal import clock
from portal.accounts.models import User
from portal.audit.services import Actor
from portal.database import work_waits
from portal.extensions import db
from portal.jobs.models import Job, JobState

# A worker that is alive renews its lease several times in this span.
LEASE = timedelta(seconds=40)
# Killed twice in the middle of the same job is a worker's bad luck; three times is the job's own fault.
MAX_ATTEMPTS = 3
_JOBS = cast(Table, Job.__table__)


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this worker may do while its lease lasts; `attempt` tells its claim from an earlier worker's."""

    id: int
    attempt: int
    kind: str
    params: Mapping[str, Any]
    owner_id: int | None
    locale: str


def start_job(kind: str, by: Actor, **params: Any) -> int:
    """Have a kind of work done by the worker once the caller commits; gives the job's id. One statement."""
    job = Job(kind=kind, owner_id=by.user_id, params=params, result={})
    db.session.add(job)
    db.session.flush()
    work_waits(db.session, "run_jobs")
    return job.id


def claim_job(now: datetime | None = None) -> Claim | None:
    """Take up the oldest job that waits or whose worker died; None when there is none. The caller commits."""
    now = now or clock.now()
    _give_up(now)
    candidates = select(_JOBS.c.id, _JOBS.c.attempts).where(_is_free(now)).order_by(_JOBS.c.id).limit(10)
    for job_id, attempts in db.session.execute(candidates).all():
        taken = db.write(
            update(_JOBS)
            .where(_JOBS.c.id == job_id, _JOBS.c.attempts == attempts, _is_free(now))
            .values(
                state=JobState.RUNNING, attempts=attempts + 1, leased_until=now + LEASE, stage="", done=0, total=0,
                started_at=now, updated_at=now,
            )
        )  # fmt: skip
        if taken:
            return _claim_of(job_id)
    return None


def _claim_of(job_id: int) -> Claim:
    columns = (_JOBS.c.id, _JOBS.c.attempts, _JOBS.c.kind, _JOBS.c.params, _JOBS.c.owner_id)
    locale = func.coalesce(User.locale, "en")
    owned = select(*columns, locale).outerjoin(User, User.id == _JOBS.c.owner_id)
    return Claim(*db.session.execute(owned.where(_JOBS.c.id == job_id)).one())


def _is_free(now: datetime) -> ColumnElement[bool]:
    died = and_(_JOBS.c.state == JobState.RUNNING, _JOBS.c.leased_until < now, _JOBS.c.attempts < MAX_ATTEMPTS)
    return or_(_JOBS.c.state == JobState.WAITING, died)


def _give_up(now: datetime) -> None:
    """End the jobs whose workers died too often, and those that were cancelled when theirs died.

    They are looked for without locks and ended one by one: an update that searches by state would lock rows in the
    other order than a worker that ends its own, and of two that wait for each other MariaDB undoes one.
    """
    dead = and_(_JOBS.c.state == JobState.RUNNING, _JOBS.c.leased_until < now)
    over = or_(_JOBS.c.cancel_asked_at.is_not(None), _JOBS.c.attempts >= MAX_ATTEMPTS)
    for job_id, cancelled_at in db.session.execute(select(_JOBS.c.id, _JOBS.c.cancel_asked_at).where(dead, over)).all():
        state = JobState.CANCELLED if cancelled_at else JobState.FAILED
        ended = update(_JOBS).where(_JOBS.c.id == job_id, dead, over)
        db.session.execute(ended.values(state=state, finished_at=now, leased_until=None, updated_at=now))


def end_job(claim: Claim, state: JobState, result: Mapping[str, Any]) -> bool:
    """Note how a job ended; False when the lease was lost meanwhile, and then nothing may be committed."""
    now = clock.now()
    ended = db.write(
        update(_JOBS)
        .where(_JOBS.c.id == claim.id, _JOBS.c.attempts == claim.attempt, _JOBS.c.state == JobState.RUNNING)
        .values(state=state, result=dict(result), finished_at=now, leased_until=None, updated_at=now)
    )
    return bool(ended)


def hand_back(claim: Claim) -> None:
    """Let another worker begin it at once: this one is being stopped."""
    _let_wait(claim, attempts=claim.attempt - 1)


def let_be(claim: Claim) -> None:
    """Have it begun again by the next look of a worker; the attempt counts."""
    _let_wait(claim, attempts=claim.attempt)


def _let_wait(claim: Claim, attempts: int) -> None:
    db.session.execute(
        update(_JOBS)
        .where(_JOBS.c.id == claim.id, _JOBS.c.attempts == claim.attempt, _JOBS.c.state == JobState.RUNNING)
        .values(state=JobState.WAITING, attempts=attempts, leased_until=None)
    )


def cancel_job(job_id: int, owner_id: int) -> bool:
    """Stop someone's own job: at once while it waits, at its next step while it runs. False when it had ended."""
    now = clock.now()
    own = and_(_JOBS.c.id == job_id, _JOBS.c.owner_id == owner_id)
    waiting = update(_JOBS).where(own, _JOBS.c.state == JobState.WAITING)
    ended = db.write(waiting.values(state=JobState.CANCELLED, finished_at=now, updated_at=now))
    if ended:
        return True
    running = update(_JOBS).where(own, _JOBS.c.state == JobState.RUNNING)
    asked = db.write(running.values(cancel_asked_at=now, updated_at=now))
    return bool(asked)
