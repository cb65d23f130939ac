"""At most one mail a person and day, in their own day and outside their quiet hours; deferred, never dropped."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from portal.accounts.services.tokens import Purpose, issue_token
from portal.accounts.signals import Letter, send_letters
from portal.extensions import db
from portal.notifications import services
from portal.notifications.delivering import DeliveryCounts, deliver_pending
from portal.notifications.hours import Quiet, allowed_at
from portal.notifications.models import Choice, Delivery, DeliveryState, QuietHours, Way
from portal.notifications.services import Fact
from portal.tracker.ladder import DUE
from tests.support.mail import DEADLINE, parts, settings_of, tell_and_deliver
from tests.support.people import add_facilitator_profile

pytestmark = pytest.mark.in_turn

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
QUIET = "20:00-07:00"
ZONES = st.sampled_from([ZoneInfo(name) for name in ("UTC", "Africa/Kigali", "America/Chicago", "Pacific/Apia")])
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 365 * 24 * 60).map(lambda minutes: YEAR + timedelta(minutes=minutes))
minutes = st.integers(0, 1439)


@pytest.mark.parametrize(
    ("now", "last", "until"),
    [
        ("2026-10-14T12:00", None, "2026-10-14T12:00"),
        ("2026-10-14T20:00", None, "2026-10-15T07:00"),
        ("2026-10-14T06:59", None, "2026-10-14T07:00"),
        ("2026-10-14T12:00", "2026-10-14T07:00", "2026-10-15T07:00"),
        ("2026-10-15T07:00", "2026-10-14T19:00", "2026-10-15T07:00"),
        ("2026-10-14T12:00", "2026-12-24T07:00", "2026-10-15T07:00"),
    ],
    ids=["by day", "in the evening", "at night", "second of a day", "next morning", "a clock that was set back"],
)
def test_when_a_mail_may_go(now, last, until):
    moment = datetime.fromisoformat(f"{now}+00:00")
    last_at = datetime.fromisoformat(f"{last}+00:00") if last else None
    found = allowed_at(moment, ZoneInfo("UTC"), Quiet.of(QUIET), last_at)
    assert found == datetime.fromisoformat(f"{until}+00:00")


@settings(max_examples=150, deadline=None)
@given(moments, ZONES, minutes, minutes, st.none() | moments)
def test_it_is_never_before_now_nor_in_quiet_hours_and_at_most_two_days_off(now, zone, begins, ends, last):
    quiet = Quiet(begins, ends)
    found = allowed_at(now, zone, quiet, last)
    here = found.astimezone(zone)
    assert now <= found <= now + 2 * DAY + 2 * HOUR
    # Clocks that are put forward or back move the end of quiet hours by their hour.
    assert not quiet.holds(here.hour * 60 + here.minute) or zone.utcoffset(now) != zone.utcoffset(found)
    if last is not None and last.astimezone(zone).date() == now.astimezone(zone).date():
        assert here.date() > now.astimezone(zone).date()


def tell(person, key, kind="log_excused"):
    facts = {"module": "Physics", "code": "P1", "week": 2, "due_at": DEADLINE.isoformat(), "reason": "Ill"}
    facts["log_id"] = ord(key)
    services.notify_many([Fact(person.user_id, kind, facts, key)])
    db.session.commit()


def run(app, **changed):
    return deliver_pending(settings_of(app, **changed))


def waits_until():
    return db.session.scalar(select(Delivery.next_attempt_at).where(Delivery.state == DeliveryState.PENDING))


def test_the_second_mail_of_a_day_waits_for_the_morning_and_says_everything(app, make, frozen_time, mail_files):
    person = make.facilitator()
    with app.app_context():
        tell(person, "a")
        assert run(app, portal_quiet_hours=QUIET).sent == 1
        tell(person, "b")
        frozen_time.shift(HOUR)
        tell(person, "c")
        assert run(app, portal_quiet_hours=QUIET) == DeliveryCounts(deferred=1)
        assert waits_until() == datetime(2026, 10, 15, 7, tzinfo=UTC)
        frozen_time.move_to(datetime(2026, 10, 15, 7, tzinfo=UTC))
        assert run(app, portal_quiet_hours=QUIET).sent == 1
    assert len(mail_files(app)) == 2
    assert mail_files(app)[-1]["Subject"] == "2 decisions about your weekly logs"


@pytest.mark.parametrize(("zone", "hour"), [("Africa/Kigali", 5), ("America/Chicago", 12)])
def test_quiet_hours_are_those_of_where_the_person_lives(app, make, frozen_time, zone, hour):
    person = make.facilitator(time_zone=zone)
    frozen_time.move_to(datetime(2026, 10, 14, 3, tzinfo=UTC))
    with app.app_context():
        tell(person, "a")
        assert run(app, portal_quiet_hours=QUIET) == DeliveryCounts(deferred=1)
        assert waits_until() == datetime(2026, 10, 14, hour, tzinfo=UTC)
        assert run(app, portal_quiet_hours=QUIET) == DeliveryCounts()


def test_their_own_hours_come_before_the_institutions(app, make, frozen_time):
    person = make.facilitator()
    with app.app_context():
        db.session.add(QuietHours(user_id=person.user_id, begins=9 * 60, ends=16 * 60))
        tell(person, "a")
        assert run(app) == DeliveryCounts(deferred=1)
        assert waits_until() == datetime(2026, 10, 14, 16, tzinfo=UTC)


def test_what_may_not_wait_goes_at_night_and_besides(app, make, frozen_time, mail_files):
    person = make.facilitator()
    with app.app_context():
        tell(person, "a")
        assert run(app).sent == 1
        frozen_time.move_to(datetime(2026, 10, 14, 23, tzinfo=UTC))
        issued = issue_token(person.user_id, Purpose.RESET, app.config["SECRET_KEY"])
        send_letters([Letter(person.user_id, Purpose.RESET, issued.id)])
        tell(person, "b")
        assert run(app, portal_quiet_hours=QUIET) == DeliveryCounts(sent=1, deferred=1)
    assert [mail["Subject"] for mail in mail_files(app)][-1] == "Set a new password"


@pytest.mark.every_database
def test_two_mails_that_wait_for_one_person_become_one(app, make, frozen_time, mail_files):
    """Two transactions that told somebody at once each made a mail."""
    person = make.facilitator()
    with app.app_context():
        tell(person, "a")
        db.session.execute(update(Delivery).values(state=DeliveryState.CLAIMED))
        db.session.commit()
        tell(person, "b")
        db.session.execute(update(Delivery).values(state=DeliveryState.PENDING))
        db.session.commit()
        assert run(app) == DeliveryCounts(sent=1, deferred=1)
    (mail,) = mail_files(app)
    assert mail["Subject"] == "2 decisions about your weekly logs"


@pytest.mark.every_database
def test_while_another_worker_sends_somebody_a_mail_the_next_one_waits(app, make, frozen_time):
    person = make.facilitator()
    with app.app_context():
        tell(person, "a")
        (mine,) = services.claim_deliveries()
        db.session.commit()
        tell(person, "b")
        assert run(app) == DeliveryCounts(deferred=1)
        services.mark_sent(mine)
        db.session.commit()
        frozen_time.shift(timedelta(minutes=5))
        assert run(app) == DeliveryCounts(deferred=1)


def test_what_somebody_does_not_want_is_kept_and_neither_mailed_nor_shown(app, make, frozen_time, client, sign_in):
    person = make.facilitator()
    make.log(make.offering(person), 3)
    frozen_time.move_to(DEADLINE - DAY)
    with app.app_context():
        db.session.add_all(Choice(user_id=person.user_id, group_name="reminders", way=way) for way in Way)
        db.session.commit()
    assert tell_and_deliver(app) == DeliveryCounts()
    assert tell_and_deliver(app) == DeliveryCounts()
    sign_in(client, person)
    assert "Nothing to tell you" in client.get("/notifications/").text
    # What is mandatory comes all the same.
    frozen_time.move_to(DEADLINE + DAY)
    assert tell_and_deliver(app).sent == 1


def test_who_unsubscribes_while_a_mail_waits_does_not_get_it(app, make, frozen_time):
    person = make.facilitator()
    with app.app_context():
        tell(person, "a", DUE)
        db.session.add(Choice(user_id=person.user_id, group_name="reminders", way=Way.MAIL))
        db.session.commit()
        assert run(app) == DeliveryCounts(suppressed=1)


def test_a_mail_of_two_roles_is_one(app, make, frozen_time, mail_files):
    """A manager who teaches hears of both in one mail."""
    manager = make.manager()
    with app.app_context():
        person = add_facilitator_profile(manager)
    make.log(make.offering(person), 3)
    frozen_time.move_to(DEADLINE + 3 * DAY)
    assert tell_and_deliver(app) == DeliveryCounts(sent=1)
    (mail,) = mail_files(app)
    plain, _html = parts(mail)
    assert mail["Subject"] == "1 weekly log to submit"
    assert "1 week stays missing" in plain
