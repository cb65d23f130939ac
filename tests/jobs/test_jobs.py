"""Long work: what it does is committed with its end, followed and stopped."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.audit.services import System
from portal.errors import DomainError, lazy
from portal.extensions import db
from portal.jobs import services
from portal.jobs.models import Job, JobState
from portal.jobs.running import run_waiting_jobs
from portal.jobs.works import Owner, Params, Progress
from tests.support.jobs import KIND, add_department, begin, departments, job


def test_what_it_does_is_committed_with_its_end(fresh_app: Flask, work: Any) -> None:
    def run(params: Params, _owner: Owner, _progress: Progress) -> dict[str, Any]:
        add_department(params["code"])
        return {"made": params["code"]}

    work(run)
    with fresh_app.app_context():
        job_id = begin(code="NEW")
        assert run_waiting_jobs() == 1
        assert (job(job_id).state, job(job_id).result) == (JobState.DONE, {"made": "NEW"})
        assert departments() == 1
        assert run_waiting_jobs() == 0


def test_how_far_it_is_can_be_seen_meanwhile(fresh_app: Flask, make_fresh: Any, work: Any) -> None:
    seen: list[tuple[str, int, int]] = []
    owner = make_fresh.manager()

    def run(_params: Params, _owner: Owner, progress: Progress) -> dict[str, Any]:
        progress.begin(lazy("Checking rows"), 40)
        progress.advance(10)
        columns = (Job.stage, Job.done, Job.total)
        with db.engine.connect() as connection:
            seen.append(tuple(connection.execute(select(*columns)).one()))
        return {}

    work(run)
    with fresh_app.app_context():
        begin(owner)
        db.session.rollback()
        run_waiting_jobs()
    assert seen == [("Checking rows", 0, 40)], "written when a stage begins, and then twice in a second"


def test_one_that_is_stopped_leaves_nothing(fresh_app: Flask, make_fresh: Any, work: Any) -> None:
    owner, reached = make_fresh.manager(), []

    def run(_params: Params, _owner: Owner, progress: Progress) -> dict[str, Any]:
        with db.engine.begin() as connection:
            connection.execute(update(Job).values(cancel_asked_at=clock.now()))
        add_department("NEW")
        progress.begin("Writing", 2)
        reached.append("after its first step")
        return {}

    work(run)
    with fresh_app.app_context():
        job_id = begin(owner)
        run_waiting_jobs()
        assert job(job_id).state is JobState.CANCELLED
        assert departments() == 0
    assert not reached


def test_one_that_waits_is_stopped_at_once_and_only_by_its_owner(fresh_app: Flask, make_fresh: Any, work: Any) -> None:
    owner, other = make_fresh.manager(), make_fresh.manager()
    work(lambda *_: {})
    with fresh_app.app_context():
        job_id = begin(owner)
        assert not services.cancel_job(job_id, other.user_id)
        assert services.cancel_job(job_id, owner.user_id)
        db.session.commit()
        assert run_waiting_jobs() == 0
        assert job(job_id).state is JobState.CANCELLED
        assert not services.cancel_job(job_id, owner.user_id)


@pytest.mark.parametrize(
    ("locale", "said"), [("en", "There is no such course."), ("fr", "Ce cours n’existe pas.")]
)  # fmt: skip
def test_a_rule_that_was_not_kept_is_told_in_the_owners_language(
    fresh_app: Flask, make_fresh: Any, work: Any, locale: str, said: str
) -> None:
    owner = make_fresh.manager(locale=locale)

    def run(*_: Any) -> dict[str, Any]:
        add_department("NEW")
        raise DomainError(lazy("There is no such course."))

    work(run)
    with fresh_app.app_context():
        job_id = begin(owner)
        run_waiting_jobs()
        assert (job(job_id).state, job(job_id).result) == (JobState.FAILED, {"message": said})
        assert departments() == 0


@pytest.mark.parametrize("known", [True, False], ids=["a fault", "an unknown kind"])
def test_a_fault_ends_the_job_and_not_the_worker(fresh_app: Flask, work: Any, known: bool) -> None:
    if known:
        work(lambda *_: {"quotient": 1 // 0})
    with fresh_app.app_context():
        first, second = begin(), begin()
        assert run_waiting_jobs() == 2
        assert [(job(one).state, job(one).result) for one in (first, second)] == [(JobState.FAILED, {})] * 2


def test_a_job_is_forgotten_with_the_deed_that_began_it(fresh_app: Flask, work: Any) -> None:
    work(lambda *_: {})
    with fresh_app.app_context():
        services.start_job(KIND, System(), n=1)
        db.session.rollback()
        db.session.commit()
        assert run_waiting_jobs() == 0
