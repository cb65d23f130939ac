"""What a student reads of their own enrolments."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from portal.accounts.models import Student
from portal.accounts.queries.personal_data import list_of
from portal.allocations.models import CourseOffering
from portal.allocations.queries.personal import COURSE
from portal.catalogue.models import Module
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class OwnEnrolment:
    """A student's own enrolment; `position` is 1 for who is next on the waiting list, 0 off it."""

    id: int
    offering_id: int
    student_id: int
    status: EnrolmentStatus
    completed_at: datetime | None
    position: int = 0

    @property
    def holds_a_place(self) -> bool:
        """Whether the student takes the course, or took all of it."""
        return self.status in (EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED)

    @property
    def waits(self) -> bool:
        """Whether the student is on the waiting list."""
        return self.status is EnrolmentStatus.WAITLISTED


_ahead = aliased(Enrolment)
# The place on the waiting list of the enrolment that a statement selects: 1 for who is next, 0 off it.
POSITION = (
    select(func.count())
    .where(
        _ahead.offering_id == Enrolment.offering_id,
        _ahead.status == EnrolmentStatus.WAITLISTED,
        _ahead.queue_number <= Enrolment.queue_number,
    )
    .correlate(Enrolment)
    .scalar_subquery()
)
OWN_COLUMNS = (
    Enrolment.id, Enrolment.offering_id, Enrolment.student_id, Enrolment.status, Enrolment.completed_at, POSITION,
)  # fmt: skip
_OWN = select(*OWN_COLUMNS).join(Student, Student.id == Enrolment.student_id)


def find_own_enrolment(user_id: int, offering_id: int) -> OwnEnrolment | None:
    """A person's enrolment on a course, withdrawn ones too; None when they never were on it. One statement."""
    wanted = _OWN.where(Student.user_id == user_id, Enrolment.offering_id == offering_id)
    row = db.session.execute(wanted).one_or_none()
    return OwnEnrolment(*row) if row else None


def list_own_enrolments(user_id: int) -> list[dict[str, Any]]:
    """The courses on which a person is enrolled, for the document that they may take with them. One statement."""
    wanted = (
        select(*COURSE, Enrolment.status, Enrolment.source, Enrolment.created_at, Enrolment.completed_at)
        .join(Enrolment, Enrolment.offering_id == CourseOffering.id)
        .join(Student, Student.id == Enrolment.student_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
    )
    return list_of(wanted.where(Student.user_id == user_id).order_by(Enrolment.id))


def standing_of(user_id: int, offering_ids: Collection[int]) -> dict[int, EnrolmentStatus]:
    """How a person stands on each of these courses; those that they never were on are left out. One statement."""
    wanted = select(Enrolment.offering_id, Enrolment.status).join(Student, Student.id == Enrolment.student_id)
    wanted = wanted.where(Student.user_id == user_id, Enrolment.offering_id.in_(sorted(offering_ids)))
    return dict(db.session.execute(wanted).all())
