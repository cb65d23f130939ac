"""Enrolments as other systems read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from portal.accounts.models import Student, User
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.enrolments.queries.own import POSITION
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """A student on a course; `position` is that on the waiting list, 0 off it."""

    id: int
    offering_id: int
    student_id: int
    student_number: str
    first_name: str
    last_name: str
    email: str
    status: EnrolmentStatus
    source: str
    position: int
    created_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True, slots=True)
class EnrolmentWish:
    """Which enrolments of a course are wanted; `user_id` means that person's own alone."""

    offering_id: int
    status: EnrolmentStatus | None = None
    user_id: int | None = None
    student_id: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What narrows the list."""
        pairs = ((Enrolment.status, self.status), (Student.user_id, self.user_id), (Student.id, self.student_id))
        narrow = [column == value for column, value in pairs if value is not None]
        return [Enrolment.offering_id == self.offering_id, *narrow]


_ROWS: Select[Any] = (
    select(
        Enrolment.id, Enrolment.offering_id, Student.id, Student.student_number, User.first_name, User.last_name,
        User.email, Enrolment.status, Enrolment.source, POSITION, Enrolment.created_at, Enrolment.completed_at,
    )
    .join(Student, Student.id == Enrolment.student_id)
    .join(User, User.id == Student.user_id)
)  # fmt: skip
_SORTS: dict[str, Any] = {"id": Enrolment.id, "name": User.name_folded, "created_at": Enrolment.created_at}


def list_enrolments(wanted: EnrolmentWish, sort: str = "id", offset: int = 0, limit: int = 100) -> list[EnrolmentRow]:
    """Enrolments in this order ("-" before it turns it round). One statement."""
    column = _SORTS[sort.removeprefix("-")]
    order: Sequence[Any] = [one.desc() if sort.startswith("-") else one for one in (column, Enrolment.id)]
    statement = _ROWS.where(*wanted.conditions()).order_by(*order).offset(offset).limit(limit)
    rows: Iterable[Any] = db.session.execute(statement)
    return [EnrolmentRow(*row) for row in rows]


def count_enrolments(wanted: EnrolmentWish) -> int:
    """How many there are. One statement."""
    counted = select(func.count()).select_from(Enrolment).join(Student, Student.id == Enrolment.student_id)
    return db.session.scalar(counted.where(*wanted.conditions())) or 0


def student_of_user(user_id: int) -> int | None:
    """The student that a person is; None when they study nothing here. One statement."""
    return db.session.scalar(select(Student.id).where(Student.user_id == user_id))
