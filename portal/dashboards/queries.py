"""Reads that put several features on one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from portal.accounts.models import Facilitator, Student, User
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.catalogue.models import Mode, Module
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class CourseRow:
    """A course as its student sees it; names are empty while nobody teaches it."""

    id: int
    title: str | None
    code: str | None
    module_name: str | None
    mode: str
    start_date: date
    end_date: date
    status: OfferingStatus
    first_name: str | None
    last_name: str | None


_COURSES = (
    select(
        CourseOffering.id,
        CourseOffering.title,
        Module.code,
        Module.name,
        Mode.name,
        CourseOffering.start_date,
        CourseOffering.end_date,
        CourseOffering.status,
        User.first_name,
        User.last_name,
    )
    .join(Enrolment, Enrolment.offering_id == CourseOffering.id)
    .join(Student, Student.id == Enrolment.student_id)
    .join(Mode, Mode.id == CourseOffering.mode_id)
    .outerjoin(Module, Module.id == CourseOffering.module_id)
    .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
    .outerjoin(User, User.id == Facilitator.user_id)
    .order_by(CourseOffering.end_date.desc(), Module.code)
)


def list_courses_of(user_id: int) -> Sequence[CourseRow]:
    """The courses on which a student is enrolled, latest first. One statement."""
    shown = (EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED)
    rows = db.session.execute(_COURSES.where(Student.user_id == user_id, Enrolment.status.in_(shown)).limit(200))
    return [CourseRow(*row) for row in rows]
