"""Wishes to change a submitted week that nobody answered yet."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import ClassGroup, Module
from portal.extensions import db
from portal.tracker.models import ActivityLog


@dataclass(frozen=True, slots=True)
class Wish:
    """Who asks for which week, and why."""

    log_id: int
    code: str | None
    course: str
    class_name: str | None
    week: int
    person: str
    reason: str


def list_wishes(log_ids: Collection[int]) -> list[Wish]:
    """Those of these weeks that somebody still asks for, the oldest wish first. One statement."""
    wanted = (
        select(
            ActivityLog.id, Module.code, COURSE_NAME, ClassGroup.name,
            ActivityLog.week_number, User.first_name, User.last_name, ActivityLog.reopen_reason,
        )
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .join(Facilitator, Facilitator.id == ActivityLog.facilitator_id)
        .join(User, User.id == Facilitator.user_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .where(ActivityLog.id.in_(sorted(log_ids)), ActivityLog.reopen_asked_at.is_not(None))
        .order_by(ActivityLog.reopen_asked_at, ActivityLog.id)
    )  # fmt: skip
    rows = db.session.execute(wanted)
    return [Wish(*row[:5], f"{row[5]} {row[6]}".strip(), row[7] or "") for row in rows]
