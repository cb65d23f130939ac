"""Reads of rosters."""

from collections.abc import Sequence

from sqlalchemy import select

from portal.accounts.models import Student
from portal.allocations.models import CourseOffering
from portal.allocations.queries.listing import RUNNING
from portal.bulk import in_chunks
from portal.enrolments.models import Enrolment
from portal.extensions import db


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
