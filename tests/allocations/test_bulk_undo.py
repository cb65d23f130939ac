"""Taking bulk changes back, and two of them at one moment."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.accounts.models import User
from portal.allocations.models import CourseOffering
from portal.allocations.queries import OfferingFilter
from portal.allocations.queries.selections import Selection
from portal.allocations.services import undoing
from portal.allocations.services.bulk_changes import change_courses, preview_change
from portal.allocations.services.bulk_rules import BulkChange, Deed
from portal.audit.models import AuditEvent
from portal.errors import Conflict, NotFound
from portal.extensions import db
from portal.jobs.works import Owner
from portal.tracker.models import ActivityLog
from tests.support.bulk_changes import TODAY, WEEK, chosen, do, now
from tests.support.people import Person

pytestmark = pytest.mark.in_turn


@pytest.fixture
def in_app(app, frozen_time) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def manager(make) -> Person:
    return make.manager()


@pytest.mark.every_database
def test_undoing_gives_back_what_was(in_app, make, manager):
    before, after = make.facilitator(), make.facilitator()
    taught, free = make.offering(before), make.offering()
    batch = do(chosen(taught, free), BulkChange(Deed.ALLOCATE, facilitator_id=after.profile_id), manager)
    undone = undoing.undo_change(batch, Owner(manager.user_id, None))
    assert (undone.restored, undone.kept) == (2, 0)
    assert (now(taught).facilitator_id, now(free).facilitator_id) == (before.profile_id, None)
    assert (now(free).allocated_on, now(free).version) == (None, 3)
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.batch_id == undone.batch_id)).all()
    assert {event.action for event in events} == {"undo"}


def test_what_somebody_changed_since_stays_when_undoing(in_app, make, manager):
    one, other = make.offering(), make.offering()
    starts = now(one).start_date, now(other).start_date
    batch = do(chosen(one, other), WEEK, manager)
    changed = now(other)
    changed.start_date += timedelta(days=1)
    db.session.flush()
    undone = undoing.undo_change(batch, Owner(manager.user_id, None))
    assert (undone.restored, undone.kept) == (1, 1)
    assert now(one).start_date == starts[0]
    assert now(other).start_date == starts[1] + timedelta(days=8)


def test_a_course_that_is_gone_keeps_the_others_from_nothing(in_app, make, manager):
    one, other = make.offering(), make.offering()
    start = now(one).start_date
    batch = do(chosen(one, other), WEEK, manager)
    db.session.delete(now(other))
    db.session.flush()
    undone = undoing.undo_change(batch, Owner(manager.user_id, None))
    assert (undone.restored, undone.kept) == (1, 1)
    assert now(one).start_date == start


def test_a_course_does_not_go_back_to_someone_who_has_left(in_app, make, manager):
    gone = make.facilitator()
    offering = make.offering(gone)
    batch = do(chosen(offering), BulkChange(Deed.UNALLOCATE), manager)
    user = db.session.get(User, gone.user_id)
    assert user is not None
    user.is_active = False
    db.session.flush()
    undone = undoing.undo_change(batch, Owner(manager.user_id, None))
    assert (undone.restored, undone.kept) == (0, 1)


def test_undoing_ends_after_ten_minutes_and_happens_once(in_app, make, manager, frozen_time):
    by = Owner(manager.user_id, None)
    once = do(chosen(make.offering()), WEEK, manager)
    db.session.commit()
    undoing.undo_change(once, by)
    db.session.commit()
    with pytest.raises(Conflict):
        undoing.undo_change(once, by)
    late = do(chosen(make.offering()), WEEK, manager)
    db.session.commit()
    frozen_time.shift(timedelta(minutes=10, seconds=1))
    with pytest.raises(Conflict):
        undoing.undo_change(late, by)


def test_others_cannot_undo_it_and_an_undoing_is_not_undone(in_app, make, manager):
    batch = do(chosen(make.offering()), WEEK, manager)
    with pytest.raises(NotFound):
        undoing.undo_change(batch, Owner(make.manager().user_id, None))
    undone = undoing.undo_change(batch, Owner(manager.user_id, None))
    with pytest.raises(NotFound):
        undoing.undo_change(undone.batch_id, Owner(manager.user_id, None))


def test_weekly_logs_follow_a_shift_and_come_back(in_app, make, manager):
    offering = make.offering(make.facilitator(), weeks=4, weeks_ago=-1)
    make.logs(offering)
    weeks = _weeks(offering)
    batch = do(chosen(offering), WEEK, manager)
    assert _weeks(offering) == [start + timedelta(days=7) for start in weeks]
    undoing.undo_change(batch, Owner(manager.user_id, None))
    assert _weeks(offering) == weeks


def _weeks(offering: Any) -> list[date]:
    wanted = select(ActivityLog.week_start).where(ActivityLog.allocation_id == offering.id)
    return sorted(db.session.scalars(wanted))


@contextmanager
def _both(*deeds: Any) -> Iterator[list[Any]]:
    """Both at one moment, each in a thread of its own; what they gave or raised, in their order."""
    results: list[Any] = [None] * len(deeds)
    start = threading.Barrier(len(deeds))

    def run(at: int) -> None:
        start.wait()
        try:
            results[at] = deeds[at]()
        except Exception as error:
            results[at] = error

    threads = [threading.Thread(target=run, args=(at,)) for at in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    yield results


@pytest.mark.every_database
def test_two_crossing_bulk_changes_are_done_one_after_the_other_or_not(fresh_app, make_fresh):
    """Both saw the same courses: whoever is second finds them changed, and nothing of theirs happens."""
    by, teacher = make_fresh.manager(), make_fresh.facilitator(profile={"max_course_load": 50})
    offerings = [make_fresh.offering() for _ in range(12)]
    ids = tuple(one.id for one in offerings)
    starts = {one.id: one.start_date for one in offerings}
    allocate = BulkChange(Deed.ALLOCATE, facilitator_id=teacher.profile_id)
    with fresh_app.app_context():
        seen = {
            change.deed: preview_change(Selection(OfferingFilter(), order), change, TODAY).seen
            for change, order in ((WEEK, ids), (allocate, ids[::-1]))
        }

    def deed(change: BulkChange, order: tuple[int, ...]) -> Any:
        def run() -> int:
            with fresh_app.app_context():
                selection = Selection(OfferingFilter(), order)
                batch = change_courses(selection, change, seen[change.deed], Owner(by.user_id, None), TODAY)
                db.session.commit()
                return batch

        return run

    with _both(deed(WEEK, ids), deed(allocate, ids[::-1])) as results:
        assert sorted(type(one).__name__ for one in results) == ["Conflict", "int"], results
    with fresh_app.app_context():
        rows = db.session.scalars(select(CourseOffering)).all()
        moved = {row.start_date - starts[row.id] for row in rows}
        people = {row.facilitator_id for row in rows}
        assert (moved, people) in [({timedelta(7)}, {None}), ({timedelta(0)}, {teacher.profile_id})]


@pytest.mark.every_database
def test_two_clicks_undo_once(fresh_app, make_fresh):
    by, offering = make_fresh.manager(), make_fresh.offering()
    start = offering.start_date
    with fresh_app.app_context():
        batch = do(Selection(OfferingFilter(), (offering.id,)), WEEK, by)
        db.session.commit()

    def undo() -> Any:
        with fresh_app.app_context():
            undone = undoing.undo_change(batch, Owner(by.user_id, None))
            db.session.commit()
            return undone

    with _both(undo, undo) as results:
        assert sorted(type(one).__name__ for one in results) == ["Conflict", "Undone"], results
    with fresh_app.app_context():
        assert db.session.scalar(select(CourseOffering.start_date)) == start
