"""What the weekly logs say of one person, for the document that they may take with them. One statement each."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Select, func, select

from portal.accounts.models import Facilitator, Student
from portal.accounts.queries.personal_data import list_of
from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module
from portal.enrolments.models import Enrolment
from portal.tracker.models import ActivityLog, ActivityLogItem, Attendance, ChecklistItem, Leave

Rows = list[dict[str, Any]]
_WEEK = (
    ActivityLog.id.label("log_id"),
    CourseOffering.id.label("course_id"),
    Module.code,
    func.coalesce(CourseOffering.title, Module.name).label("course"),
    ActivityLog.week_number,
    ActivityLog.week_start,
)


def _weeks(*columns: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(*_WEEK, *columns)
        .select_from(ActivityLog)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .order_by(ActivityLog.id)
    )


def list_own_logs(user_id: int) -> Rows:
    """The logs that a person owes or owed, with what they wrote."""
    columns = (ActivityLog.due_at, ActivityLog.started_at, ActivityLog.submitted_at, ActivityLog.excused_at)
    wanted = _weeks(*columns, ActivityLog.excused_reason, ActivityLog.notes)
    wanted = wanted.join(Facilitator, Facilitator.id == ActivityLog.facilitator_id)
    return list_of(wanted.where(Facilitator.user_id == user_id))


def list_submitted_logs(user_id: int) -> Rows:
    """The logs that a person handed in."""
    return list_of(_weeks(ActivityLog.submitted_at).where(ActivityLog.submitted_by == user_id))


def list_excused_logs(user_id: int) -> Rows:
    """The logs that a person excused."""
    return list_of(_weeks(ActivityLog.excused_at, ActivityLog.excused_reason).where(ActivityLog.excused_by == user_id))


def list_ticks(user_id: int) -> Rows:
    """The checklist items that a person set last."""
    wanted = _weeks(ChecklistItem.key.label("item"), ActivityLogItem.status, ActivityLogItem.updated_at)
    wanted = wanted.join(ActivityLogItem, ActivityLogItem.tracker_id == ActivityLog.id)
    wanted = wanted.join(ChecklistItem, ChecklistItem.id == ActivityLogItem.item_id)
    return list_of(wanted.where(ActivityLogItem.updated_by == user_id))


def list_own_attendance(user_id: int) -> Rows:
    """When a student was there."""
    wanted = _weeks(Attendance.state)
    wanted = wanted.join(Attendance, Attendance.tracker_id == ActivityLog.id)
    wanted = wanted.join(Enrolment, Enrolment.id == Attendance.enrolment_id)
    wanted = wanted.join(Student, Student.id == Enrolment.student_id)
    return list_of(wanted.where(Student.user_id == user_id))


_LEAVE = (Leave.id, Leave.first_day, Leave.last_day, Leave.reason)


def list_own_leaves(user_id: int) -> Rows:
    """When a facilitator was on leave."""
    wanted = select(*_LEAVE).join(Facilitator, Facilitator.id == Leave.facilitator_id)
    return list_of(wanted.where(Facilitator.user_id == user_id).order_by(Leave.id))


def list_leaves_stood_in_for(user_id: int) -> Rows:
    """When a facilitator stood in for somebody; why is the other's own."""
    wanted = select(*_LEAVE[:3]).join(Facilitator, Facilitator.id == Leave.substitute_id)
    return list_of(wanted.where(Facilitator.user_id == user_id).order_by(Leave.id))


def list_granted_leaves(user_id: int) -> Rows:
    """The leaves that a person entered."""
    return list_of(select(*_LEAVE[:3]).where(Leave.granted_by == user_id).order_by(Leave.id))


SECTIONS: Mapping[str, Callable[[int], Rows]] = {
    "attendance": list_own_attendance,
    "weekly_logs": list_own_logs,
    "weekly_logs_submitted": list_submitted_logs,
    "weekly_logs_excused": list_excused_logs,
    "checklist_ticks": list_ticks,
    "leaves": list_own_leaves,
    "leaves_stood_in_for": list_leaves_stood_in_for,
    "leaves_granted": list_granted_leaves,
}
