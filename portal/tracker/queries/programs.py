"""Weekly logs as programs ask for them: a page of a list, one by its course and week, who was there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select

from portal.allocations.models import CourseOffering, OfferingStatus
from portal.extensions import db
from portal.tracker.models import ActivityLog, Attendance, ItemStatus
from portal.tracker.queries.attendance import THERE
from portal.tracker.queries.rows import LOG_COLUMNS, AnySelect, Log, Moment, join_course, list_checklist, load_logs
from portal.tracker.queries.watched import has_item_in
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


def list_wished(wanted: LogWish, moment: Moment, *, sort: str, offset: int, limit: int) -> list[Log]:
    """A page of the logs, with their items. Three statements at any size; two where there are none."""
    column: ColumnElement[object] = getattr(ActivityLog, sort.removeprefix("-"))
    key = column.desc() if sort.startswith("-") else column.asc()
    found = _wished(select(*LOG_COLUMNS).select_from(join_course()), wanted, moment)
    return load_logs(found.order_by(key, ActivityLog.id).offset(offset).limit(limit), moment, list_checklist())


def count_wished(wanted: LogWish, moment: Moment) -> int:
    """How many there are. One statement."""
    counted = select(func.count()).select_from(ActivityLog)
    counted = counted.join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
    return db.session.scalar(_wished(counted, wanted, moment)) or 0


def _wished(found: AnySelect, wanted: LogWish, moment: Moment) -> AnySelect:
    found = found.where(CourseOffering.status != OfferingStatus.CANCELLED)
    for column, value in (
        (ActivityLog.facilitator_id, wanted.owed_by),
        (ActivityLog.facilitator_id, wanted.facilitator_id),
        (ActivityLog.allocation_id, wanted.allocation_id),
        (ActivityLog.week_number, wanted.week_number),
    ):
        if value is not None:
            found = found.where(column == value)
    if wanted.status is not None:
        found = found.where(has_item_in(wanted.status))
    if wanted.state is not None:
        found = found.where(in_state(wanted.state, moment.now, moment.today))
    return found


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
