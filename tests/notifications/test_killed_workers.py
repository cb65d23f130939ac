"""A worker that is killed fifty times at random moments while a thousand digests go out: everybody is served."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.extensions import db
from portal.notifications.models import Delivery
from portal.tracker.services.reminders import remind
from tests.support.arrears import owe_each
from tests.support.mail import ZONE

ROOT = Path(__file__).resolve().parents[2]
PEOPLE, KILLS = 1000, 50


@pytest.fixture
def nursery(fresh_app: Flask, committing_database: Any, smtp_sink: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that makes workers, on the database and with the mail server of the test."""
    settings = fresh_app.config["PORTAL"]
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": committing_database.url,
        "PORTAL_DATA_DIR": str(settings.portal_data_dir),
        "SECRET_KEY": settings.secret_key,
        "MAIL_URL": smtp_sink.url,
        "PORTAL_QUIET_HOURS": "",
    }
    given = [sys.executable, "-m", "tests.support.nursery"]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "start_new_session": True}
    process = subprocess.Popen(given, cwd=ROOT, env=environment, **pipes)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def ask(nursery: subprocess.Popen[str]) -> int:
    """How many it sent by itself; later, the process id of a new worker."""
    assert nursery.stdin is not None
    assert nursery.stdout is not None
    nursery.stdin.write("one\n")
    nursery.stdin.flush()
    return int(nursery.stdout.readline())


def wait_for_mails(sink: Any, count: int) -> None:
    """So that a kill meets a worker in the middle of its work, however busy the machine is."""
    end = time.monotonic() + 5
    while len(sink.messages) < count and time.monotonic() < end:
        time.sleep(0.002)


def states() -> Counter[str]:
    rows = db.session.execute(select(Delivery.state, func.count()).group_by(Delivery.state)).all()
    db.session.rollback()
    return Counter({state.value: count for state, count in rows})


@pytest.mark.one_database
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_fifty_kills_lose_nobody(fresh_app: Flask, make_fresh: Any, nursery: Any, smtp_sink: Any) -> None:
    offering = make_fresh.offering(make_fresh.facilitator())
    with fresh_app.app_context():
        people = owe_each(offering.id, PEOPLE, clock.now() - timedelta(days=10))
        remind(clock.now(), ZONE)
        db.session.commit()
    seed = random.SystemRandom().randrange(10**6)
    chance, kills, by_nobody_killed = random.Random(seed), 0, ask(nursery)
    for _ in range(KILLS):
        worker = ask(nursery)
        wait_for_mails(smtp_sink, len(smtp_sink.messages) + chance.randint(0, 12))
        time.sleep(chance.uniform(0, 0.03))
        os.kill(worker, signal.SIGKILL)
        kills += 1
    sent_so_far = len(smtp_sink.messages)
    ask(nursery)
    end = time.monotonic() + 200
    with fresh_app.app_context():
        while states()["sent"] < PEOPLE and time.monotonic() < end:
            time.sleep(0.3)
        found = states()
    ids = Counter(message["Message-ID"] for message in smtp_sink.messages)
    twice = sum(ids.values()) - len(ids)
    print(f"seed {seed}: {kills} kills, {sent_so_far} of {PEOPLE} sent until the last one;", end=" ")
    print(f"{len(set(smtp_sink.recipients))} people served, {twice} mails came twice, {PEOPLE - found['sent']} missing")
    assert by_nobody_killed < sent_so_far < PEOPLE, "the kills came too early or too late to say anything"
    assert set(smtp_sink.recipients) == set(people)
    assert found == {"sent": PEOPLE}
    # Whoever got two got the same one, with the same Message-ID; each kill can do that to one mail at most.
    assert len(ids) == PEOPLE
    assert twice <= kills
