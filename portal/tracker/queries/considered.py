"""Every week with a deadline near a moment, owed or not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.catalogue.models import ClassGroup, Module
from portal.extensions import db
from portal.tracker.models import ActivityLog

_RUNNING = (OfferingStatus.PLANNED, OfferingStatus.ACTIVE)


@dataclass(frozen=True, slots=True)
class ConsideredLog:
    """A week, how it stands, and who would owe it."""

    log_id: int
    week: int
    due_at: datetime
    submitted_at: datetime | None
    excused_at: datetime | None
    course: str
    is_running: bool
    user_id: int
    full_name: str
    email: str
    is_active: bool


def list_considered(since: datetime, until: datetime) -> Sequence[ConsideredLog]:
    """The weeks with a deadline between two moments, and all earlier ones that nobody handed in. One statement."""
    is_open = ActivityLog.submitted_at.is_(None) & ActivityLog.excused_at.is_(None)
    name = func.coalesce(Module.code, CourseOffering.title, "")
    wanted = (
        select(
            ActivityLog.id, ActivityLog.week_number, ActivityLog.due_at, ActivityLog.submitted_at,
            ActivityLog.excused_at, name, ClassGroup.name, CourseOffering.status, User.id, User.first_name,
            User.last_name, User.email, User.is_active,
        )
        .select_from(ActivityLog)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .join(Facilitator, Facilitator.id == ActivityLog.facilitator_id)
        .join(User, User.id == Facilitator.user_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .where(ActivityLog.due_at <= until, (ActivityLog.due_at >= since) | is_open)
        .order_by(User.name_folded, User.id, ActivityLog.due_at, ActivityLog.id)
    )  # fmt: skip
    return [_considered(row) for row in db.session.execute(wanted)]


def _considered(row: Any) -> ConsideredLog:
    course = " ".join(filter(None, row[5:7]))
    person = f"{row[9]} {row[10]}".strip()
    return ConsideredLog(*(*row[:5], course, row[7] in _RUNNING, row[8], person, *row[11:]))
