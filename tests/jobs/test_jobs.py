"""Long work: done once, followed, stopped, and taken up again after a worker died."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import clock
from portal.audit.services import System
from portal.catalogue.models import Department
from portal.errors import DomainError, lazy
from portal.extensions import db
from portal.jobs import queries, services, works
from portal.jobs.models import Job, JobState
from portal.jobs.running import run_waiting_jobs
from portal.jobs.works import Owner, Params, Progress, Work

KIND = "for tests"
Run = Callable[[Params, Owner, Progress], dict[str, Any]]


@pytest.fixture
def work() -> Iterator[Callable[[Run], None]]:
    """Registers what a job of KIND does."""

    def register(run: Run) -> None:
        works.register(
            KIND, Work(run, lambda params: f"Work {params['n']}", lambda _p, result: f"/result/{result.get('a')}")
        )

    yield register
    works._WORKS.pop(KIND, None)


def begin(owner: Any = None, **params: Any) -> int:
    job_id = services.start_job(KIND, Owner(owner.user_id if owner else None, None), **({"n": 1} | params))
    db.session.commit()
    return job_id


def job(job_id: int) -> Job:
    db.session.rollback()
    found = db.session.get(Job, job_id)
    assert found is not None
    db.session.refresh(found)
    return found


def add_department(code: str) -> None:
    db.session.add(Department(code=code, name=code))
    db.session.flush()


def departments() -> int:
    return db.session.scalar(select(func.count()).select_from(Department)) or 0


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


def test_a_job_is_forgotten_with_the_deed_that_began_it(fresh_app: Flask, work: Any) -> None:
    work(lambda *_: {})
    with fresh_app.app_context():
        services.start_job(KIND, System(), n=1)
        db.session.rollback()
        db.session.commit()
        assert run_waiting_jobs() == 0


def test_its_page_tells_how_far_it_is(fresh_app: Flask, make_fresh: Any, sign_in: Any, work: Any) -> None:
    owner, client = make_fresh.manager(), fresh_app.test_client()
    work(lambda *_: {})
    with fresh_app.app_context():
        job_id = begin(owner)
    sign_in(client, owner)
    page = client.get(f"/jobs/{job_id}").text
    assert "Work 1" in page
    assert "Waiting for the worker" in page
    assert "Look again" in page, "without scripts"
    with fresh_app.app_context():
        running = {"state": JobState.RUNNING, "stage": "Checking rows", "done": 1200, "total": 4000}
        db.session.execute(update(Job).values(**running))
        db.session.commit()
    fragment = client.get(f"/jobs/{job_id}", headers={"HX-Request": "true"}).text
    assert "<html" not in fragment
    assert "Checking rows · 1,200 of 4,000" in fragment


def test_it_leads_to_its_result(fresh_app: Flask, make_fresh: Any, sign_in: Any, work: Any) -> None:
    owner, client = make_fresh.manager(), fresh_app.test_client()
    work(lambda *_: {"a": 1})
    with fresh_app.app_context():
        job_id = begin(owner)
        run_waiting_jobs()
    sign_in(client, owner)
    assert client.get(f"/jobs/{job_id}").location == "/result/1"
    assert client.get(f"/jobs/{job_id}", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/result/1"


def test_a_button_stops_it(fresh_app: Flask, make_fresh: Any, sign_in: Any, work: Any) -> None:
    owner, client = make_fresh.manager(), fresh_app.test_client()
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    work(lambda *_: {})
    with fresh_app.app_context():
        job_id = begin(owner)
    sign_in(client, owner)
    answer = client.post(f"/jobs/{job_id}/cancel", follow_redirects=True)
    assert "Nothing was changed." in answer.text
    again = client.post(f"/jobs/{job_id}/cancel", follow_redirects=True)
    assert "It was finished before it could be stopped." in again.text


def test_time_left_is_told_once_it_is_more_than_a_guess(fresh_app: Flask, make_fresh: Any) -> None:
    owner, now = make_fresh.manager(), clock.now()
    with fresh_app.app_context():
        job_id = begin(owner)
        for done, took, left in ((0, 9, None), (40, 10, None), (50, 1, None), (250, 10, 30)):
            moment = now - timedelta(seconds=took)
            db.session.execute(update(Job).values(done=done, total=1000, started_at=moment))
            row = queries.find_job(job_id, owner.user_id)
            assert row is not None
            assert row.seconds_left(now) == left
