"""The worker: `huey_consumer.py tasks.huey`, on SQLite and on Redis."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.extensions import db
from portal.notifications.models import Delivery
from portal.ops.queue import new_queue
from portal.tracker.services.reminders import remind

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0


@pytest.fixture
def start_worker(fresh_app: Flask, committing_database: Any) -> Any:
    """Starts a consumer on the database of fresh_app; it is stopped after the test."""
    started: list[subprocess.Popen[str]] = []

    def start(**environment: str) -> subprocess.Popen[str]:
        settings = fresh_app.config["PORTAL"]
        given = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": committing_database.url,
            "PORTAL_DATA_DIR": str(settings.portal_data_dir),
            "SECRET_KEY": settings.secret_key,
        } | environment
        command = [sys.executable, "-m", "huey.bin.huey_consumer", "tasks.huey", "--graceful-signal", "TERM"]
        worker = subprocess.Popen(command, cwd=ROOT, env=given, stderr=subprocess.PIPE, text=True)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.communicate()


def wait_for(question: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if question():
            return True
        time.sleep(0.2)
    return False


def owe(fresh_app: Flask, make_fresh: Any) -> None:
    offering = make_fresh.offering(make_fresh.facilitator(), weeks_ago=4)
    make_fresh.log(offering, 1, due_at=clock.now() - timedelta(days=1))
    with fresh_app.app_context():
        remind(clock.now())
        db.session.commit()


@pytest.mark.slow
def test_a_worker_sends_what_waits_and_stops_when_asked(
    fresh_app: Flask, make_fresh: Any, start_worker: Any, mail_files: Callable[[Flask], list[EmailMessage]]
) -> None:
    owe(fresh_app, make_fresh)
    worker = start_worker()
    assert wait_for(lambda: len(mail_files(fresh_app)) == 1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0


@pytest.mark.slow
@pytest.mark.servers
def test_two_workers_on_redis_send_once(
    fresh_app: Flask, make_fresh: Any, start_worker: Any, redis_url: str, smtp_sink: Any
) -> None:
    for _ in range(10):
        owe(fresh_app, make_fresh)
    for _ in range(2):
        start_worker(REDIS_URL=redis_url, MAIL_URL=smtp_sink.url)
    assert wait_for(lambda: len(smtp_sink.messages) >= 10)
    time.sleep(1)
    assert len(smtp_sink.recipients) == len(set(smtp_sink.recipients)) == 10


def test_the_queue_is_on_redis_where_there_is_one(build_fresh_app: Any, redis_url: str) -> None:
    on_redis = build_fresh_app(redis_url=redis_url).config["PORTAL"]
    assert type(new_queue(on_redis)).__name__ == "PriorityRedisExpireHuey"
    embedded = build_fresh_app().config["PORTAL"]
    assert type(new_queue(embedded)).__name__ == "SqliteHuey"
    assert (embedded.portal_data_dir / "queue.db").exists()


PASS = """
import tasks
tasks.send_due_reminders.call_local()
print(tasks.huey.pending_count(), end="")
"""


def test_a_pass_has_its_mails_sent_and_a_second_pass_does_not(
    fresh_app: Flask, make_fresh: Any, committing_database: Any
) -> None:
    make_fresh.log(make_fresh.offering(make_fresh.facilitator(), weeks_ago=4), 1)
    settings = fresh_app.config["PORTAL"]
    given = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": committing_database.url,
        "PORTAL_DATA_DIR": str(settings.portal_data_dir),
    }
    waiting = [
        subprocess.run([sys.executable, "-c", PASS], cwd=ROOT, env=given, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [one.stdout for one in waiting] == ["1", "1"]  # the first pass asks for delivery, the second for nothing
    with fresh_app.app_context():
        assert db.session.scalar(select(func.count(Delivery.id))) == 1


TELL = """
import time
from portal.accounts.signals import Notice, tell
from portal.extensions import db
from wsgi import app
with app.app_context():
    tell([Notice({user_id}, "password_changed", {{"at": "2026-10-14T12:00:00+00:00"}}, "p:1")])
    db.session.commit()
from tasks import huey
for _ in range(100):
    if len(huey):
        break
    time.sleep(0.1)
"""


@pytest.mark.slow
def test_the_web_process_wakes_the_worker_as_soon_as_a_letter_is_committed(
    fresh_app: Flask, make_fresh: Any, committing_database: Any, start_worker: Any, mail_files: Any
) -> None:
    person = make_fresh.student()
    settings = fresh_app.config["PORTAL"]
    given = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": committing_database.url,
        "PORTAL_DATA_DIR": str(settings.portal_data_dir),
        "SECRET_KEY": settings.secret_key,
    }
    command = [sys.executable, "-c", TELL.format(user_id=person.user_id)]
    subprocess.run(command, cwd=ROOT, env=given, check=True, timeout=PATIENCE)
    assert len(new_queue(settings)) == 1, "the queue holds the wake-up, and nothing else"
    start_worker()
    assert wait_for(lambda: len(mail_files(fresh_app)) == 1)
    assert person.email in mail_files(fresh_app)[0]["To"]
