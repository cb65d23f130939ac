"""Reads of rosters."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import aliased

from portal.accounts.models import Student, User
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries.listing import RUNNING
from portal.bulk import in_chunks
from portal.catalogue.models import Module
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db

SISTER = aliased(CourseOffering)


def find_on_rosters(user_ids: Sequence[int]) -> set[int]:
    """Which of these people are, or were, on a course. One statement."""
    on_one = select(Student.user_id).join(Enrolment, Enrolment.student_id == Student.id)
    return set(db.session.scalars(on_one.where(Student.user_id.in_(user_ids)).distinct()))


def find_with_students(offering_ids: Sequence[int]) -> set[int]:
    """Which of these courses have, or had, students. One statement for each 500."""
    found: set[int] = set()
    for part in in_chunks(offering_ids):
        of_these = select(Enrolment.offering_id).where(Enrolment.offering_id.in_(part))
        found |= set(db.session.scalars(of_these.distinct()))
    return found


@dataclass(frozen=True, slots=True)
class Concerned:
    """Somebody who is on a course or waits for it, and what it is called."""

    offering_id: int
    user_id: int
    course: str
    code: str | None


def list_concerned(offering_ids: Sequence[int]) -> Sequence[Concerned]:
    """Who is on these courses or waits for them, with an open account. One statement for each 500 courses."""
    wanted = (
        select(
            Enrolment.offering_id, User.id, func.coalesce(func.nullif(CourseOffering.title, ""), Module.name, ""),
            Module.code,
        )
        .join(CourseOffering, CourseOffering.id == Enrolment.offering_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .join(Student, Student.id == Enrolment.student_id)
        .join(User, User.id == Student.user_id)
        .where(User.is_active, Enrolment.status.in_((EnrolmentStatus.ACTIVE, EnrolmentStatus.WAITLISTED)))
        .order_by(Enrolment.offering_id, User.id)
    )  # fmt: skip
    found: list[Concerned] = []
    for part in in_chunks(sorted(offering_ids)):
        found += [Concerned(*row) for row in db.session.execute(wanted.where(Enrolment.offering_id.in_(part)))]
    return found


def find_cancelled(offering_ids: Collection[int]) -> set[int]:
    """Which of these courses are cancelled. One statement."""
    cancelled = CourseOffering.status == OfferingStatus.CANCELLED
    wanted = select(CourseOffering.id).where(CourseOffering.id.in_(sorted(offering_ids)), cancelled)
    return set(db.session.scalars(wanted))


def list_running_in(year: int, trimester: int) -> Sequence[int]:
    """The planned and running courses for cohorts of a term. One statement."""
    wanted = select(CourseOffering.id).where(
        CourseOffering.academic_year == year,
        CourseOffering.trimester == trimester,
        CourseOffering.status.in_(RUNNING),
        CourseOffering.cohort_id.is_not(None),
        CourseOffering.archived_at.is_(None),
    )
    return db.session.scalars(wanted.order_by(CourseOffering.id)).all()


def missing_from(offering_id: int) -> Select[int]:
    """The students of a course's cohort who were never on it and take its module nowhere else, by name."""
    on_it = exists().where(Enrolment.student_id == Student.id, Enrolment.offering_id == offering_id)
    elsewhere = exists().where(
        Enrolment.student_id == Student.id,
        Enrolment.status.in_((EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED)),
        Enrolment.offering_id == SISTER.id,
        *is_sister(),
    )
    return (
        select(Student.id)
        .join(CourseOffering, CourseOffering.cohort_id == Student.cohort_id)
        .join(User, User.id == Student.user_id)
        .where(CourseOffering.id == offering_id, User.is_active, Student.status == "active", ~on_it, ~elsewhere)
        .order_by(User.name_folded, Student.id)
    )


def count_missing_of_cohort(offering_id: int) -> int:
    """How many of a course's cohort could still be enrolled on it. One statement."""
    missing = missing_from(offering_id).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(missing)) or 0


def is_sister() -> Sequence[ColumnElement[bool]]:
    """Whether `SISTER` is another class of the same module in the same term as `course_offerings`."""
    same = ("module_id", "academic_year", "trimester")
    return (
        *(getattr(SISTER, name) == getattr(CourseOffering, name) for name in same),
        SISTER.id != CourseOffering.id,
        SISTER.status != OfferingStatus.CANCELLED,
    )
