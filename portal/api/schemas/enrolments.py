"""Enrolments: the roster of a course."""

from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt

from portal.api.schemas.common import Given, Moment, Paged, Taken
from portal.enrolments.models import EnrolmentStatus
from portal.enrolments.queries.programs import EnrolmentRow


class Name(Given):
    """Who a student is."""

    first_name: str
    last_name: str
    email: str


class StudentOnIt(Given):
    """The student of an enrolment."""

    id: int
    student_number: str
    user: Name


class EnrolmentShown(Given):
    """A student on a course. `position` is their place on the waiting list, 1 for who is next; null off it."""

    id: int
    course_offering_id: int
    student: StudentOnIt
    status: EnrolmentStatus
    source: str
    position: int | None
    created_at: Moment
    completed_at: Moment | None

    @classmethod
    def of(cls, row: EnrolmentRow) -> Self:
        """An enrolment with its student."""
        user = Name(first_name=row.first_name, last_name=row.last_name, email=row.email)
        return cls(
            id=row.id,
            course_offering_id=row.offering_id,
            student=StudentOnIt(id=row.student_id, student_number=row.student_number, user=user),
            status=row.status,
            source=row.source,
            position=row.position or None,
            created_at=row.created_at,
            completed_at=row.completed_at,
        )


class EnrolmentQuery(Paged):
    """Which enrolments are wanted, in which order."""

    status: EnrolmentStatus | None = None
    sort: Literal["id", "-id", "name", "-name", "created_at", "-created_at"] = "id"


class EnrolmentNew(Taken):
    """Who is to be enrolled; students leave it out and enrol themselves."""

    student_id: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)] | None = None
