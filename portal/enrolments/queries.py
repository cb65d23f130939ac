"""Reads of rosters."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from portal.accounts.models import Student
from portal.accounts.queries.personal_data import list_of
from portal.allocations.models import CourseOffering
from portal.allocations.queries.personal import COURSE
from portal.bulk import in_chunks
from portal.catalogue.models import Module
from portal.enrolments.models import Enrolment
from portal.extensions import db


def list_own_enrolments(user_id: int) -> list[dict[str, Any]]:
    """The courses on which a person is enrolled, for the document that they may take with them. One statement."""
    wanted = (
        select(*COURSE, Enrolment.status, Enrolment.source, Enrolment.created_at)
        .join(Enrolment, Enrolment.offering_id == CourseOffering.id)
        .join(Student, Student.id == Enrolment.student_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
    )
    return list_of(wanted.where(Student.user_id == user_id).order_by(Enrolment.id))


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
