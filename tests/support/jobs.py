"""Long work for tests: jobs of a kind of their own, and what became of them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from portal.catalogue.models import Department
from portal.extensions import db
from portal.jobs import services
from portal.jobs.models import Job
from portal.jobs.works import Owner, Params, Progress

KIND = "for tests"
Run = Callable[[Params, Owner, Progress], dict[str, Any]]


def begin(owner: Any = None, **params: Any) -> int:
    """The id of a job that waits, committed."""
    job_id = services.start_job(KIND, Owner(owner.user_id if owner else None, None), **({"n": 1} | params))
    db.session.commit()
    return job_id


def job(job_id: int) -> Job:
    """A job as it stands in the database."""
    db.session.rollback()
    found = db.session.get(Job, job_id)
    assert found is not None
    db.session.refresh(found)
    return found


def add_department(code: str) -> None:
    """What a job of these tests does."""
    db.session.add(Department(code=code, name=code))
    db.session.flush()


def departments() -> int:
    """How many departments there are."""
    return db.session.scalar(select(func.count()).select_from(Department)) or 0
