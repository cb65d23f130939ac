"""Changing what one course is: its module, class, cohort, mode, term, dates, places and words."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.allocations.models import CourseOffering
from portal.allocations.queries.listing import RUNNING
from portal.allocations.services.offerings import REFERENCES, OfferingDraft, check_draft, check_references, explained
from portal.allocations.services.signals import offerings_changed, places_changed
from portal.allocations.services.telling import Before, tell_changed
from portal.audit.services import Actor, record
from portal.catalogue.services.holding import hold_entries
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db

# What someone may change of a course, besides its facilitator and its status.
FIELDS = (
    "module_id", "class_id", "cohort_id", "mode_id", "academic_year", "trimester", "intake_period", "start_date",
    "end_date", "max_students", "title", "summary",
)  # fmt: skip
# Of a course that is completed or cancelled only its words may change.
_WORDS = frozenset({"title", "summary"})
# What weekly logs depend on.
_TIMES = frozenset({"mode_id", "start_date", "end_date"})
Changes = dict[str, tuple[Any, Any]]


def edit_offering(offering_id: int, values: Mapping[str, Any], expected_version: int, by: Actor) -> Mapping[str, Any]:
    """Give fields of a course other values; what changed, as (before, after) by field, empty when it stood so already.

    Raises NotFound; Conflict on "version" when somebody changed the course since `expected_version`; DomainError on
    the field that breaks a rule; Conflict for a course that exists already, as `create_offering` does.
    """
    _hold_entries(offering_id, values)
    present = db.session.get(CourseOffering, offering_id, populate_existing=True, with_for_update=True)
    if present is None:
        raise NotFound(lazy("There is no such course."))
    if present.version != expected_version:
        message = lazy("Somebody else changed this course meanwhile. Look at it again.")
        raise Conflict(message, "version", {"version": present.version})
    now = draft_of(present)
    merged = replace(now, **values)
    pairs = {name: (getattr(now, name), getattr(merged, name)) for name in FIELDS}
    changed = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if changed:
        _check(present, merged, changed)
        _write(present, merged, changed, by)
    return changed


def _hold_entries(offering_id: int, values: Mapping[str, Any]) -> None:
    """The entries of the catalogue that a course comes to name are held before the course."""
    stands = select(*(getattr(CourseOffering, name) for name in REFERENCES)).where(CourseOffering.id == offering_id)
    now: Mapping[Any, Any] = db.session.execute(stands).mappings().one_or_none() or {}
    for name, model in REFERENCES.items():
        wanted = values.get(name)
        if wanted is not None and wanted != now.get(name):
            hold_entries(model, [wanted])


def draft_of(offering: CourseOffering) -> OfferingDraft:
    """A course as a draft that would make it."""
    values = {name: getattr(offering, name) for name in FIELDS}
    return OfferingDraft(**values, status=offering.status, kind=offering.kind)


def _check(present: CourseOffering, merged: OfferingDraft, changed: Changes) -> None:
    beyond_words = [name for name in FIELDS if name in changed and name not in _WORDS]
    if present.status not in RUNNING and beyond_words:
        message = lazy("This course is completed or cancelled: only its title and summary can be changed.")
        raise DomainError(message, beyond_words[0])
    check_draft(merged)
    check_references(merged, changed.keys())
    if merged.max_students < present.enrolled_count:
        message = lazy("%(count)s students are on this course already.", count=present.enrolled_count)
        raise DomainError(message, "max_students")


def _write(present: CourseOffering, merged: OfferingDraft, changed: Changes, by: Actor) -> None:
    since = _allocated_on(present, merged.start_date)
    written = changed if since == present.allocated_on else changed | {"allocated_on": (present.allocated_on, since)}
    offering_id = present.id
    before = Before(offering_id, present.version + 1, present.start_date, present.end_date, present.status)
    try:
        with db.session.begin_nested():
            for name, (_before, after) in written.items():
                setattr(present, name, after)
            present.version += 1
    except IntegrityError as error:
        raise explained(merged) from error
    record(by, "update", CourseOffering.__tablename__, offering_id, **written)
    if changed.keys() & _TIMES:
        offerings_changed.send(None, offering_ids=[offering_id])
    elif "max_students" in changed:
        places_changed.send(None, offering_ids=[offering_id])
    if changed.keys() & {"start_date", "end_date"}:
        tell_changed([before], by)


def _allocated_on(present: CourseOffering, start: date) -> date | None:
    """Who taught from the first day does so from the new first day too."""
    since = present.allocated_on
    return start if since is not None and since <= present.start_date else since
