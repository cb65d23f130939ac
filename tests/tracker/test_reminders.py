"""Reminders: who is told what, and that nobody is told twice."""

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, literal, select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.extensions import db
from portal.notifications.models import Delivery, DeliveryState, Notification
from portal.tracker.ladder import DUE, MISSING, TODAY
from portal.tracker.models import ActivityLog
from portal.tracker.queries import owed
from portal.tracker.queries.owed import OwedRow, logs_owed
from portal.tracker.queries.stages import read_ladder
from portal.tracker.services import reminders
from portal.tracker.services.reminders import ReminderCounts, remind
from tests.support.mail import ZONE

pytestmark = pytest.mark.in_turn

DEADLINE = datetime(2026, 10, 19, 17, tzinfo=UTC)  # of the week of frozen_time
DAY = timedelta(days=1)
THURSDAY = datetime(2026, 10, 15, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)
Change = Callable[[Any, Any, Any], None]


@pytest.fixture
def people(make: Any, frozen_time: Any) -> tuple[Any, Any, Any]:
    """A facilitator, their course, and its log of the present week."""
    facilitator = make.facilitator()
    offering = make.offering(facilitator)
    return facilitator, offering, make.log(offering, 3)


def owed_at(moment: datetime) -> Sequence[OwedRow]:
    return logs_owed(moment, read_ladder(ZONE).cutoffs(moment))


def one_pass(now: datetime) -> ReminderCounts:
    told = remind(now, ZONE)
    db.session.commit()
    return told


def change(model: Any, row_id: int, **values: Any) -> None:
    db.session.execute(db.update(model).where(model.id == row_id).values(**values))
    db.session.commit()


@pytest.mark.every_database
@pytest.mark.parametrize(
    ("moment", "stage"),
    [
        # The deadline is a Monday: two working days before it is Thursday, one after it Tuesday, from seven o’clock on.
        (THURSDAY - SECOND, None),
        (THURSDAY, DUE),
        (DEADLINE - timedelta(hours=10) - SECOND, DUE),
        (DEADLINE - timedelta(hours=10), TODAY),
        (DEADLINE, TODAY),
        (DEADLINE + SECOND, None),
        (DEADLINE + timedelta(hours=14) - SECOND, None),
        (DEADLINE + timedelta(hours=14), MISSING),
        (DEADLINE + 90 * DAY, MISSING),
    ],
)
def test_a_log_is_told_at_the_latest_stage_that_has_begun(
    app: Flask, people: Any, moment: datetime, stage: str | None
) -> None:
    with app.app_context():
        found = owed_at(moment)
    assert [row.stage for row in found] == ([stage] if stage else [])


def test_an_owed_log_says_whose_and_which(app: Flask, people: Any) -> None:
    facilitator, offering, log = people
    with app.app_context():
        (row,) = owed_at(DEADLINE + DAY)
    assert (row.user_id, row.log_id, row.offering_id) == (facilitator.user_id, log.id, offering.id)
    assert (row.week, row.due_at) == (3, DEADLINE)
    assert row.code is not None
    assert row.code.startswith("MOD")
    assert row.course.startswith("Module")


@pytest.mark.every_database
def test_the_key_made_in_python_is_the_key_made_by_the_database(app: Flask, people: Any) -> None:
    moment = DEADLINE + DAY
    with app.app_context():
        (row,) = owed_at(moment)
        made = owed._owed().with_only_columns(owed._key(literal(MISSING)))
        assert db.session.scalar(made, {"now": moment, "until": moment}) == row.dedupe_key


@pytest.mark.every_database
@pytest.mark.parametrize(
    "settle",
    [
        lambda _person, _offering, log: change(ActivityLog, log.id, submitted_at=DEADLINE),
        lambda _person, _offering, log: change(ActivityLog, log.id, excused_at=DEADLINE),
        lambda _person, offering, _log: change(CourseOffering, offering.id, status=OfferingStatus.CANCELLED),
        lambda _person, offering, _log: change(CourseOffering, offering.id, status=OfferingStatus.COMPLETED),
        lambda person, _offering, _log: change(type(person.user), person.user_id, is_active=False),
    ],
    ids=["submitted", "excused", "cancelled course", "completed course", "inactive person"],
)
def test_what_is_settled_is_not_owed(app: Flask, people: Any, settle: Change) -> None:
    with app.app_context():
        assert len(owed_at(DEADLINE + DAY)) == 1
        settle(*people)
        assert owed_at(DEADLINE + DAY) == []


def test_a_log_of_a_planned_course_and_a_started_log_are_owed(app: Flask, people: Any) -> None:
    _person, offering, log = people
    with app.app_context():
        change(CourseOffering, offering.id, status=OfferingStatus.PLANNED)
        change(ActivityLog, log.id, started_at=DEADLINE)
        assert len(owed_at(DEADLINE + DAY)) == 1


@pytest.mark.every_database
def test_a_second_pass_tells_nothing(app: Flask, people: Any) -> None:
    with app.app_context():
        assert one_pass(DEADLINE + DAY) == ReminderCounts(missing=1, people=1)
        assert one_pass(DEADLINE + DAY) == ReminderCounts()
        assert db.session.scalar(select(func.count(Notification.id))) == 1
        assert db.session.scalar(select(func.count(Delivery.id))) == 1


@pytest.mark.every_database
def test_without_the_anti_join_the_unique_key_still_stops_a_second_telling(
    app: Flask, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        one_pass(DEADLINE + DAY)
        monkeypatch.setattr(owed, "_untold", told_or_not)
        with pytest.raises(IntegrityError):
            remind(DEADLINE + DAY, ZONE)
        assert db.session.scalar(select(func.count(Notification.id))) == 1


def told_or_not(keys: tuple[str, ...]) -> Any:
    """What is owed, without a look at what was told."""
    return owed._owed().add_columns(owed._stage(keys)).where(owed._stage(keys).is_not(None))


@pytest.mark.every_database
def test_without_key_and_anti_join_everyone_is_told_twice(
    app: Flask, people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tests above can fail: this is what they would see."""
    numbers = iter(range(9))
    monkeypatch.setattr(owed, "_untold", told_or_not)
    monkeypatch.setattr(OwedRow, "dedupe_key", property(lambda _row: f"key {next(numbers)}"))
    with app.app_context():
        one_pass(DEADLINE + DAY)
        one_pass(DEADLINE + DAY)
        assert db.session.scalar(select(func.count(Notification.id))) == 2


def test_a_missing_log_is_told_although_it_was_told_when_due(app: Flask, people: Any) -> None:
    with app.app_context():
        assert one_pass(DEADLINE - DAY) == ReminderCounts(due=1, people=1)
        assert one_pass(DEADLINE + DAY) == ReminderCounts(missing=1, people=1)
        kinds = db.session.scalars(select(Notification.kind).order_by(Notification.id)).all()
    assert kinds == [DUE, MISSING]


def test_a_moved_deadline_is_told_anew(app: Flask, people: Any) -> None:
    log = people[2]
    with app.app_context():
        one_pass(DEADLINE - DAY)
        change(ActivityLog, log.id, due_at=DEADLINE + 7 * DAY, deadline_version=2)
        assert one_pass(DEADLINE) == ReminderCounts()
        assert one_pass(DEADLINE + 6 * DAY) == ReminderCounts(due=1, people=1)


def test_whoever_takes_a_course_over_is_told_too(app: Flask, people: Any, make: Any) -> None:
    successor = make.facilitator()
    with app.app_context():
        one_pass(DEADLINE + DAY)
        change(ActivityLog, people[2].id, facilitator_id=successor.profile_id)
        assert one_pass(DEADLINE + DAY) == ReminderCounts(missing=1, people=1)
        assert db.session.scalars(select(Notification.recipient_id).order_by(Notification.id)).all() == [
            people[0].user_id,
            successor.user_id,
        ]


@pytest.mark.every_database
def test_a_log_that_takes_the_id_of_a_deleted_one_is_told(app: Flask, people: Any, make: Any) -> None:
    facilitator, _, log = people
    other = make.offering(facilitator)
    with app.app_context():
        one_pass(DEADLINE + DAY)
        db.session.execute(db.delete(ActivityLog).where(ActivityLog.id == log.id))
        db.session.commit()
    make.log(other, 3, id=log.id)
    with app.app_context():
        assert one_pass(DEADLINE + DAY) == ReminderCounts(missing=1, people=1)


def test_a_clock_that_jumps_back_tells_nothing_again(app: Flask, people: Any) -> None:
    with app.app_context():
        one_pass(DEADLINE + DAY)
        one_pass(DEADLINE - DAY)
        assert one_pass(DEADLINE + DAY) == ReminderCounts()


def test_everything_for_one_person_goes_into_one_message(app: Flask, people: Any, make: Any) -> None:
    facilitator, offering, _log = people
    make.log(offering, 1)
    make.log(make.offering(facilitator), 2)
    make.log(make.offering(make.facilitator()), 1)
    with app.app_context():
        assert one_pass(DEADLINE - DAY) == ReminderCounts(due=1, missing=3, people=2)
        assert db.session.scalar(select(func.count(Delivery.id))) == 2


def test_new_facts_join_the_message_that_still_waits(app: Flask, people: Any, make: Any) -> None:
    with app.app_context():
        one_pass(DEADLINE - DAY)
        one_pass(DEADLINE + DAY)
        message = db.session.scalars(select(Delivery)).one()
        facts = db.session.scalars(select(Notification.delivery_id)).all()
        assert facts == [message.id] * 2

        message.state = DeliveryState.SENT
        db.session.commit()
        make.log(people[1], 1)
        one_pass(DEADLINE + DAY)
        assert db.session.scalar(select(func.count(Delivery.id))) == 2


def test_a_pass_needs_as_many_statements_for_twelve_logs_as_for_one(
    app: Flask, people: Any, make: Any, count_sql: Any
) -> None:
    with app.app_context():
        with count_sql() as one:
            one_pass(DEADLINE + DAY)
        for _ in range(12):
            make.log(make.offering(make.facilitator()), 3)
        with count_sql() as twelve:
            one_pass(DEADLINE + DAY)
    # The last one says to open pages that there is something new.
    assert len(one) == len(twelve) == 10, twelve.text


@pytest.mark.every_database
def test_two_workers_at_once_tell_once(
    fresh_app: Flask, make_fresh: Any, frozen_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read what is untold before either writes: the database settles it."""
    for _ in range(20):
        make_fresh.log(make_fresh.offering(make_fresh.facilitator()), 1)
    both_have_read = threading.Barrier(2, timeout=30)
    reads: list[int] = []
    failures: list[BaseException] = []
    counts: list[ReminderCounts] = []

    def read_together(now: datetime, cutoffs: Any) -> Any:
        rows = logs_owed(now, cutoffs)
        reads.append(len(rows))
        if len(reads) <= 2:
            both_have_read.wait()
        return rows

    def work() -> None:
        try:
            with fresh_app.app_context():
                counts.append(one_pass(clock.now()))
        except BaseException as error:
            failures.append(error)

    monkeypatch.setattr(reminders, "logs_owed", read_together)
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert failures == []
    assert sorted(one.people for one in counts) == [0, 20]
    assert reads == [20, 20, 0]
    with fresh_app.app_context():
        assert db.session.scalar(select(func.count(Notification.id))) == 20
        assert db.session.scalar(select(func.count(Delivery.id))) == 20
