"""Bulk changes for tests: seen, then done."""

from datetime import date
from typing import Any

from portal.allocations.models import CourseOffering
from portal.allocations.queries import OfferingFilter
from portal.allocations.queries.selections import Selection
from portal.allocations.services.bulk_changes import change_courses, preview_change
from portal.allocations.services.bulk_rules import BulkChange, Deed
from portal.extensions import db
from portal.jobs.works import Owner
from tests.support.people import Person

TODAY = date(2026, 10, 14)
WEEK = BulkChange(Deed.SHIFT, days=7)


def chosen(*offerings: Any) -> Selection:
    """These courses, ticked."""
    return Selection(OfferingFilter(), tuple(one.id for one in offerings))


def do(selection: Selection, change: BulkChange, by: Person) -> int:
    """Look at a change, then do it; the id of its batch."""
    seen = preview_change(selection, change, TODAY).seen
    return change_courses(selection, change, seen, Owner(by.user_id, None), TODAY)


def now(offering: Any) -> CourseOffering:
    """A course as the database has it."""
    db.session.expire_all()
    found = db.session.get(CourseOffering, offering.id)
    assert found is not None
    return found
