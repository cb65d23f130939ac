"""What a worker does with jobs: claim, work, and record the end in the transaction of the work itself.

A worker that is killed leaves nothing behind but a lease that runs out; the next one begins the job again.
One that was only slow and lost its lease cannot commit: the end of a job is recorded once.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Event, Thread
from typing import Any, cast

import structlog
from flask_babel import force_locale
from sqlalchemy import Engine, Table, select, update
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.away import is_away
from portal.database import impatient, only_reading
from portal.errors import DomainError
from portal.extensions import db
from portal.jobs import services
from portal.jobs.models import Job, JobState
from portal.jobs.services import LEASE, Claim
from portal.jobs.works import Cancelled, Owner, surrounded, work_of

log = structlog.get_logger()
_JOBS = cast(Table, Job.__table__)
# How often progress is written and a wish to cancel is looked for, in seconds.
_PACE = 0.5
_BEAT = LEASE.total_seconds() / 4


class _Refused(Exception):
    """A rule was not kept; the message is in the owner's language."""


def run_waiting_jobs(seconds: float | None = None) -> int:
    """Do the jobs that wait, one after another, and begin no more after `seconds`; gives how many were done.

    Needs an application context.
    """
    end = None if seconds is None else time.monotonic() + seconds
    done = 0
    while claim := _claim():
        if not _do(claim):
            break
        done += 1
        if end is not None and time.monotonic() > end:
            break
    return done


def _claim() -> Claim | None:
    claim = services.claim_job()
    db.session.commit()
    return claim


def _do(claim: Claim) -> bool:
    """Do one job and record how it ended. Whatever goes wrong in it is its own end, not the worker's.

    False when the database went meanwhile: then nothing of it was done, and it is begun again.
    """
    try:
        # What it says of itself is read by its owner alone.
        with force_locale(claim.locale), _kept_alive(claim):
            result = _run(claim)
        _end(claim, JobState.DONE, result)
    except Cancelled:
        _end_anew(claim, JobState.CANCELLED, {})
    except _Refused as error:
        _end_anew(claim, JobState.FAILED, {"message": str(error)})
    except Exception as error:
        if is_away(error) and claim.attempt < services.MAX_ATTEMPTS:
            log.warning("job_begins_anew", job=claim.id, kind=claim.kind, cause=type(error).__name__)
            db.let_go()
            services.let_be(claim)
            db.session.commit()
            return False
        log.exception("job_failed", job=claim.id, kind=claim.kind)
        _end_anew(claim, JobState.FAILED, {})
    except BaseException:  # the worker is being stopped: whoever comes next begins anew
        db.session.rollback()
        services.hand_back(claim)
        db.session.commit()
        raise
    return True


def _run(claim: Claim) -> dict[str, Any]:
    work = work_of(claim.kind)
    if work is None:
        raise LookupError(f"no work of kind {claim.kind!r}")
    owner = Owner(claim.owner_id, None)
    try:
        with surrounded(owner) if work.is_own else nullcontext():
            return work.run(claim.params, owner, Reporter(claim))
    except DomainError as error:
        raise _Refused(str(error)) from error


def _end_anew(claim: Claim, state: JobState, result: dict[str, Any]) -> None:
    db.session.rollback()
    _end(claim, state, result)


def _end(claim: Claim, state: JobState, result: dict[str, Any]) -> None:
    """Commit what was done together with its end, or neither when another worker took the job over."""
    if services.end_job(claim, state, result):
        db.session.commit()
    else:
        db.session.rollback()
        log.warning("job_lost", job=claim.id, kind=claim.kind, attempt=claim.attempt)


class Reporter:
    """Writes how far a job has come beside its transaction, and raises Cancelled when its owner wishes."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._stage, self._done, self._total = "", 0, 0
        self._next = 0.0

    def begin(self, label: Any, total: int) -> None:
        """A part of the work begins; `label` is marked by `lazy`."""
        self._stage = str(label)
        self._done, self._total, self._next = 0, total, 0.0
        self.advance(0)

    def advance(self, steps: int) -> None:
        """So many steps more are done. Raises Cancelled."""
        self._done += steps
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _PACE
        values = {"stage": self._stage[:120], "done": self._done, "total": self._total}
        _write_beside(db.engine, self._claim, values)
        with only_reading(), db.engine.connect() as connection:
            wish = select(_JOBS.c.cancel_asked_at).where(_JOBS.c.id == self._claim.id)
            if connection.scalar(wish) is not None:
                raise Cancelled


@contextmanager
def _kept_alive(claim: Claim) -> Iterator[None]:
    """Renew the lease while the work goes on, however long one statement of it takes."""
    ended, engine = Event(), db.engine
    beat = Thread(target=_renew, args=(claim, ended, engine), daemon=True)
    beat.start()
    try:
        yield
    finally:
        ended.set()
        beat.join()


def _renew(claim: Claim, ended: Event, engine: Engine) -> None:
    while not ended.wait(_BEAT):
        _write_beside(engine, claim, {})


def _write_beside(engine: Engine, claim: Claim, values: dict[str, Any]) -> None:
    """Note progress and renew the lease on a connection of its own.

    A database that does not answer just now is let be. On SQLite the work's own writing keeps everyone out, and
    with them whoever might take the job over.
    """
    now = clock.now()
    change = (
        update(_JOBS)
        .where(_JOBS.c.id == claim.id, _JOBS.c.attempts == claim.attempt, _JOBS.c.state == JobState.RUNNING)
        .values(leased_until=now + LEASE, updated_at=now, **values)
    )
    try:
        with impatient(), engine.begin() as connection:
            connection.execute(change)
    except SQLAlchemyError as error:
        if not is_away(error):
            raise
        log.debug("progress_not_written", job=claim.id, error=str(error))
