"""One log at a time: with whom it belongs to in the WHERE, so that what is not yours is not found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, or_, select, true

from portal.allocations.models import CourseOffering
from portal.extensions import db
from portal.scoping import narrowed
from portal.tracker.models import ActivityLog, ActivityLogItem, ChecklistItem, ItemStatus
from portal.tracker.queries.rows import CHECKLIST_COLUMNS, LOG_COLUMNS, Log, Moment, build_item, build_log, join_course


def log_owned_by(facilitator_id: int | None, log_id: int, moment: Moment) -> Log | None:
    """The log if this facilitator owes it, with all items of the checklist. One statement."""
    return _find(_OWNED, moment, log_id=log_id, facilitator_id=facilitator_id)


def log_seen_by(facilitator_id: int | None, log_id: int, moment: Moment) -> Log | None:
    """The log if this facilitator owes it or teaches the course now. One statement."""
    return _find(_SEEN, moment, log_id=log_id, facilitator_id=facilitator_id)


def any_log(log_id: int, moment: Moment) -> Log | None:
    """The log whoever owes it, for those who manage. One statement."""
    return _find(_ANY, moment, log_id=log_id)


def _find(one: Select[*tuple[Any, ...]], moment: Moment, **values: int | None) -> Log | None:
    rows = db.session.connection().execute(narrowed(one), values).all()
    if not rows:
        return None
    written = any(row.status is not None for row in rows)
    items = [
        build_item(row, row.week_number, (row.status, row.changed_at) if row.status else None, written=written)
        for row in rows
        if row.item_id is not None
    ]
    return build_log(rows[0], items, moment)


@dataclass(frozen=True, slots=True)
class WeekBefore:
    """The log before another of the same course: its number, and the status of each item id that was answered."""

    week_number: int
    statuses: Mapping[int, ItemStatus]


def week_before(log: Log) -> WeekBefore | None:
    """The week before this one; None for a course's first. One statement."""
    previous = (
        select(ActivityLog.id)
        .where(ActivityLog.allocation_id == log.offering_id, ActivityLog.week_start < log.week_start)
        .order_by(ActivityLog.week_start.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(ActivityLog.week_number, ActivityLogItem.item_id, ActivityLogItem.status)
        .outerjoin(ActivityLogItem, ActivityLogItem.tracker_id == ActivityLog.id)
        .where(ActivityLog.id == previous)
    ).all()
    statuses = {row.item_id: row.status for row in rows if row.item_id is not None}
    return WeekBefore(rows[0].week_number, statuses) if rows else None


_LOG_WITH_ITEMS = (
    select(
        *LOG_COLUMNS,
        *CHECKLIST_COLUMNS,
        ActivityLogItem.status,
        ActivityLogItem.updated_at.label("changed_at"),
    )
    .select_from(
        join_course()
        # Every item there is: a week also has to tell an item that is not expected from one that does not exist.
        .outerjoin(ChecklistItem.__table__, true())
        .outerjoin(
            ActivityLogItem.__table__,
            and_(ActivityLogItem.tracker_id == ActivityLog.id, ActivityLogItem.item_id == ChecklistItem.id),
        )
    )
    .order_by(ChecklistItem.position, ChecklistItem.id)
)
# Nobody who is no facilitator (None) owes or teaches anything.
_ANY = _LOG_WITH_ITEMS.where(ActivityLog.id == bindparam("log_id"))
_BY = bindparam("facilitator_id", type_=Integer)
_OWNED = _ANY.where(ActivityLog.facilitator_id == _BY)
_SEEN = _ANY.where(or_(ActivityLog.facilitator_id == _BY, CourseOffering.facilitator_id == _BY))
