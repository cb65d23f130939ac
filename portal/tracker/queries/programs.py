"""Weekly logs as programs ask for them: a page of a list, one by its course and week, who was there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from portal.allocations.models import CourseOffering, OfferingStatus
from portal.extensions import db
from portal.pulses import COURSES, WEEKS, kept
from portal.tracker.models import ActivityLog, ActivityLogItem, Attendance, ItemStatus
from portal.tracker.queries.attendance import THERE
from portal.tracker.queries.rows import LOG_COLUMNS, Log, Moment, join_course, list_checklist, load_logs
from portal.tracker.states import LogState, in_state


@dataclass(frozen=True, slots=True)
class LogWish:
    """Which logs of courses that take place; `owed_by` is the only facilitator whose logs the asker may see."""

    owed_by: int | None = None
    allocation_id: int | None = None
    week_number: int | None = None
    facilitator_id: int | None = None
    status: ItemStatus | None = None
    state: LogState | None = None
    updated_since: datetime | None = None


def list_wished(wanted: LogWish, moment: Moment, *, sort: str, offset: int, limit: int) -> list[Log]:
    """A page of the logs, with their items. Three statements at any size; two where there are none."""
    column: ColumnElement[object] = getattr(ActivityLog, sort.removeprefix("-"))
    key = column.desc() if sort.startswith("-") else column.asc()
    # First which they are: whatever is joined to them would lead a planner to begin with all courses.
    page = select(ActivityLog.id).where(*_conditions(wanted, moment)).order_by(key, ActivityLog.id)
    page_ids = page.offset(offset).limit(limit).subquery("page")
    found = select(*LOG_COLUMNS).select_from(join_course().join(page_ids, page_ids.c.id == ActivityLog.id))
    return load_logs(found.order_by(key, ActivityLog.id), moment, list_checklist())


def count_wished(wanted: LogWish, moment: Moment) -> int:
    """How many there are. One statement, or none while nobody plans or submits: ticks and time change only some."""

    def count() -> int:
        counted = select(func.count()).select_from(ActivityLog).where(*_conditions(wanted, moment))
        return db.session.scalar(counted) or 0

    changes_quietly = any(one is not None for one in (wanted.status, wanted.state, wanted.updated_since))
    return count() if changes_quietly else kept("logs_wished", wanted, count, COURSES, WEEKS)


def _conditions(wanted: LogWish, moment: Moment) -> list[ColumnElement[bool]]:
    # Asked of each log by itself: no planner begins with all courses then. Null for one that is not to be seen.
    course = select(CourseOffering.status).where(CourseOffering.id == ActivityLog.allocation_id)
    stands = course.limit(1).correlate(ActivityLog).scalar_subquery()
    found: list[ColumnElement[bool]] = [stands != OfferingStatus.CANCELLED]
    for column, value in (
        (ActivityLog.facilitator_id, wanted.owed_by),
        (ActivityLog.facilitator_id, wanted.facilitator_id),
        (ActivityLog.allocation_id, wanted.allocation_id),
        (ActivityLog.week_number, wanted.week_number),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.updated_since is not None:
        found.append(ActivityLog.updated_at >= wanted.updated_since)
    if wanted.status is not None:
        found.append(_has_item_in(wanted.status))
    if wanted.state is not None:
        found.append(in_state(wanted.state, moment.now, moment.today))
    return found


def _has_item_in(status: ItemStatus) -> ColumnElement[bool]:
    """As `watched.has_item_in`, asked of each log by itself: with `EXISTS` MariaDB reads all items of all weeks."""
    stands = (ActivityLogItem.tracker_id == ActivityLog.id, ActivityLogItem.status == status)
    one = select(ActivityLogItem.item_id).where(*stands).limit(1).correlate(ActivityLog).scalar_subquery()
    is_there = one.is_not(None)
    return is_there | ActivityLog.started_at.is_(None) if status is ItemStatus.NOT_STARTED else is_there


def is_course_of(offering_id: int, facilitator_id: int | None) -> bool:
    """Whether there is such a course, and this facilitator, if one is given, teaches it or owes a log of it."""
    found = select(CourseOffering.id).where(CourseOffering.id == offering_id)
    if facilitator_id is not None:
        owes = select(ActivityLog.id).where(
            ActivityLog.allocation_id == CourseOffering.id, ActivityLog.facilitator_id == facilitator_id
        )
        found = found.where(or_(CourseOffering.facilitator_id == facilitator_id, owes.exists()))
    return db.session.scalar(found) is not None


def log_id_of_week(offering_id: int, week_number: int) -> int | None:
    """The log of a course's week; None when the course has no such week. One statement."""
    found = select(ActivityLog.id).where(
        ActivityLog.allocation_id == offering_id, ActivityLog.week_number == week_number
    )
    return db.session.scalar(found)


def most_students(offering_id: int) -> int:
    """How many places a course has. One statement."""
    return db.session.scalar(select(CourseOffering.max_students).where(CourseOffering.id == offering_id)) or 0


def who_was_there(logs: Sequence[Log]) -> Mapping[int, list[bool]]:
    """By log, in the order of its roster, who was there; logs without attendance are left out. One statement at most.

    Whoever was not marked was not there.
    """
    found = {log.id: [False] * log.roster_count for log in logs if log.roster_count is not None}
    if not found:
        return {}
    marks = select(Attendance.tracker_id, Attendance.position, Attendance.state)
    for log_id, position, state in db.session.execute(marks.where(Attendance.tracker_id.in_(found))):
        if position <= len(found[log_id]):
            found[log_id][position - 1] = state in THERE
    return found
