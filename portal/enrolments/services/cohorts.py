"""Enrolling a cohort on a course that is for it."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, exists, select
from sqlalchemy.orm import aliased

from portal.accounts.models import Student, User
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.audit.services import Actor
from portal.bulk import in_chunks
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.enrolments.services.bulk import HOLDS_A_PLACE
from portal.enrolments.services.joining import Joined, Source, enrol_students, withdraw_students
from portal.extensions import db

_SISTER = aliased(CourseOffering)


def enrol_cohort(offering_id: int, by: Actor) -> Joined:
    """Enrol the students of a course's cohort by name; for whom there is no place waits.

    Whoever takes the same module in another class of the term is left there; who only waits there and gets a place
    here waits no longer. Raises NotFound, and Conflict for a course that takes nobody.
    """
    joined = enrol_students(offering_id, db.session.scalars(missing_from(offering_id)).all(), Source.COHORT, by)
    _stop_waiting(offering_id, joined.enrolled, by)
    return joined


def missing_from(offering_id: int) -> Select[int]:
    """The students of a course's cohort who are not on it and take its module nowhere else, by name."""
    on_it = exists().where(
        Enrolment.student_id == Student.id,
        Enrolment.offering_id == offering_id,
    )
    elsewhere = exists().where(
        Enrolment.student_id == Student.id,
        Enrolment.status.in_(HOLDS_A_PLACE),
        Enrolment.offering_id == _SISTER.id,
        *_is_sister(),
    )
    return (
        select(Student.id)
        .join(CourseOffering, CourseOffering.cohort_id == Student.cohort_id)
        .join(User, User.id == Student.user_id)
        .where(CourseOffering.id == offering_id, User.is_active, Student.status == "active", ~on_it, ~elsewhere)
        .order_by(User.name_folded, Student.id)
    )


def _is_sister() -> Sequence[ColumnElement[bool]]:
    """Another class of the same module in the same term."""
    same = (getattr(_SISTER, name) == getattr(CourseOffering, name) for name in ("module_id", "academic_year"))
    return (
        *same,
        _SISTER.trimester == CourseOffering.trimester,
        _SISTER.id != CourseOffering.id,
        _SISTER.status != OfferingStatus.CANCELLED,
    )


def _stop_waiting(offering_id: int, student_ids: Sequence[int], by: Actor) -> None:
    waiting: dict[int, list[int]] = {}
    for part in in_chunks(student_ids):
        rows = db.session.execute(
            select(Enrolment.offering_id, Enrolment.student_id)
            .join(_SISTER, _SISTER.id == Enrolment.offering_id)
            .join(CourseOffering, CourseOffering.id == offering_id)
            .where(Enrolment.status == EnrolmentStatus.WAITLISTED, Enrolment.student_id.in_(part), *_is_sister())
        )
        for sister_id, student_id in rows:
            waiting.setdefault(sister_id, []).append(student_id)
    for sister_id in sorted(waiting):
        withdraw_students(sister_id, waiting[sister_id], by)
