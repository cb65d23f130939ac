"""Making course offerings."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.allocations.models import MAX_STUDENTS, CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.audit.services import Actor, record
from portal.catalogue.models import ClassGroup, Cohort, Mode, Module
from portal.errors import Conflict, DomainError, lazy
from portal.extensions import db

_UNIQUE = ("module_id", "class_id", "cohort_id", "mode_id", "academic_year", "trimester", "intake_period")
_REFERENCES: dict[str, Any] = {"module_id": Module, "class_id": ClassGroup, "cohort_id": Cohort, "mode_id": Mode}


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
    offering = CourseOffering(**asdict(draft))
    try:
        with db.session.begin_nested():
            db.session.add(offering)
    except IntegrityError as error:
        raise _explained(draft) from error
    record(by, "create", CourseOffering.__tablename__, offering.id, **_as_created(draft))
    return offering


def check_draft(draft: OfferingDraft) -> None:
    """Raise DomainError when a draft breaks a rule that needs no look at the database."""
    if draft.end_date <= draft.start_date:
        raise DomainError(lazy("The last day must come after the first day."), "end_date")
    if not 1 <= draft.max_students <= MAX_STUDENTS:
        raise DomainError(lazy("Places must be between 1 and %(most)s.", most=MAX_STUDENTS), "max_students")
    if not 1 <= draft.trimester <= 3:
        raise DomainError(lazy("The trimester must be 1, 2 or 3."), "trimester")
    if draft.kind is OfferingKind.COHORT:
        for field in ("module_id", "class_id", "cohort_id"):
            if getattr(draft, field) is None:
                raise DomainError(lazy("A course for a cohort needs a module, a class and a cohort."), field)


def _as_created(draft: OfferingDraft) -> dict[str, tuple[Any, Any]]:
    return {name: (None, value) for name, value in asdict(draft).items() if value is not None}


def _explained(draft: OfferingDraft) -> DomainError:
    """Why the database refused a draft."""
    for field, model in _REFERENCES.items():
        key = getattr(draft, field)
        if key is not None and db.session.get(model, key) is None:
            return DomainError(lazy("There is no such entry. Choose one from the list."), field)
    same = [getattr(CourseOffering, name) == getattr(draft, name) for name in _UNIQUE]
    existing = db.session.scalar(select(CourseOffering.id).where(*same))
    return Conflict(
        lazy("This course exists already: same module, class, cohort, mode, trimester and intake."),
        "module_id",
        {"offering_id": existing},
    )
