"""Facilitators, students and notifications as programs read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from portal.accounts.models import Facilitator, Student, User
from portal.allocations.queries.filters import holds, holds_any_case, words_of
from portal.extensions import db
from portal.notifications.kinds import unlisted_kinds
from portal.notifications.models import Notification
from portal.roles import Role


@dataclass(frozen=True, slots=True)
class PersonOf:
    """The account behind a profile."""

    id: int
    first_name: str
    last_name: str
    email: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class FacilitatorRow:
    """Someone who teaches."""

    id: int
    employee_id: str
    department: str | None
    specialization: str | None
    fte: Decimal
    max_course_load: int
    is_available: bool
    user: PersonOf


@dataclass(frozen=True, slots=True)
class StudentRow:
    """Someone who studies."""

    id: int
    student_number: str
    cohort_id: int | None
    status: str
    user: PersonOf


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """One fact that a person was told."""

    id: int
    kind: str
    params: Any
    created_at: datetime
    read_at: datetime | None


_USER = (User.id, User.first_name, User.last_name, User.email, User.is_active)
_FACILITATORS = (
    select(Facilitator.id, Facilitator.employee_id, Facilitator.department, Facilitator.specialization,
           Facilitator.fte, Facilitator.max_course_load, Facilitator.is_available, *_USER)
    .join(User, User.id == Facilitator.user_id)
    .where(User.anonymised_at.is_(None), User.role != Role.STUDENT)
)  # fmt: skip
_STUDENTS = (
    select(Student.id, Student.student_number, Student.cohort_id, Student.status, *_USER)
    .join(User, User.id == Student.user_id)
    .where(User.anonymised_at.is_(None))
)
_NAMES: dict[str, Any] = {"id": None, "name": User.name_folded, "email": User.email}


def list_facilitators(
    q: str, is_available: bool | None, department: str, *, sort: str, offset: int, limit: int
) -> tuple[list[FacilitatorRow], int]:
    """A page of who teaches, and how many there are. Two statements at any size."""
    where = _mentions(q, Facilitator.employee_id)
    if is_available is not None:
        where.append(Facilitator.is_available == is_available)
    if department:
        where.append(Facilitator.department == department)
    rows, total = _page(_FACILITATORS.where(*where), Facilitator.id, sort, offset, limit)
    return [_facilitator(row) for row in rows], total


def find_facilitator(facilitator_id: int) -> FacilitatorRow | None:
    """One who teaches. One statement."""
    row = db.session.execute(_FACILITATORS.where(Facilitator.id == facilitator_id)).one_or_none()
    return _facilitator(row) if row else None


def list_students(
    q: str, cohort_id: int | None, status: str, *, sort: str, offset: int, limit: int
) -> tuple[list[StudentRow], int]:
    """A page of who studies, and how many there are. Two statements at any size."""
    where = _mentions(q, Student.student_number)
    if cohort_id is not None:
        where.append(Student.cohort_id == cohort_id)
    if status:
        where.append(Student.status == status)
    rows, total = _page(_STUDENTS.where(*where), Student.id, sort, offset, limit)
    return [_student(row) for row in rows], total


def find_student(student_id: int) -> StudentRow | None:
    """One who studies. One statement."""
    row = db.session.execute(_STUDENTS.where(Student.id == student_id)).one_or_none()
    return _student(row) if row else None


def list_notifications(
    user_id: int, is_read: bool | None, *, descending: bool, offset: int, limit: int
) -> tuple[list[NotificationRow], int]:
    """A page of what a person was told, and how much that is. Two statements at any size."""
    own = select(Notification.id, Notification.kind, Notification.params, Notification.created_at,
                 Notification.read_at).where(*_own(user_id))  # fmt: skip
    if is_read is not None:
        own = own.where(Notification.read_at.is_not(None) if is_read else Notification.read_at.is_(None))
    rows, total = _page(own, Notification.id, "-id" if descending else "id", offset, limit)
    return [NotificationRow(*row) for row in rows], total


def find_notification(user_id: int, notification_id: int) -> NotificationRow | None:
    """One thing that a person was told. One statement."""
    own = select(Notification.id, Notification.kind, Notification.params, Notification.created_at, Notification.read_at)
    row = db.session.execute(own.where(*_own(user_id), Notification.id == notification_id)).one_or_none()
    return NotificationRow(*row) if row else None


def _own(user_id: int) -> Sequence[ColumnElement[bool]]:
    return (Notification.recipient_id == user_id, Notification.kind.not_in(unlisted_kinds()))


def _page(found: Select[*tuple[Any, ...]], key: Any, sort: str, offset: int, limit: int) -> tuple[Sequence[Any], int]:
    column = _NAMES[sort.removeprefix("-")]
    column = key if column is None else column
    order = column.desc() if sort.startswith("-") else column.asc()
    rows = db.session.execute(found.order_by(order, key).offset(offset).limit(limit)).all()
    total = db.session.scalar(found.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    return rows, total


def _mentions(q: str, number: Any) -> list[ColumnElement[bool]]:
    return [
        or_(holds(User.name_folded, word), holds_any_case(User.email, word), holds_any_case(number, word))
        for word in words_of(q)
    ]


def _facilitator(row: Any) -> FacilitatorRow:
    number, department, subject, fte, most, is_available = row[1:7]
    return FacilitatorRow(row[0], number, department, subject, fte, most, is_available, PersonOf(*row[7:]))


def _student(row: Any) -> StudentRow:
    row_id, number, cohort_id, status = row[:4]
    return StudentRow(row_id, number, cohort_id, status, PersonOf(*row[4:]))
