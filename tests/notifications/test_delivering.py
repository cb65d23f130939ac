"""Sending: once, whatever happens to the worker, the server or the clock."""

import os
import signal
import threading
import time
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.extensions import db
from portal.notifications import delivering
from portal.notifications.delivering import DeliveryCounts, deliver_pending
from portal.notifications.models import Delivery, DeliveryState
from portal.notifications.services import LEASE
from portal.tracker.services.reminders import remind
from tests.support.forks import Forks
from tests.support.mail import ZONE, Mails, delivery, settings_of, tell_and_deliver

pytestmark = pytest.mark.in_turn


@pytest.mark.every_database
def test_sending_twice_sends_once(app: Flask, owing: Any, mail_files: Mails) -> None:
    assert tell_and_deliver(app).sent == 1
    assert tell_and_deliver(app) == DeliveryCounts()
    assert len(mail_files(app)) == 1


def test_a_server_that_refuses_is_asked_again_later(app: Flask, owing: Any, smtp_sink: Any, frozen_time: Any) -> None:
    smtp_sink.refuse = "550 5.7.1 not today"
    assert tell_and_deliver(app, mail_url=smtp_sink.url) == DeliveryCounts(failed=1)
    with app.app_context():
        found = delivery()
        assert (found.state, found.attempts) == (DeliveryState.PENDING, 1)
        assert "not today" in (found.last_error or "")
        smtp_sink.refuse = ""
        assert deliver_pending(settings_of(app, mail_url=smtp_sink.url)) == DeliveryCounts()
        frozen_time.shift(timedelta(minutes=5))
        assert deliver_pending(settings_of(app, mail_url=smtp_sink.url)) == DeliveryCounts(sent=1)
    assert smtp_sink.recipients == [owing.email]
    assert smtp_sink.messages[0]["Subject"] == "3 weekly logs to submit"


def test_one_refused_mail_keeps_no_other_back(app: Flask, owing: Any, make: Any, smtp_sink: Any) -> None:
    others = [make.facilitator() for _ in range(4)]
    for person in others:
        make.log(make.offering(person), 1)
    keep = smtp_sink.handle_DATA

    async def refuse_one(server: Any, session: Any, envelope: Any) -> str:
        if envelope.rcpt_tos == [others[1].email]:
            return "554 5.7.1 blocked"
        return str(await keep(server, session, envelope))

    smtp_sink.handle_DATA = refuse_one
    assert tell_and_deliver(app, mail_url=smtp_sink.url) == DeliveryCounts(sent=4, failed=1)
    assert len(smtp_sink.messages) == 4


def test_a_mail_server_that_is_away_costs_no_attempt(app: Flask, owing: Any, mail_files: Mails) -> None:
    assert tell_and_deliver(app, mail_url="smtp://127.0.0.1:1") == DeliveryCounts(released=1)
    with app.app_context():
        assert (delivery().state, delivery().attempts) == (DeliveryState.PENDING, 0)
        assert "127.0.0.1:1" in (delivery().last_error or "")
    assert tell_and_deliver(app) == DeliveryCounts(sent=1)


def test_a_mail_that_cannot_be_written_keeps_no_other_back(
    app: Flask, owing: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.log(make.offering(make.facilitator()), 1)
    write = delivering.write_message

    def fail_for_one(claim: Any, *rest: Any) -> EmailMessage:
        if claim.email == owing.email:
            raise ValueError("no words")
        return write(claim, *rest)

    monkeypatch.setattr(delivering, "write_message", fail_for_one)
    assert tell_and_deliver(app) == DeliveryCounts(sent=1, failed=1)


@pytest.mark.every_database
def test_a_claim_whose_lease_runs_out_is_given_back(
    app: Flask, owing: Any, make: Any, frozen_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow server must not make two workers send the same."""
    make.log(make.offering(make.facilitator()), 1)
    write = delivering.write_message

    def slow(*given: Any) -> EmailMessage:
        frozen_time.shift(LEASE - timedelta(minutes=1))
        return write(*given)

    monkeypatch.setattr(delivering, "write_message", slow)
    assert tell_and_deliver(app) == DeliveryCounts(sent=2, released=1)


def test_the_message_id_is_the_same_on_every_attempt(
    app: Flask, owing: Any, smtp_sink: Any, frozen_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between "accepted" and "recorded" sends again; mail programs can recognise it."""
    record = delivering._record_sent
    monkeypatch.setattr(delivering, "_record_sent", lambda _claim: None)
    tell_and_deliver(app, mail_url=smtp_sink.url)
    monkeypatch.setattr(delivering, "_record_sent", record)
    frozen_time.shift(LEASE)
    tell_and_deliver(app, mail_url=smtp_sink.url)
    first, second = smtp_sink.messages
    assert first["Message-ID"] == second["Message-ID"]
    with app.app_context():
        assert (delivery().state, delivery().attempts) == (DeliveryState.SENT, 2)


@pytest.mark.every_database
def test_no_transaction_is_open_while_a_mail_is_sent(app: Flask, owing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    open_then: list[bool] = []
    from portal.notifications.mail.transport import FileMail

    monkeypatch.setattr(FileMail, "send", lambda *_given: open_then.append(db.session().in_transaction()))
    tell_and_deliver(app)
    assert open_then == [False]


KILLED_AT = """
import os, signal
from portal import create_app
from portal.config import load_settings
from portal.notifications.delivering import deliver_pending
from portal.notifications.mail.transport import FileMail
FileMail.send = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
app = create_app(load_settings(_env_file=None))
with app.app_context():
    deliver_pending(app.config["PORTAL"])
"""


@pytest.mark.every_database
def test_what_a_killed_worker_had_claimed_is_sent_by_another(
    committing_database: Any, make_fresh: Any, fresh_app: Flask, mail_files: Mails, forks: Forks
) -> None:
    import time_machine

    make_fresh.log(make_fresh.offering(make_fresh.facilitator()), 1)
    settings = settings_of(fresh_app)
    with fresh_app.app_context():
        remind(clock.now(), ZONE)
        db.session.commit()
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": committing_database.url,
        "PORTAL_DATA_DIR": str(settings.portal_data_dir),
        "PORTAL_QUIET_HOURS": "",
    }
    assert forks.run("-c", KILLED_AT, environment=environment) == (-signal.SIGKILL, "")
    with fresh_app.app_context():
        assert delivery().state is DeliveryState.CLAIMED
        assert deliver_pending(settings) == DeliveryCounts()
        with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
            assert deliver_pending(settings) == DeliveryCounts(sent=1)
        assert (delivery().state, delivery().attempts) == (DeliveryState.SENT, 2)
    assert len(mail_files(fresh_app)) == 1


def test_a_message_that_kills_its_worker_each_time_is_given_up(app: Flask, owing: Any, frozen_time: Any) -> None:
    with app.app_context():
        remind(clock.now(), ZONE)
        db.session.execute(db.update(Delivery).values(attempts=8))
        db.session.commit()
        assert deliver_pending(settings_of(app)) == DeliveryCounts(failed=1)
        assert delivery().state is DeliveryState.FAILED


@pytest.mark.every_database
def test_two_workers_at_once_send_each_mail_once(fresh_app: Flask, make_fresh: Any, smtp_sink: Any) -> None:
    for _ in range(30):
        make_fresh.log(make_fresh.offering(make_fresh.facilitator()), 1)
    with fresh_app.app_context():
        remind(clock.now(), ZONE)
        db.session.commit()
    counts: list[DeliveryCounts] = []

    def work() -> None:
        with fresh_app.app_context():
            counts.append(deliver_pending(settings_of(fresh_app, mail_url=smtp_sink.url)))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)
    assert sum(one.sent for one in counts) == 30
    assert len(smtp_sink.recipients) == len(set(smtp_sink.recipients)) == 30


def test_a_sweep_ends_in_time_for_other_jobs(app: Flask, make: Any, frozen_time: Any) -> None:
    for _ in range(21):
        make.log(make.offering(make.facilitator()), 1)
    with app.app_context():
        remind(clock.now(), ZONE)
        db.session.commit()
        assert deliver_pending(settings_of(app), seconds=0).sent == 20
        assert deliver_pending(settings_of(app), seconds=0).sent == 1


def test_a_sweep_without_mail_is_quick(app: Flask, count_sql: Any) -> None:
    began = time.perf_counter()
    with app.app_context(), count_sql() as sql:
        assert deliver_pending(settings_of(app)) == DeliveryCounts()
    assert len(sql) <= 2, sql.text
    assert time.perf_counter() - began < 1
