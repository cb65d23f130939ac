"""Making, changing, copying and ending one course, as rules."""

from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
from sqlalchemy import select

from portal.allocations.models import CourseOffering, IntakePeriod, OfferingStatus
from portal.allocations.queries.clashes import clashing_facilitators, list_clashes, list_meetings
from portal.allocations.queries.references import find_reference, list_references
from portal.allocations.services.editing import edit_offering
from portal.allocations.services.meetings import MOST, MeetingDraft, add_meeting, remove_meeting
from portal.allocations.services.offerings import OfferingDraft, create_offering, status_by_dates
from portal.allocations.services.standing import change_status
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.errors import Conflict, DomainError, NotFound
from portal.extensions import db
from portal.tracker.models import ActivityLog

pytestmark = pytest.mark.in_turn

BY = System()


@pytest.fixture(autouse=True)
def in_app(app) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def draft(make):
    return OfferingDraft(
        module_id=make.module().id, class_id=make.study_class().id, cohort_id=make.cohort().id,
        mode_id=make.mode().id, academic_year=2026, trimester=3,
        start_date=date(2026, 9, 7), end_date=date(2026, 12, 20),
    )  # fmt: skip


def at(course_id: int) -> CourseOffering:
    found = db.session.get(CourseOffering, course_id, populate_existing=True)
    assert found
    return found


def test_an_edit_changes_what_differs_and_keeps_the_history(make):
    course = make.offering(max_students=30)
    changed = edit_offering(course.id, {"max_students": 40, "title": "Evenings", "trimester": 1}, 1, BY)
    assert changed == {"max_students": (30, 40), "title": (None, "Evenings")}
    assert (at(course.id).version, at(course.id).title_folded) == (2, "evenings")
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.entity_id == course.id)).one()
    assert (event.action, event.changes) == ("update", {"max_students": [30, 40], "title": [None, "Evenings"]})
    assert edit_offering(course.id, {"max_students": 40}, 2, BY) == {}
    assert at(course.id).version == 2


def test_new_dates_plan_the_weeks_anew_and_move_the_allocation(app, make):
    course = make.offering(make.facilitator(), weeks=4)
    make.logs(course)
    later = course.start_date + timedelta(days=7)
    edit_offering(course.id, {"start_date": later, "end_date": course.end_date + timedelta(days=14)}, 1, BY)
    db.session.flush()
    assert at(course.id).allocated_on == later
    weeks = db.session.scalars(select(ActivityLog.week_start).where(ActivityLog.allocation_id == course.id)).all()
    assert sorted(weeks) == [later + timedelta(days=7 * n) for n in range(5)]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"end_date": date(2020, 1, 1)}, "end_date"),
        ({"max_students": 0}, "max_students"),
        ({"max_students": 5001}, "max_students"),
        ({"trimester": 4}, "trimester"),
        ({"academic_year": 1}, "academic_year"),
        ({"module_id": 2**31 - 1}, "module_id"),
        ({"class_id": None}, "class_id"),
        ({"title": "x" * 201}, "title"),
        ({"summary": "x" * 20_001}, "summary"),
        ({"start_date": date(2000, 1, 1)}, "end_date"),
    ],
)
def test_a_rule_that_is_broken_names_its_field(make, values, field):
    with pytest.raises(DomainError) as refused:
        edit_offering(make.offering().id, values, 1, BY)
    assert refused.value.field == field


def test_retired_entries_cannot_be_chosen_but_stay_where_they_are(make):
    course, old = make.offering(), make.module(is_active=False)
    with pytest.raises(DomainError, match="retired"):
        edit_offering(course.id, {"module_id": old.id}, 1, BY)
    staying = make.offering(module_id=old.id)
    assert edit_offering(staying.id, {"max_students": 12}, 1, BY)


def test_the_places_cannot_be_fewer_than_the_students(make):
    course = make.offering(max_students=3)
    for _ in range(2):
        make.enrolment(course, make.student())
    with pytest.raises(DomainError, match="2 students") as refused:
        edit_offering(course.id, {"max_students": 1}, 1, BY)
    assert refused.value.field == "max_students"


def test_of_an_ended_course_only_the_words_change(make):
    course = make.offering(status=OfferingStatus.COMPLETED)
    with pytest.raises(DomainError, match="only its title"):
        edit_offering(course.id, {"max_students": 10}, 1, BY)
    assert edit_offering(course.id, {"title": "As it was"}, 1, BY)


@pytest.mark.every_database
def test_the_same_course_twice_is_refused_and_names_the_other(make, draft):
    first = create_offering(draft, BY)
    other = make.offering()
    same = {"module_id": draft.module_id, "class_id": draft.class_id, "cohort_id": draft.cohort_id,
            "mode_id": draft.mode_id, "academic_year": 2026, "trimester": 3,
            "intake_period": IntakePeriod.FT}  # fmt: skip
    with pytest.raises(Conflict) as refused:
        edit_offering(other.id, same, 1, BY)
    assert refused.value.facts == {"offering_id": first.id}
    with pytest.raises(Conflict):
        create_offering(draft, BY)


@pytest.mark.every_database
def test_a_stale_edit_is_refused(make):
    course = make.offering()
    edit_offering(course.id, {"max_students": 11}, 1, BY)
    with pytest.raises(Conflict) as refused:
        edit_offering(course.id, {"max_students": 12}, 1, BY)
    assert (refused.value.field, refused.value.facts) == ("version", {"version": 2})
    with pytest.raises(NotFound):
        edit_offering(2**31 - 1, {}, 1, BY)


@pytest.mark.parametrize(
    ("today", "status"),
    [
        (date(2026, 8, 31), OfferingStatus.PLANNED),
        (date(2026, 9, 1), OfferingStatus.ACTIVE),
        (date(2026, 12, 1), OfferingStatus.ACTIVE),
        (date(2026, 12, 2), OfferingStatus.COMPLETED),
    ],
)
def test_the_dates_say_how_a_new_course_stands(today, status):
    assert status_by_dates(date(2026, 9, 1), date(2026, 12, 1), today) is status


def test_cancelling_needs_a_reason_and_drops_what_nobody_wrote(make):
    course = make.offering(make.facilitator(), weeks=4, weeks_ago=0)
    make.logs(course)
    with pytest.raises(DomainError) as refused:
        change_status(course.id, OfferingStatus.CANCELLED, 1, BY)
    assert refused.value.field == "reason"
    assert change_status(course.id, OfferingStatus.CANCELLED, 1, BY, "Too few students")
    assert not change_status(course.id, OfferingStatus.CANCELLED, 1, BY)
    assert db.session.scalars(select(ActivityLog.id).where(ActivityLog.allocation_id == course.id)).all() == []
    assert change_status(course.id, OfferingStatus.ACTIVE, 2, BY)
    actions = db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()
    assert actions[-2:] == ["cancel", "reactivate"]


@pytest.mark.every_database
def test_a_status_that_cannot_follow_or_is_stale_is_refused(make):
    course = make.offering(status=OfferingStatus.COMPLETED)
    with pytest.raises(Conflict) as refused:
        change_status(course.id, OfferingStatus.CANCELLED, 1, BY, "why")
    assert refused.value.field == "status"
    with pytest.raises(Conflict) as refused:
        change_status(course.id, OfferingStatus.ACTIVE, 9, BY)
    assert refused.value.field == "version"
    with pytest.raises(NotFound):
        change_status(2**31 - 1, OfferingStatus.ACTIVE, 1, BY)


def test_meetings_are_kept_by_day_and_time(make):
    course = make.offering()
    add_meeting(course.id, MeetingDraft(3, time(9), time(10, 30), "B 12"), BY)
    first = add_meeting(course.id, MeetingDraft(1, time(14), time(15)), BY)
    assert [(one.weekday, one.room) for one in list_meetings(course.id)] == [(1, ""), (3, "B 12")]
    with pytest.raises(Conflict):
        add_meeting(course.id, MeetingDraft(1, time(14), time(16)), BY)
    assert remove_meeting(course.id, first.id, BY)
    assert not remove_meeting(course.id, first.id, BY)
    assert len(list_meetings(course.id)) == 1


@pytest.mark.parametrize(
    ("meeting", "field"),
    [
        (MeetingDraft(0, time(9), time(10)), "weekday"),
        (MeetingDraft(8, time(9), time(10)), "weekday"),
        (MeetingDraft(1, time(9), time(9)), "ends_at"),
        (MeetingDraft(1, time(9), time(10), "x" * 61), "room"),
    ],
)
def test_a_meeting_that_cannot_be_names_its_field(make, meeting, field):
    with pytest.raises(DomainError) as refused:
        add_meeting(make.offering().id, meeting, BY)
    assert refused.value.field == field


def test_a_course_meets_at_most_twenty_times_a_week(make):
    course = make.offering()
    for hour in range(MOST):
        add_meeting(course.id, MeetingDraft(1, time(hour), time(hour, 30)), BY)
    with pytest.raises(DomainError, match="at most 20"):
        add_meeting(course.id, MeetingDraft(2, time(9), time(10)), BY)
    with pytest.raises(NotFound):
        add_meeting(2**31 - 1, MeetingDraft(2, time(9), time(10)), BY)


def test_clashes_are_same_time_and_same_person_class_or_room(make):
    siya = make.facilitator()
    mine = make.offering(siya)
    add_meeting(mine.id, MeetingDraft(1, time(9), time(11), "B 12"), BY)
    by_person = make.offering(siya)
    add_meeting(by_person.id, MeetingDraft(1, time(10), time(12)), BY)
    by_class_and_room = make.offering(class_id=mine.class_id)
    add_meeting(by_class_and_room.id, MeetingDraft(1, time(8), time(9, 1), "b 12"), BY)
    for fields in ({"weeks_ago": 40}, {"status": OfferingStatus.CANCELLED}):
        elsewhere = make.offering(siya, **fields)
        add_meeting(elsewhere.id, MeetingDraft(1, time(10), time(12)), BY)
    add_meeting(make.offering(siya).id, MeetingDraft(1, time(11), time(12)), BY)
    add_meeting(make.offering(siya).id, MeetingDraft(2, time(9), time(11)), BY)
    found = {one.offering_id: list(one.shared) for one in list_clashes(mine.id)}
    assert found == {by_person.id: ["facilitator"], by_class_and_room.id: ["class", "room"]}
    free = make.facilitator()
    assert clashing_facilitators(by_class_and_room.id, [siya.profile_id, free.profile_id]) == {siya.profile_id}


def test_references_are_found_by_key_and_by_any_word(make):
    make.module(code="CS357", name="Algorithmes avancés")
    make.module(code="CS100", name="Data 100%_safe")
    make.module(code="OLD1", name="Algorithmes oubliés", is_active=False)
    assert [one.key for one in list_references("module", "avances")] == ["CS357"]
    assert [one.key for one in list_references("module", "cs")] == ["CS100", "CS357"]
    assert [one.key for one in list_references("module", "100%_")] == ["CS100"]
    assert list_references("module", "oublies") == []
    found = find_reference("module", " cs357 ")
    assert found
    assert found.key == "CS357"
    assert find_reference("module", "OLD1") is None
    assert find_reference("module", "CS") is None
