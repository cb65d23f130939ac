"""The rules of making a course."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from portal.allocations.models import MAX_STUDENTS, CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.allocations.services import OfferingDraft, create_offering
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.errors import Conflict, DomainError
from portal.extensions import db

pytestmark = pytest.mark.in_turn


@pytest.fixture
def draft(app, make):
    with app.app_context():
        yield OfferingDraft(
            module_id=make.module().id,
            class_id=make.study_class().id,
            cohort_id=make.cohort().id,
            mode_id=make.mode().id,
            academic_year=2026,
            trimester=3,
            start_date=date(2026, 8, 24),
            end_date=date(2026, 12, 9),
        )


def count():
    return db.session.scalar(select(func.count(CourseOffering.id)))


def test_a_course_is_made_and_recorded(draft):
    offering = create_offering(replace(draft, intake_period=IntakePeriod.HT1, max_students=45), System())
    db.session.commit()
    assert (offering.status, offering.max_students, offering.facilitator_id) == (OfferingStatus.PLANNED, 45, None)
    event = db.session.scalar(select(AuditEvent).where(AuditEvent.entity == "course_offerings"))
    assert (event.action, event.entity_id) == ("create", offering.id)
    assert event.changes["start_date"] == [None, "2026-08-24"]
    assert event.changes["intake_period"] == [None, "HT1"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"end_date": date(2026, 8, 24)}, "end_date"),
        ({"end_date": date(2026, 8, 1)}, "end_date"),
        ({"max_students": 0}, "max_students"),
        ({"max_students": MAX_STUDENTS + 1}, "max_students"),
        ({"trimester": 4}, "trimester"),
        ({"module_id": None}, "module_id"),
        ({"cohort_id": None}, "cohort_id"),
        ({"module_id": 999_999}, "module_id"),
        ({"mode_id": 999_999}, "mode_id"),
    ],
)
def test_a_broken_rule_is_refused_on_its_field(draft, changes, field):
    with pytest.raises(DomainError) as caught:
        create_offering(replace(draft, **changes), System())
    assert caught.value.field == field
    assert count() == 0


@pytest.mark.every_database
def test_the_same_course_twice_is_a_conflict_that_names_the_first(draft):
    first = create_offering(draft, System())
    with pytest.raises(Conflict) as caught:
        create_offering(replace(draft, max_students=99), System())
    assert caught.value.facts == {"offering_id": first.id}
    assert count() == 1
    assert create_offering(replace(draft, intake_period=IntakePeriod.HT2), System()).id != first.id


@pytest.mark.every_database
def test_an_open_course_needs_no_class_and_there_may_be_two(draft):
    bare = replace(draft, kind=OfferingKind.OPEN, title="Chess", module_id=None, class_id=None, cohort_id=None)
    create_offering(bare, System())
    create_offering(bare, System())
    assert count() == 2
