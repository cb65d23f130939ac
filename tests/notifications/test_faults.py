"""What goes wrong around the mails, each with the list of mails that must come of it."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.extensions import db
from portal.notifications.delivering import DeliveryCounts, deliver_pending
from portal.notifications.models import Delivery, DeliveryState, MailRefusal
from portal.notifications.services.replaying import replay
from portal.ops.queue import new_queue
from portal.tracker.models import ActivityLog
from portal.tracker.services.reminders import remind
from portal.web.access import Actor
from tests.support.mail import DEADLINE, ZONE, settings_of, tell_and_deliver

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def log(make: Any, frozen_time: Any) -> Any:
    """A log of the present week, due on Monday at 17:00."""
    return make.log(make.offering(make.facilitator(email="first@example.org")), 3)


def run_through(app: Flask, frozen_time: Any, url: str, *moments: Any) -> None:
    """A pass and a sweep at each of these moments, in their order."""
    for moment in moments:
        frozen_time.move_to(moment)
        tell_and_deliver(app, mail_url=url, portal_quiet_hours="20:00-07:00")


def change(app: Flask, log: Any, **values: Any) -> None:
    with app.app_context():
        db.session.execute(update(ActivityLog).where(ActivityLog.id == log.id).values(**values))
        db.session.commit()


def mails(sink: Any) -> list[tuple[str, str]]:
    """To whom, and on which day of October."""
    return [(to, message["Date"].split()[1]) for to, message in zip(sink.recipients, sink.messages, strict=True)]


def every_six_hours(first: Any, days: int) -> list[Any]:
    return [first + n * 6 * HOUR for n in range(days * 4)]


@pytest.mark.in_turn
def test_a_run_that_is_repeated_sends_nothing_more(app: Flask, log: Any, frozen_time: Any, smtp_sink: Any) -> None:
    moments = every_six_hours(DEADLINE - 5 * DAY, 8)
    run_through(app, frozen_time, smtp_sink.url, *(moment for moment in moments for _ in range(2)))
    assert mails(smtp_sink) == [("first@example.org", day) for day in ("15", "19", "20")]


@pytest.mark.in_turn
def test_a_clock_that_jumps(app: Flask, log: Any, frozen_time: Any, smtp_sink: Any) -> None:
    """To next year and back: what was told then is not told again, and what is due later still comes once."""
    jumps = [DEADLINE - 3 * DAY, DEADLINE + 400 * DAY, DEADLINE - 3 * DAY, DEADLINE - 4 * DAY, DEADLINE + 2 * DAY]
    run_through(app, frozen_time, smtp_sink.url, *jumps)
    assert [to for to, _day in mails(smtp_sink)] == ["first@example.org"] * 2


def test_a_database_that_goes_while_a_mail_is_written(
    app: Flask, log: Any, frozen_time: Any, smtp_sink: Any, monkeypatch: Any
) -> None:
    """Nothing is wrong with the mail: it is not given up, and goes out once its claim has run out."""
    frozen_time.move_to(DEADLINE - 3 * DAY)

    def gone(_delivery_id: int) -> Any:
        raise OperationalError("SELECT", {}, Exception("gone"), connection_invalidated=True)

    with monkeypatch.context() as failing:
        failing.setattr("portal.notifications.delivering.list_facts_of", gone)
        with pytest.raises(OperationalError):
            tell_and_deliver(app, mail_url=smtp_sink.url)
    assert mails(smtp_sink) == []
    run_through(app, frozen_time, smtp_sink.url, DEADLINE - 3 * DAY + HOUR)
    assert [to for to, _day in mails(smtp_sink)] == ["first@example.org"]


@pytest.mark.in_turn
def test_a_deadline_that_moves(app: Flask, log: Any, frozen_time: Any, smtp_sink: Any) -> None:
    """Told on Thursday; on Friday the week gets seven days more, and its ladder begins anew."""
    run_through(app, frozen_time, smtp_sink.url, *every_six_hours(DEADLINE - 5 * DAY, 2))
    change(app, log, due_at=DEADLINE + 7 * DAY, deadline_version=2)
    run_through(app, frozen_time, smtp_sink.url, *every_six_hours(DEADLINE - 3 * DAY, 14))
    assert mails(smtp_sink) == [("first@example.org", day) for day in ("15", "22", "26", "27")]


@pytest.mark.in_turn
def test_a_facilitator_who_is_replaced(app: Flask, log: Any, make: Any, frozen_time: Any, smtp_sink: Any) -> None:
    """In the middle of it: the first hears no more, the second from the stage at which the week is."""
    second = make.facilitator(email="second@example.org")
    run_through(app, frozen_time, smtp_sink.url, *every_six_hours(DEADLINE - 5 * DAY, 3))
    with app.app_context():
        frozen_time.move_to(DEADLINE - 10 * HOUR)
        remind(clock.now(), ZONE)
        db.session.commit()
    change(app, log, facilitator_id=second.profile_id)
    run_through(app, frozen_time, smtp_sink.url, *every_six_hours(DEADLINE - 9 * HOUR, 6))
    assert mails(smtp_sink) == [("first@example.org", "15"), ("second@example.org", "19"), ("second@example.org", "20")]


def test_a_redis_that_forgets(app: Flask, log: Any, frozen_time: Any, smtp_sink: Any, redis_url: str) -> None:
    """Only the word to look again is lost; the sweep of the next minute looks anyway."""
    queue = new_queue(settings_of(app, redis_url=redis_url))
    frozen_time.move_to(DEADLINE + DAY)
    with app.app_context():
        remind(clock.now(), ZONE)
        db.session.commit()
        queue.enqueue(queue.task()(lambda: None).s())
        queue.storage.conn.flushall()
        assert len(queue) == 0
        assert deliver_pending(settings_of(app, mail_url=smtp_sink.url)).sent == 1
    assert mails(smtp_sink) == [("first@example.org", "20")]


def test_a_server_that_refuses_every_third_address(app: Flask, make: Any, frozen_time: Any, smtp_sink: Any) -> None:
    offering = make.offering(make.facilitator())
    people = [make.facilitator(email=f"person{number}@example.org") for number in range(9)]
    for number, person in enumerate(people):
        make.log(offering, 20 + number, due_at=DEADLINE, facilitator_id=person.profile_id)
    refused = {person.email for person in people[::3]}
    served = {person.email for person in people} - refused

    async def refuse(_server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address in refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 fine"

    smtp_sink.handle_RCPT = refuse
    frozen_time.move_to(DEADLINE + DAY)
    assert tell_and_deliver(app, mail_url=smtp_sink.url) == DeliveryCounts(sent=6, failed=3)
    assert set(smtp_sink.recipients) == served
    frozen_time.shift(2 * DAY)
    assert tell_and_deliver(app, mail_url=smtp_sink.url) == DeliveryCounts()
    with app.app_context():
        rows = db.session.execute(select(MailRefusal.address, MailRefusal.code, MailRefusal.said)).all()
        assert {row.address for row in rows} == refused
        assert {(row.code, row.said) for row in rows} == {("550", "5.1.1 no such mailbox")}
        assert Counter(db.session.scalars(select(Delivery.state))) == {DeliveryState.SENT: 6, DeliveryState.FAILED: 3}
    # Their mailboxes are mended, an administrator says so: they get what they are owed.
    refused.clear()
    with app.app_context():
        assert replay(Actor(None, None)) == 3
        db.session.commit()
        assert deliver_pending(settings_of(app, mail_url=smtp_sink.url)) == DeliveryCounts(sent=3)
        assert db.session.scalars(select(MailRefusal)).all() == []
    assert Counter(smtp_sink.recipients) == dict.fromkeys((person.email for person in people), 1)
