"""Who is on a course, for its staff."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from portal.accounts.models import Student, User
from portal.accounts.names import full_name
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.enrolments.services import HOLDS_A_PLACE
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class RosterRow:
    """A student of a course, or one who waits for a place or has left."""

    enrolment_id: int
    student_id: int
    user_id: int
    first_name: str
    last_name: str
    student_number: str
    cohort_id: int | None
    is_active: bool
    status: EnrolmentStatus
    source: str
    queue_number: int | None
    created_at: datetime
    completed_at: datetime | None

    @property
    def name(self) -> str:
        """The student's whole name."""
        return full_name(self.first_name, self.last_name)

    @property
    def holds_a_place(self) -> bool:
        """Whether the student takes the course or took all of it."""
        return self.status in HOLDS_A_PLACE


_ROSTER = (
    select(
        Enrolment.id, Student.id, User.id, User.first_name, User.last_name, Student.student_number, Student.cohort_id,
        User.is_active, Enrolment.status, Enrolment.source, Enrolment.queue_number, Enrolment.created_at,
        Enrolment.completed_at,
    )
    .join(Student, Student.id == Enrolment.student_id)
    .join(User, User.id == Student.user_id)
    .order_by(User.name_folded, Enrolment.id)
)  # fmt: skip


def list_roster(offering_id: int, statuses: Collection[EnrolmentStatus] = tuple(EnrolmentStatus)) -> list[RosterRow]:
    """Everyone who is, waits to be, or was on a course, in the order of names. One statement."""
    wanted = _ROSTER.where(Enrolment.offering_id == offering_id, Enrolment.status.in_(statuses))
    rows: Iterable[Any] = db.session.execute(wanted)
    return [RosterRow(*row) for row in rows]


def students_meant_by(texts: Sequence[str]) -> dict[str, int]:
    """Students by what somebody typed for each, a student number or a mail address. One statement for each 500."""
    found: dict[str, int] = {}
    for start in range(0, len(texts), 500):
        part = {text.casefold(): text for text in texts[start : start + 500]}
        rows = db.session.execute(
            select(Student.id, func.lower(Student.student_number), User.email)
            .join(User, User.id == Student.user_id)
            .where(or_(func.lower(Student.student_number).in_(part), User.email.in_(part)), User.is_active)
        )
        for student_id, number, email in rows:
            found |= {part[key]: student_id for key in (number, email) if key in part}
    return found
