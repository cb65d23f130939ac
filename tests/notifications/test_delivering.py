"""Sending: what a mail says, to whom, and what happens when it cannot be sent."""

import email
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.config import Settings
from portal.extensions import db
from portal.notifications import delivering
from portal.notifications.delivering import DeliveryCounts, deliver_pending
from portal.notifications.models import Delivery, DeliveryState
from portal.notifications.services import LEASE
from portal.tracker.models import ActivityLog
from portal.tracker.services.reminders import remind

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = datetime(2026, 10, 19, 17, tzinfo=UTC)  # of the week of frozen_time
Mails = Callable[[Flask], list[EmailMessage]]


@pytest.fixture
def owing(make: Any, frozen_time: Any) -> Any:
    """A facilitator who owes weeks 1 and 2; week 3 is due in a day."""
    frozen_time.move_to(DEADLINE - timedelta(days=1))
    facilitator = make.facilitator(first_name="Ada", last_name="Okafor", password="a-quiet-harbour-7")
    offering = make.offering(facilitator, weeks_ago=2)
    for week in (1, 2, 3):
        make.log(offering, week)
    return facilitator


def settings_of(app: Flask, **changed: Any) -> Settings:
    settings: Settings = app.config["PORTAL"]
    return settings.model_copy(update=changed)


def tell_and_deliver(app: Flask, **changed: Any) -> DeliveryCounts:
    with app.app_context():
        remind(clock.now())
        db.session.commit()
        return deliver_pending(settings_of(app, **changed))


def parts(message: EmailMessage) -> tuple[str, str]:
    """Plain text and HTML."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def written_to(app: Flask) -> tuple[str, str]:
    """Name and address in the only mail, read as RFC 2047 says (Python's newer parser splits long names)."""
    (file,) = (settings_of(app).portal_data_dir / "mail").iterdir()
    name, address = parseaddr(email.message_from_bytes(file.read_bytes())["To"])
    return str(make_header(decode_header(name))), address


def delivery() -> Delivery:
    return db.session.scalars(select(Delivery).execution_options(populate_existing=True)).one()


def test_one_mail_lists_everything_overdue_first(app: Flask, owing: Any, mail_files: Mails) -> None:
    assert tell_and_deliver(app) == DeliveryCounts(sent=1)
    (mail,) = mail_files(app)
    assert mail["Subject"] == "3 weekly logs to submit"
    assert mail["To"] == f"Ada Okafor <{owing.email}>"
    for content in parts(mail):
        assert content.index("Overdue") < content.index("Weeks 1, 2") < content.index("Due soon")
        assert content.index("Due soon") < content.index("Week 3, due Monday 19 October 17:00")
        assert "the first was due Monday 5 October 17:00" in content
        assert "Hello Ada Okafor," in content
        assert "http://127.0.0.1:8000/tracker/" in content
        assert "no password" not in content


def test_sending_twice_sends_once(app: Flask, owing: Any, mail_files: Mails) -> None:
    assert tell_and_deliver(app).sent == 1
    assert tell_and_deliver(app) == DeliveryCounts()
    assert len(mail_files(app)) == 1


def test_a_mail_comes_from_a_machine_and_says_so(app: Flask, owing: Any, mail_files: Mails) -> None:
    tell_and_deliver(app)
    (mail,) = mail_files(app)
    assert mail["From"] == "Teaching portal <portal@localhost>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "en"
    assert mail["Message-ID"].startswith("<delivery.")
    assert mail["Message-ID"].endswith("@127.0.0.1>")
    assert mail["Date"].datetime == clock.now()


def test_a_mail_is_in_the_language_and_time_zone_of_its_reader(app: Flask, make: Any, frozen_time: Any) -> None:
    from portal.notifications import mail

    person = make.facilitator(locale="fr", time_zone="Africa/Kigali")
    make.log(make.offering(person), 3, due_at=DEADLINE)
    frozen_time.move_to(DEADLINE - timedelta(days=1))
    seen = []
    with app.app_context(), pytest.MonkeyPatch.context() as patched:
        write = mail.write_message
        patched.setattr(delivering, "write_message", lambda *given: seen.append(write(*given)) or seen[-1])
        remind(clock.now())
        deliver_pending(settings_of(app))
    (message,) = seen
    assert message["Content-Language"] == "fr"
    for content in parts(message):
        assert "lundi 19 octobre 19:00" in content
        assert "Africa/Kigali" in content
    assert '<html lang="fr"' in parts(message)[1]


def test_someone_without_a_password_is_told_how_to_get_in(app: Flask, make: Any, mail_files: Mails) -> None:
    person = make.facilitator()
    make.log(make.offering(person), 1)
    tell_and_deliver(app)
    (mail,) = mail_files(app)
    assert all("Ask your academic office for an invitation" in content for content in parts(mail))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("Nguyễn", "Thị Minh Khai"),
        ("محمد", "الأحمد"),
        ("Zoë 🦉", "O’Brien-Ærø, Jr."),
        ("नरेन्द्र", "क्‍ष"),
        ("张伟", ""),
        ("A" * 100, "é" * 100),
        ('"Bob" <evil@example.org>', "\\"),
    ],
    ids=["Vietnamese", "Arabic", "emoji", "joiner", "Chinese", "long", "quotes"],
)
def test_names_of_any_script_arrive_whole(app: Flask, make: Any, mail_files: Mails, first: str, last: str) -> None:
    person = make.facilitator(first_name=first, last_name=last)
    make.log(make.offering(person), 1)
    assert tell_and_deliver(app).sent == 1
    name = f"{first} {last}".strip()
    assert written_to(app) == (name, person.email)
    assert name in parts(mail_files(app)[0])[0]


@pytest.mark.parametrize("evil", ["Eve\r\nBcc: all@example.org", "Eve\nSubject: won\n\nbody", "Eve\u2028X\x00", "\r\n"])
def test_a_name_cannot_add_a_header(app: Flask, make: Any, mail_files: Mails, evil: str, database: Any) -> None:
    if database.kind == "postgresql":
        evil = evil.replace("\x00", "\x01")  # it stores no NUL at all
    person = make.facilitator(first_name=evil, last_name="Smith")
    make.log(make.offering(person), 1)
    assert tell_and_deliver(app).sent == 1
    (mail,) = mail_files(app)
    assert mail["Bcc"] is None
    assert mail.get_all("Subject") == ["1 weekly log to submit"]
    assert [one.addr_spec for one in mail["To"].addresses] == [person.email]
    assert len(list(mail.iter_parts())) == 2


def test_markup_in_a_name_stays_text(app: Flask, make: Any, mail_files: Mails) -> None:
    person = make.facilitator(first_name="<img src=x>", last_name="{{ 7*7 }}")
    make.log(make.offering(person, title="<script>alert(1)</script>"), 1)
    tell_and_deliver(app)
    html = parts(mail_files(app)[0])[1]
    assert "<img" not in html
    assert "<script" not in html
    assert "{{ 7*7 }}" in html


def test_a_week_submitted_between_telling_and_sending_is_not_listed(app: Flask, owing: Any, mail_files: Mails) -> None:
    with app.app_context():
        remind(clock.now())
        db.session.execute(db.update(ActivityLog).where(ActivityLog.week_number == 1).values(submitted_at=clock.now()))
        db.session.commit()
        deliver_pending(settings_of(app))
    (mail,) = mail_files(app)
    assert mail["Subject"] == "2 weekly logs to submit"
    assert "Week 2, was due" in parts(mail)[0]


@pytest.mark.parametrize("change", [{"submitted_at": DEADLINE}, {"excused_at": DEADLINE}])
def test_whoever_owes_nothing_any_more_gets_no_mail(
    app: Flask, owing: Any, mail_files: Mails, change: dict[str, Any]
) -> None:
    with app.app_context():
        remind(clock.now())
        db.session.execute(db.update(ActivityLog).values(**change))
        db.session.commit()
        assert deliver_pending(settings_of(app)) == DeliveryCounts(suppressed=1)
        assert delivery().state is DeliveryState.SUPPRESSED
    assert mail_files(app) == []


def test_whoever_was_deactivated_or_replaced_gets_no_mail(app: Flask, owing: Any, make: Any, mail_files: Mails) -> None:
    left = make.facilitator()
    make.log(make.offering(left), 1)
    successor = make.facilitator()
    with app.app_context():
        remind(clock.now())
        db.session.execute(
            db.update(ActivityLog)
            .where(ActivityLog.facilitator_id == owing.profile_id)
            .values(facilitator_id=successor.profile_id)
        )
        db.session.execute(db.update(type(left.user)).where(type(left.user).id == left.user_id).values(is_active=False))
        db.session.commit()
        assert deliver_pending(settings_of(app)) == DeliveryCounts(suppressed=2)
    assert mail_files(app) == []


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


def test_what_a_killed_worker_had_claimed_is_sent_by_another(
    build_fresh_app: Any, committing_database: Any, make_fresh: Any, fresh_app: Flask, mail_files: Mails
) -> None:
    import time_machine

    make_fresh.log(make_fresh.offering(make_fresh.facilitator()), 1)
    settings = settings_of(fresh_app)
    with fresh_app.app_context():
        remind(clock.now())
        db.session.commit()
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": committing_database.url,
        "PORTAL_DATA_DIR": str(settings.portal_data_dir),
    }
    killed = subprocess.run([sys.executable, "-c", KILLED_AT], cwd=ROOT, env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    with fresh_app.app_context():
        assert delivery().state is DeliveryState.CLAIMED
        assert deliver_pending(settings) == DeliveryCounts()
        with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1)):
            assert deliver_pending(settings) == DeliveryCounts(sent=1)
        assert (delivery().state, delivery().attempts) == (DeliveryState.SENT, 2)
    assert len(mail_files(fresh_app)) == 1


def test_a_message_that_kills_its_worker_each_time_is_given_up(app: Flask, owing: Any, frozen_time: Any) -> None:
    with app.app_context():
        remind(clock.now())
        db.session.execute(db.update(Delivery).values(attempts=8))
        db.session.commit()
        assert deliver_pending(settings_of(app)) == DeliveryCounts(failed=1)
        assert delivery().state is DeliveryState.FAILED


def test_two_workers_at_once_send_each_mail_once(fresh_app: Flask, make_fresh: Any, smtp_sink: Any) -> None:
    for _ in range(45):
        make_fresh.log(make_fresh.offering(make_fresh.facilitator()), 1)
    with fresh_app.app_context():
        remind(clock.now())
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
    assert sum(one.sent for one in counts) == 45
    assert len(smtp_sink.recipients) == len(set(smtp_sink.recipients)) == 45


def test_a_sweep_ends_in_time_for_other_jobs(app: Flask, make: Any, frozen_time: Any) -> None:
    for _ in range(21):
        make.log(make.offering(make.facilitator()), 1)
    with app.app_context():
        remind(clock.now())
        db.session.commit()
        assert deliver_pending(settings_of(app), seconds=0).sent == 20
        assert deliver_pending(settings_of(app), seconds=0).sent == 1


def test_a_sweep_without_mail_is_quick(app: Flask, count_sql: Any) -> None:
    began = time.perf_counter()
    with app.app_context(), count_sql() as sql:
        assert deliver_pending(settings_of(app)) == DeliveryCounts()
    assert len(sql) <= 2, sql.text
    assert time.perf_counter() - began < 1
