"""Changing many courses at once: what would happen, that exactly this happens, and the way back."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.allocations import services
from portal.allocations.models import OfferingStatus
from portal.allocations.queries import OfferingFilter
from portal.allocations.queries.selections import Selection
from portal.allocations.services import OverLimit, offerings_changed
from portal.allocations.services.bulk_changes import change_courses, preview_change
from portal.allocations.services.bulk_rules import BulkChange, Deed
from portal.audit.models import AuditEvent, ChangeBatch
from portal.errors import Conflict, DomainError
from portal.extensions import db
from portal.jobs.works import Owner
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


def test_a_preview_tells_what_will_change_what_stands_so_and_what_stays(in_app, make, manager):
    teacher = make.facilitator()
    free, hers, over = make.offering(), make.offering(teacher), make.offering(status=OfferingStatus.COMPLETED)
    change = BulkChange(Deed.ALLOCATE, facilitator_id=teacher.profile_id)
    preview = preview_change(chosen(free, hers, over), change, TODAY)
    assert [one.course.id for one in preview.changing] == [free.id]
    assert preview.changing[0].changes["facilitator_id"] == (None, teacher.profile_id)
    assert [(one.course.id, str(one.refusal)) for one in preview.refused] == [
        (over.id, "It is completed or cancelled.")
    ]
    assert preview.unchanged == 1
    assert now(free).facilitator_id is None


@pytest.mark.every_database
def test_what_was_seen_is_done_in_one_deed(in_app, make, manager):
    first, second, over = make.offering(), make.offering(), make.offering(status=OfferingStatus.CANCELLED)
    starts = {one.id: one.start_date for one in (first, second, over)}
    said = []
    with offerings_changed.connected_to(lambda _s, offering_ids: said.append(sorted(offering_ids))):
        batch = do(chosen(first, second, over), replace(WEEK, reason="A late start"), manager)
    assert [now(one).start_date - starts[one.id] for one in (first, second)] == [timedelta(days=7)] * 2
    assert (now(first).version, now(over).version) == (2, 1)
    assert now(over).start_date == starts[over.id]
    assert said == [[first.id, second.id]]
    events = db.session.scalars(select(AuditEvent).where(AuditEvent.batch_id == batch)).all()
    assert {event.entity_id for event in events} == {first.id, second.id}
    assert {event.action for event in events} == {"shift"}
    assert events[0].changes["reason"] == [None, "A late start"]
    kept = db.session.get(ChangeBatch, batch)
    assert kept is not None
    assert (kept.kind, kept.row_count, kept.params) == ("shift", 2, {"days": 7})


def test_all_that_match_are_meant_when_nothing_is_ticked(in_app, make, manager):
    mode = make.mode("Online")
    meant, other = make.offering(mode_id=mode.id), make.offering()
    wanted = replace(OfferingFilter(), **_only("Online"))
    do(Selection(wanted), BulkChange(Deed.PLACES, places=99), manager)
    assert (now(meant).max_students, now(other).max_students) == (99, 30)


def _only(mode: str) -> dict[str, Any]:
    return {"modes": (mode,)} if "modes" in OfferingFilter.__dataclass_fields__ else {"mode": mode}


@pytest.mark.every_database
def test_what_changed_since_it_was_seen_stops_it_all(in_app, make, manager):
    first, second = make.offering(), make.offering()
    seen = preview_change(chosen(first, second), WEEK, TODAY).seen
    services.assign_facilitator(second.id, make.facilitator().profile_id, 1, Owner(None, None), TODAY)
    start = now(first).start_date
    with pytest.raises(Conflict, match="changed since you looked"):
        change_courses(chosen(first, second), WEEK, seen, Owner(manager.user_id, None), TODAY)
    assert now(first).start_date == start


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (BulkChange(Deed.ALLOCATE), "facilitator"),
        (BulkChange(Deed.ALLOCATE, facilitator_id=4711), "facilitator"),
        (BulkChange(Deed.SHIFT), "days"),
        (BulkChange(Deed.SHIFT, days=100_000), "days"),
        (BulkChange(Deed.MODE), "mode"),
        (BulkChange(Deed.STATUS), "status"),
        (BulkChange(Deed.PLACES), "places"),
        (BulkChange(Deed.PLACES, places=5001), "places"),
    ],
)
def test_what_will_do_for_no_course_is_told_at_its_field(in_app, make, change, field):
    with pytest.raises(DomainError) as caught:
        preview_change(chosen(make.offering()), change, TODAY)
    assert caught.value.field == field


def test_someone_who_is_not_available_gets_nothing(in_app, make):
    away = make.facilitator(profile={"is_available": False})
    with pytest.raises(DomainError, match="not available"):
        preview_change(chosen(make.offering()), BulkChange(Deed.ALLOCATE, facilitator_id=away.profile_id), TODAY)


def test_more_than_the_limit_needs_a_reason(in_app, make, manager):
    teacher = make.facilitator(profile={"max_course_load": 2})
    make.offering(teacher)
    selection = chosen(make.offering(), make.offering())
    change = BulkChange(Deed.ALLOCATE, facilitator_id=teacher.profile_id)
    assert [(load, limit) for _term, load, limit in preview_change(selection, change, TODAY).over] == [(3, 2)]
    with pytest.raises(OverLimit):
        do(selection, change, manager)
    db.session.rollback()
    do(selection, replace(change, reason="Nobody else speaks Wolof"), manager)


def test_courses_of_one_term_do_not_count_in_another(in_app, make):
    teacher = make.facilitator(profile={"max_course_load": 1})
    selection = chosen(make.offering(trimester=1), make.offering(trimester=2))
    change = BulkChange(Deed.ALLOCATE, facilitator_id=teacher.profile_id)
    assert not preview_change(selection, change, TODAY).over


def test_a_course_that_exists_in_the_mode_stays(in_app, make, manager):
    online = make.mode("Online")
    one = make.offering()
    same = {name: getattr(one, name) for name in ("module_id", "class_id", "cohort_id", "academic_year", "trimester")}
    there = make.offering(**same, mode_id=online.id)
    preview = preview_change(chosen(one), BulkChange(Deed.MODE, mode_id=online.id), TODAY)
    assert [(found.course.id, found.other_id) for found in preview.refused] == [(one.id, there.id)]


@pytest.mark.every_database
def test_of_two_that_would_become_the_same_the_first_changes(in_app, make, manager):
    online = make.mode("Online")
    one = make.offering(mode_id=make.mode("Hybrid").id)
    same = {name: getattr(one, name) for name in ("module_id", "class_id", "cohort_id", "academic_year", "trimester")}
    two = make.offering(**same, mode_id=make.mode("In-person").id)
    do(chosen(one, two), BulkChange(Deed.MODE, mode_id=online.id), manager)
    assert sorted((now(one).mode_id, now(two).mode_id)) != [online.id] * 2
    assert online.id in (now(one).mode_id, now(two).mode_id)


@pytest.mark.parametrize(
    ("before", "after", "goes"),
    [
        ("planned", "active", True),
        ("active", "cancelled", True),
        ("cancelled", "active", True),
        ("completed", "cancelled", False),
        ("cancelled", "completed", False),
    ],
)
def test_a_status_follows_where_it_may(in_app, make, manager, before, after, goes):
    offering = make.offering(status=OfferingStatus(before))
    do(chosen(offering), BulkChange(Deed.STATUS, status=OfferingStatus(after)), manager)
    assert now(offering).status is OfferingStatus(after if goes else before)


def test_places_are_never_fewer_than_students(in_app, make, manager):
    full, free = make.offering(enrolled_count=20), make.offering()
    do(chosen(full, free), BulkChange(Deed.PLACES, places=10), manager)
    assert (now(full).max_students, now(free).max_students) == (30, 10)


def test_who_taught_from_the_first_day_still_does_after_a_shift(in_app, make, manager):
    teacher = make.facilitator()
    first = make.offering(teacher)
    later = make.offering(teacher, allocated_on=TODAY)
    do(chosen(first, later), WEEK, manager)
    assert now(first).allocated_on == now(first).start_date
    assert now(later).allocated_on == TODAY
