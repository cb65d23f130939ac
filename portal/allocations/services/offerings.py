"""Making course offerings, and the rules that every one keeps."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.allocations.models import MAX_STUDENTS, CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.allocations.queries.sorting import RUNNING
from portal.allocations.services.signals import offering_planned
from portal.audit.services import Actor, record
from portal.catalogue.models import ClassGroup, Cohort, Mode, Module
from portal.catalogue.queries.scopes import is_elsewhere
from portal.errors import Conflict, DomainError, lazy
from portal.extensions import db

UNIQUE = ("module_id", "class_id", "cohort_id", "mode_id", "academic_year", "trimester", "intake_period")
REFERENCES: dict[str, Any] = {"module_id": Module, "class_id": ClassGroup, "cohort_id": Cohort, "mode_id": Mode}
# A slip in a year must not plan weekly logs for a century.
_LONGEST_COURSE = timedelta(days=3 * 366)
_YEARS = range(1950, 2151)
MAX_TITLE, MAX_SUMMARY = 200, 20_000


@dataclass(frozen=True, slots=True)
class OfferingDraft:
    """A course offering as someone wants it; made by a form, a JSON body or an import row."""

    module_id: int | None
    class_id: int | None
    cohort_id: int | None
    mode_id: int
    academic_year: int
    trimester: int  # 1 to 3
    start_date: date
    end_date: date  # after start_date
    intake_period: IntakePeriod = IntakePeriod.FT
    max_students: int = 30  # 1 to MAX_STUDENTS
    status: OfferingStatus = OfferingStatus.PLANNED
    kind: OfferingKind = OfferingKind.COHORT  # which needs module, class and cohort
    title: str | None = None
    summary: str | None = None


def create_offering(draft: OfferingDraft, by: Actor) -> CourseOffering:
    """A new course offering without a facilitator.

    Raises DomainError with the field at fault, and Conflict when the same module, class, cohort, mode, year,
    trimester and intake exist already; its facts hold that offering's id as `offering_id`.
    """
    check_draft(draft)
    check_references(draft, REFERENCES)
    offering = CourseOffering(**asdict(draft))
    try:
        with db.session.begin_nested():
            db.session.add(offering)
    except IntegrityError as error:
        raise explained(draft) from error
    record(by, "create", CourseOffering.__tablename__, offering.id, **_as_created(draft))
    if offering.kind is OfferingKind.COHORT and offering.status in RUNNING:
        offering_planned.send(None, offering_id=offering.id, by=by)
    return offering


def status_by_dates(start: date, end: date, today: date) -> OfferingStatus:
    """How a course stands by its dates alone."""
    if today < start:
        return OfferingStatus.PLANNED
    return OfferingStatus.ACTIVE if today <= end else OfferingStatus.COMPLETED


def check_draft(draft: OfferingDraft) -> None:
    """Raise DomainError when a draft breaks a rule that needs no look at the database."""
    _check_dates(draft)
    if not 1 <= draft.max_students <= MAX_STUDENTS:
        raise DomainError(lazy("Places must be between 1 and %(most)s.", most=MAX_STUDENTS), "max_students")
    if not 1 <= draft.trimester <= 3:
        raise DomainError(lazy("The trimester must be 1, 2 or 3."), "trimester")
    if draft.academic_year not in _YEARS:
        raise DomainError(lazy("This is not an academic year."), "academic_year")
    for field, most in (("title", MAX_TITLE), ("summary", MAX_SUMMARY)):
        if len(getattr(draft, field) or "") > most:
            raise DomainError(lazy("This takes at most %(most)s characters.", most=most), field)
    if draft.kind is OfferingKind.COHORT:
        for field in ("module_id", "class_id", "cohort_id"):
            if getattr(draft, field) is None:
                raise DomainError(lazy("A course for a cohort needs a module, a class and a cohort."), field)


def _check_dates(draft: OfferingDraft) -> None:
    if draft.end_date <= draft.start_date:
        raise DomainError(lazy("The last day must come after the first day."), "end_date")
    if draft.end_date - draft.start_date > _LONGEST_COURSE:
        raise DomainError(lazy("A course lasts at most three years."), "end_date")
    if draft.start_date.year not in _YEARS:
        raise DomainError(lazy("This day is too far away."), "start_date")


def check_references(draft: OfferingDraft, fields: Collection[str]) -> None:
    """Raise DomainError on the first of these fields that names nothing in use, or what the scope does not hold.

    One statement for each, which holds the entry: whoever retires it at this moment waits until the course names it.
    """
    for field, model in REFERENCES.items():
        key = getattr(draft, field)
        if field not in fields or key is None:
            continue
        in_use = db.session.scalar(select(model.is_active).where(model.id == key).with_for_update(read=True))
        if in_use is None:
            raise DomainError(lazy("There is no such entry. Choose one from the list."), field)
        if not in_use:
            raise DomainError(lazy("This was retired. Choose another one."), field)
        if model is Module and is_elsewhere(key):
            raise DomainError(lazy("This module belongs to a department that you do not answer for."), field)


def _as_created(draft: OfferingDraft) -> dict[str, tuple[Any, Any]]:
    return {name: (None, value) for name, value in asdict(draft).items() if value is not None}


def explained(draft: OfferingDraft) -> DomainError:
    """Why the database refused a draft."""
    for field, model in REFERENCES.items():
        key = getattr(draft, field)
        if key is not None and db.session.get(model, key) is None:
            return DomainError(lazy("There is no such entry. Choose one from the list."), field)
    same = [getattr(CourseOffering, name) == getattr(draft, name) for name in UNIQUE]
    existing = db.session.scalar(select(CourseOffering.id).where(*same))
    return Conflict(
        lazy("This course exists already: same module, class, cohort, mode, trimester and intake."),
        "module_id",
        {"offering_id": existing},
    )
