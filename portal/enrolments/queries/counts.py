"""Whether the counts that courses keep are those of their rosters."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, or_, select

from portal.allocations.models import CourseOffering
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class Miscount:
    """A course whose counts are not those of its roster: what it keeps, and what there is."""

    offering_id: int
    enrolled_count: int
    enrolled: int
    waiting_count: int
    waiting: int


def find_miscounts() -> Sequence[Miscount]:
    """Every course whose counts do not agree with its roster. One statement, which reads all enrolments."""
    holds = Enrolment.status.in_((EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED))
    counted = (
        select(
            Enrolment.offering_id,
            func.sum(case((holds, 1), else_=0)).label("enrolled"),
            func.sum(case((Enrolment.status == EnrolmentStatus.WAITLISTED, 1), else_=0)).label("waiting"),
        )
        .group_by(Enrolment.offering_id)
        .subquery()
    )
    enrolled, waiting = func.coalesce(counted.c.enrolled, 0), func.coalesce(counted.c.waiting, 0)
    wanted = (
        select(CourseOffering.id, CourseOffering.enrolled_count, enrolled, CourseOffering.waiting_count, waiting)
        .outerjoin(counted, counted.c.offering_id == CourseOffering.id)
        .where(or_(CourseOffering.enrolled_count != enrolled, CourseOffering.waiting_count != waiting))
        .order_by(CourseOffering.id)
    )
    return [Miscount(row[0], *map(int, row[1:])) for row in db.session.execute(wanted)]
