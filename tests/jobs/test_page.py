"""The page of a long work: how far it is, and where it leads."""

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import update

from portal import clock
from portal.extensions import db
from portal.jobs import queries
from portal.jobs.models import Job, JobState
from portal.jobs.running import run_waiting_jobs
from tests.support.jobs import begin


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
