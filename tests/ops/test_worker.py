"""The worker: `huey_consumer.py tasks.huey`, on SQLite and on Redis."""

import json
import os
import signal
import socket
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import clock
from portal.accounts.services.tokens import Purpose, issue_token
from portal.accounts.signals import Letter, send_letters
from portal.extensions import db
from portal.notifications.delivering import deliver_pending
from portal.notifications.models import Delivery, DeliveryState
from portal.ops.queue import LONGEST_PAUSE, new_queue
from portal.tracker.services.reminders import remind
from tests.support.arrears import owe_each
from tests.support.forks import Forked, Forks
from tests.support.mail import ZONE, parts, settings_of
from tests.support.portal_process import free_port, serving

pytestmark = pytest.mark.in_turn

PATIENCE = 90.0
# A link that somebody waits for is there before they look elsewhere. The sweep of the next minute would be later.
AT_ONCE = 20.0


@pytest.fixture
def environment(fresh_app: Flask, committing_database: Any) -> dict[str, str]:
    """Of a process that works on the database and in the data folder of fresh_app."""
    settings = fresh_app.config["PORTAL"]
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": committing_database.url,
        "PORTAL_DATA_DIR": str(settings.portal_data_dir),
        "SECRET_KEY": settings.secret_key,
        "PORTAL_QUIET_HOURS": "00:00-00:00",
    }


@pytest.fixture
def start_bare(environment: dict[str, str], forks: Forks) -> Iterator[Callable[..., Forked]]:
    """Starts a consumer with these options; it is killed after the test."""
    started: list[Forked] = []

    def run(*options: str, **settings: str) -> Forked:
        command = ("huey.bin.huey_consumer", "tasks.huey", *options)
        started.append(forks.start(*command, environment=environment | settings))
        return started[-1]

    yield run
    for process in started:
        process.close()


@pytest.fixture
def start_worker(start_bare: Any) -> Callable[..., Forked]:
    """Starts a consumer as the portal is run."""
    return lambda **settings: start_bare("--graceful-signal", "TERM", **settings)


def wait_for(question: Callable[[], bool]) -> bool:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if question():
            return True
        time.sleep(0.2)
    return False


def owe(fresh_app: Flask, make_fresh: Any) -> None:
    offering = make_fresh.offering(make_fresh.facilitator(), weeks_ago=4)
    make_fresh.log(offering, 1, due_at=clock.now() - timedelta(days=4))  # a working day ago, whatever day it is
    with fresh_app.app_context():
        remind(clock.now(), ZONE)
        db.session.commit()


@pytest.mark.slow
def test_a_worker_sends_what_waits_and_stops_when_asked(
    fresh_app: Flask, make_fresh: Any, start_worker: Any, mail_files: Callable[[Flask], list[EmailMessage]]
) -> None:
    owe(fresh_app, make_fresh)
    worker = start_worker(LOG_FORMAT="json", LOG_LEVEL="INFO")
    assert wait_for(lambda: len(mail_files(fresh_app)) == 1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0
    logged = [json.loads(line) for line in worker.stderr]
    of_queue = [line for line in logged if line.get("logger", "").startswith("huey")]
    assert any("Executing tasks.deliver" in line["event"] for line in of_queue)
    assert len(of_queue) == len({(line["event"], line["timestamp"]) for line in of_queue}), "each line once"


@pytest.mark.slow
@pytest.mark.one_database
def test_what_runs_when_a_worker_is_stopped_ends_first_and_the_rest_is_left_for_the_next(
    fresh_app: Flask, make_fresh: Any, start_bare: Any, smtp_sink: Any
) -> None:
    offering = make_fresh.offering(make_fresh.facilitator())
    with fresh_app.app_context():
        people = owe_each(offering.id, 40, clock.now() - timedelta(days=10))
        remind(clock.now(), ZONE)
        db.session.commit()
    smtp_sink.takes = 0.15
    for asked in (signal.SIGTERM, signal.SIGINT):
        before = len(smtp_sink.messages)
        worker = start_bare(MAIL_URL=smtp_sink.url)
        assert wait_for(lambda before=before: len(smtp_sink.messages) >= before + 3)
        worker.send_signal(asked)
        assert worker.wait(PATIENCE) == 0
        with fresh_app.app_context():
            found = Counter(tuple(row) for row in db.session.execute(select(Delivery.state, Delivery.attempts)))
        sent = len(smtp_sink.messages)
        # What was being handed over was recorded; what it held besides was not tried, and is free at once.
        assert found == {(DeliveryState.SENT, 1): sent, (DeliveryState.PENDING, 0): 40 - sent}
    smtp_sink.takes = 0.0
    with fresh_app.app_context():
        deliver_pending(settings_of(fresh_app, mail_url=smtp_sink.url))
    assert sorted(smtp_sink.recipients) == sorted(people), "each got one"


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


def test_an_idle_worker_asks_an_embedded_queue_every_second(build_fresh_app: Any) -> None:
    queue = new_queue(build_fresh_app().config["PORTAL"])
    assert [queue.create_consumer(max_delay=given).max_delay for given in (10.0, 0.5)] == [LONGEST_PAUSE, 0.5]
    assert queue.create_consumer(workers=2).workers == 2


def test_a_worker_whose_redis_is_away_says_so_in_one_line(start_worker: Any) -> None:
    address = f"redis://:a-password@127.0.0.1:{free_port()}"
    worker = start_worker(REDIS_URL=address, LOG_FORMAT="json", LOG_LEVEL="ERROR")
    first = worker.stderr.readline()
    time.sleep(2)  # in which it asks some six times, and would say each time where in the code that is
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(PATIENCE) == 0
    assert "Error 111 connecting to 127.0.0.1" in json.loads(first)["event"]
    assert "a-password" not in first
    assert worker.stderr.read() == ""


PASSES = """
import tasks
for _ in range(2):
    tasks.send_due_reminders.call_local()
    print(tasks.huey.pending_count(), end=" ")
"""


def test_a_pass_has_its_mails_sent_and_a_second_pass_does_not(
    fresh_app: Flask, make_fresh: Any, environment: dict[str, str], forks: Forks
) -> None:
    make_fresh.log(make_fresh.offering(make_fresh.facilitator(), weeks_ago=4), 1)
    assert forks.run("-c", PASSES, environment=environment) == (0, "1 1 "), (
        "the first pass asks for delivery, the second for nothing"
    )
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
    fresh_app: Flask, make_fresh: Any, environment: dict[str, str], forks: Forks, start_worker: Any, mail_files: Any
) -> None:
    person = make_fresh.student()
    assert forks.run("-c", TELL.format(user_id=person.user_id), environment=environment) == (0, "")
    assert len(new_queue(fresh_app.config["PORTAL"])) == 1, "the queue holds the wake-up, and nothing else"
    start_worker()
    assert wait_for(lambda: len(mail_files(fresh_app)) == 1)
    assert person.email in mail_files(fresh_app)[0]["To"]


def ask_for_reset(port: int, email: str) -> None:
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/auth/forgot-password", json.dumps({"email": email}).encode()
    )
    asked.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
        assert answer.status == 200


@pytest.mark.slow
@pytest.mark.parametrize("queue", ["embedded", pytest.param("redis", marks=pytest.mark.servers)])
def test_a_link_that_someone_asks_for_is_sent_at_once(
    fresh_app: Flask, make_fresh: Any, environment: dict[str, str], start_worker: Any, mail_files: Any, request: Any,
    queue: str,
) -> None:  # fmt: skip
    person = make_fresh.student(password="a-quiet-harbour-7")
    where = {"REDIS_URL": request.getfixturevalue("redis_url")} if queue == "redis" else {}
    owe(fresh_app, make_fresh)
    start_worker(**where)
    folder = fresh_app.config["PORTAL"].portal_data_dir
    with serving("wsgi:app", folder, workers=1, **environment | where) as port:
        # The worker's first sweep is over, and the next is a minute away: only the wake-up can be quicker.
        assert wait_for(lambda: len(mail_files(fresh_app)) == 1)
        asked = time.monotonic()
        ask_for_reset(port, person.email)
        assert wait_for(lambda: len(mail_files(fresh_app)) == 2)
        assert time.monotonic() - asked < AT_ONCE
    letter = mail_files(fresh_app)[1]
    assert person.email in letter["To"]
    assert "/password/reset/" in parts(letter)[0]


def send_reset(app: Flask, user_id: int) -> str:
    """Have a link sent; gives its token."""
    with app.app_context():
        issued = issue_token(user_id, Purpose.RESET, app.config["SECRET_KEY"])
        send_letters([Letter(user_id, Purpose.RESET, issued.id)])
        db.session.commit()
    return issued.token


def state(app: Flask) -> DeliveryState | None:
    with app.app_context():
        return db.session.scalar(select(Delivery.state))


@pytest.mark.slow
def test_a_worker_that_is_killed_while_it_sends_a_letter_loses_nothing(
    fresh_app: Flask, make_fresh: Any, start_worker: Any, smtp_sink: Any
) -> None:
    person = make_fresh.student()
    token = send_reset(fresh_app, person.user_id)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the call and never says a word
        worker = start_worker(MAIL_URL=f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        assert wait_for(lambda: state(fresh_app) is DeliveryState.CLAIMED)
        worker.kill()
        worker.wait()
    assert state(fresh_app) is DeliveryState.CLAIMED
    with fresh_app.app_context():  # its lease ends
        db.session.execute(update(Delivery).values(next_attempt_at=clock.now()))
        db.session.commit()
    with fresh_app.app_context():
        deliver_pending(settings_of(fresh_app, mail_url=smtp_sink.url))
    assert state(fresh_app) is DeliveryState.SENT
    [message] = smtp_sink.messages
    assert smtp_sink.recipients == [person.email]
    assert f"/password/reset/{token}" in parts(message)[0]
