"""Weeks that stay missing: of which managers are to be told, who they are, and what of it still holds."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from portal.accounts.models import Facilitator, Manager, ManagerDepartment, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import ClassGroup, Module
from portal.extensions import db
from portal.roles import Role
from portal.scoping import is_by_department
from portal.tracker.models import ActivityLog, LogAlert

_RUNNING = (OfferingStatus.PLANNED, OfferingStatus.ACTIVE)


@dataclass(frozen=True, slots=True)
class MissingLog:
    """A week that stays missing, with the department of its course, if it has one."""

    log_id: int
    offering_id: int
    deadline_version: int
    week: int
    department_id: int | None
    code: str | None
    course: str
    class_name: str | None
    facilitator_id: int


@dataclass(frozen=True, slots=True)
class MissingCourse:
    """Weeks of one course that are missing still, and who owes them."""

    code: str | None
    course: str
    class_name: str | None
    facilitator: str
    weeks: tuple[int, ...]


def _missing(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(ActivityLog)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .join(Facilitator, Facilitator.id == ActivityLog.facilitator_id)
        .join(User, User.id == Facilitator.user_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .where(
            ActivityLog.submitted_at.is_(None),
            ActivityLog.excused_at.is_(None),
            CourseOffering.status.in_(_RUNNING),
        )
    )


def list_to_alert(stages: Collection[str], now: datetime, cutoff: datetime) -> Sequence[MissingLog]:
    """Missing weeks that a stage has begun for, and that were told at none of `stages`: this one and any later.

    By course and week. One statement.
    """
    told = and_(
        LogAlert.tracker_id == ActivityLog.id,
        LogAlert.stage.in_(stages),
        LogAlert.deadline_version == ActivityLog.deadline_version,
    )
    wanted = _missing(
        ActivityLog.id,
        ActivityLog.allocation_id,
        ActivityLog.deadline_version,
        ActivityLog.week_number,
        Module.department_id,
        Module.code,
        COURSE_NAME,
        ClassGroup.name,
        ActivityLog.facilitator_id,
    )
    wanted = wanted.outerjoin(LogAlert, told).where(LogAlert.id.is_(None), ActivityLog.due_at < min(now, cutoff))
    rows = db.session.execute(wanted.order_by(ActivityLog.allocation_id, ActivityLog.week_number))
    return [MissingLog(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Responsible:
    """Managers whose account is open, by user id: all, those who see every course, and who answers by department."""

    everybody: Sequence[int]
    unbound: Sequence[int]
    answering: Mapping[int, Sequence[int]]

    def of(self, department_id: int | None) -> Sequence[int]:
        """Who is told of a course of this department, or of none.

        What nobody answers for is everybody's; where managers see only what they answer for, the others'.
        """
        if department_id is not None and department_id in self.answering:
            return self.answering[department_id]
        return self.unbound if department_id is not None and is_by_department() else self.everybody


def list_responsible() -> Responsible:
    """Who is told of what. One statement."""
    wanted = (
        select(User.id, Manager.is_head, ManagerDepartment.department_id)
        .join(Manager, Manager.user_id == User.id)
        .outerjoin(ManagerDepartment, ManagerDepartment.manager_id == Manager.id)
        .where(User.is_active, User.role == Role.MANAGER)
        .order_by(User.id)
    )
    everybody: dict[int, bool] = {}
    answering: dict[int, list[int]] = {}
    for user_id, is_head, department_id in db.session.execute(wanted):
        everybody[user_id] = is_head or department_id is None
        if department_id is not None:
            answering.setdefault(department_id, []).append(user_id)
    return Responsible(list(everybody), [one for one, is_unbound in everybody.items() if is_unbound], answering)


def list_heads() -> Sequence[int]:
    """The heads of the office whose account is open, by user id. One statement."""
    wanted = select(User.id).join(Manager, Manager.user_id == User.id)
    return db.session.scalars(wanted.where(User.is_active, Manager.is_head).order_by(User.id)).all()


def list_still_missing(
    alerts: Collection[tuple[str, datetime]], departments: Collection[int] | None, most: int
) -> tuple[Sequence[MissingCourse], int]:
    """Of what was told at these stages and moments, what is missing still: the first courses, and how many weeks.

    `departments` are those whose courses count, None for all; 0 stands for courses that have none. One statement.
    """
    same = and_(LogAlert.tracker_id == ActivityLog.id, LogAlert.deadline_version == ActivityLog.deadline_version)
    told = [and_(LogAlert.stage == stage, LogAlert.created_at == moment) for stage, moment in alerts]
    wanted = _missing(
        ActivityLog.allocation_id,
        ActivityLog.week_number,
        Module.code,
        COURSE_NAME,
        ClassGroup.name,
        User.first_name,
        User.last_name,
    ).join(LogAlert, same)
    if departments is not None:
        wanted = wanted.where(func.coalesce(Module.department_id, 0).in_(sorted(departments)))
    rows = db.session.execute(wanted.where(or_(*told)).distinct().order_by(Module.code, ActivityLog.allocation_id,
                                                                           ActivityLog.week_number)).all()  # fmt: skip
    courses: dict[int, list[Any]] = {}
    for row in rows:
        courses.setdefault(row.allocation_id, []).append(row)
    return [_course(found) for found in list(courses.values())[:most]], len(rows)


def _course(rows: Sequence[Any]) -> MissingCourse:
    first = rows[0]
    weeks = tuple(sorted({row.week_number for row in rows}))
    names = dict.fromkeys(full_name(row.first_name, row.last_name) for row in rows)
    return MissingCourse(first[2], first[3], first[4], ", ".join(names), weeks)
