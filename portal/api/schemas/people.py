"""Facilitators, students and notifications."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from portal.api.schemas.common import LEFT_OUT, Given, Id, Line, Moment, Paged, SentId, Taken

Department = Annotated[Line, StringConstraints(min_length=1, max_length=100)]
Specialization = Annotated[Line, StringConstraints(min_length=1, max_length=200)]
StudentStatus = Annotated[Line, StringConstraints(min_length=1, max_length=20)]
_SORTS = Literal["id", "-id", "name", "-name", "email", "-email"]


class UserOf(Given):
    """The account behind a profile."""

    id: int
    first_name: str
    last_name: str
    email: str
    is_active: bool


class FacilitatorShown(Given):
    """Someone who teaches. `fte` is the part of full time, `max_course_load` in courses at one time."""

    id: int
    employee_id: str
    department: str | None
    specialization: str | None
    fte: float
    max_course_load: int
    is_available: bool
    user: UserOf


class FacilitatorQuery(Paged):
    """Who teaches, in which order."""

    q: str = Field("", max_length=100)
    is_available: bool | None = None
    department: str = Field("", max_length=100)
    sort: _SORTS = "id"


class FacilitatorChange(Taken):
    """What is to be different; what is left out stays. Names and addresses are those of the account."""

    department: Department | None = None
    specialization: Specialization | None = None
    fte: Annotated[float, Field(ge=0, le=2, strict=True)] = LEFT_OUT
    max_course_load: Annotated[StrictInt, Field(ge=0, le=99)] = LEFT_OUT
    is_available: StrictBool = LEFT_OUT


class StudentShown(Given):
    """Someone who studies."""

    id: int
    student_number: str
    cohort_id: int | None
    status: str
    user: UserOf


class StudentQuery(Paged):
    """Who studies, in which order."""

    q: str = Field("", max_length=100)
    cohort_id: Id | None = None
    status: str = Field("", max_length=20)
    sort: _SORTS = "id"


class StudentChange(Taken):
    """What is to be different; what is left out stays."""

    cohort_id: SentId | None = None
    status: StudentStatus = LEFT_OUT


class NotificationQuery(Paged):
    """Which of one's own notifications are wanted."""

    is_read: bool | None = None
    sort: Literal["id", "-id"] = "-id"


class NotificationShown(Given):
    """A fact that a person was told: `text` says it in the language that was asked for, `path` is where to act."""

    id: int
    kind: str
    text: str
    details: list[str]
    path: str | None
    created_at: Moment
    read_at: Moment | None
