"""Long work and those who do it: once, by one of several, and begun again after a worker died."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from portal import clock
from portal.extensions import db
from portal.jobs import services
from portal.jobs.models import Job, JobState
from portal.jobs.running import run_waiting_jobs
from tests.support.jobs import add_department, begin, departments, job


def test_a_worker_that_is_stopped_hands_it_back(fresh_app: Flask, work: Any) -> None:
    def run(*_: Any) -> dict[str, Any]:
        add_department("NEW")
        raise KeyboardInterrupt

    work(run)
    with fresh_app.app_context():
        job_id = begin()
        with pytest.raises(KeyboardInterrupt):
            run_waiting_jobs()
        assert (job(job_id).state, job(job_id).attempts) == (JobState.WAITING, 0)
        assert departments() == 0


def test_what_a_dead_worker_left_is_begun_again_twice(fresh_app: Flask, work: Any) -> None:
    work(lambda *_: {})
    with fresh_app.app_context():
        job_id = begin()
        now = clock.now()
        for attempt in (1, 2, 3):
            claim = services.claim_job(now)
            assert claim is not None
            assert (claim.id, claim.attempt) == (job_id, attempt)
            assert services.claim_job(now) is None, "its lease lasts"
            now += services.LEASE + timedelta(seconds=1)
        assert services.claim_job(now) is None
        db.session.commit()
        assert job(job_id).state is JobState.FAILED


def test_a_slow_worker_that_lost_its_lease_writes_nothing(fresh_app: Flask, work: Any) -> None:
    def run(*_: Any) -> dict[str, Any]:
        with db.engine.begin() as connection:
            connection.execute(update(Job).values(attempts=Job.attempts + 1))
        add_department("NEW")
        return {}

    work(run)
    with fresh_app.app_context():
        job_id = begin()
        run_waiting_jobs()
        assert job(job_id).state is JobState.RUNNING, "it is another worker's now"
        assert departments() == 0


def test_two_workers_do_it_once(fresh_app: Flask, work: Any) -> None:
    done, start = [], Barrier(2)
    work(lambda params, *_: done.append(params["n"]) or {})

    def worker() -> None:
        with fresh_app.app_context():
            start.wait()
            run_waiting_jobs()

    with fresh_app.app_context():
        for number in range(6):
            begin(n=number)
    threads = [Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == list(range(6))


def test_a_claim_does_not_wait_for_who_ends_another_job(fresh_app: Flask, work: Any) -> None:
    """Of two that wait for each other MariaDB undoes one, and its work would be done twice."""
    work(lambda *_: {})
    with fresh_app.app_context():
        if db.engine.dialect.name == "sqlite":  # there all that write wait for each other
            return
        ours, next_one = begin(), begin()
        claim = services.claim_job()
        db.session.commit()
        with db.engine.begin() as other:
            other.execute(update(Job).where(Job.id == ours).values(state=JobState.DONE, leased_until=None))
            second = services.claim_job()
            db.session.commit()
        assert (claim and claim.id, second and second.id) == (ours, next_one)
