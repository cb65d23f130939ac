"""The state of a weekly log by the clock: one pure function, and the same as SQL."""

from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_

from portal.tracker.models import ActivityLog


class LogState(StrEnum):
    """How a week stands; the same six words, shapes and colours everywhere."""

    EXCUSED = "excused"
    ON_TIME = "on_time"
    LATE = "late"
    MISSING = "missing"
    OPEN = "open"
    NOT_DUE = "not_due"


def today_in(zone: ZoneInfo, now: datetime) -> date:
    """The institution's calendar day at a moment: a week has begun when this is its Monday or later."""
    return now.astimezone(zone).date()


def state_of(
    week_start: date,
    due_at: datetime,
    submitted_at: datetime | None,
    excused_at: datetime | None,
    now: datetime,
    today: date,
) -> LogState:
    """The state of a log. `today` is the institution's day at `now`, see `today_in`."""
    if excused_at is not None:
        return LogState.EXCUSED
    if submitted_at is not None:
        return LogState.ON_TIME if submitted_at <= due_at else LogState.LATE
    if due_at < now:
        return LogState.MISSING
    return LogState.NOT_DUE if today < week_start else LogState.OPEN


def in_state(state: LogState, now: datetime, today: date) -> ColumnElement[bool]:
    """The same as a condition on `activity_trackers`, written so that the indexes on due_at can serve it."""
    waiting = and_(ActivityLog.excused_at.is_(None), ActivityLog.submitted_at.is_(None))
    submitted = and_(ActivityLog.excused_at.is_(None), ActivityLog.submitted_at.is_not(None))
    begun = ActivityLog.week_start <= today
    return {
        LogState.EXCUSED: ActivityLog.excused_at.is_not(None),
        LogState.ON_TIME: and_(submitted, ActivityLog.submitted_at <= ActivityLog.due_at),
        LogState.LATE: and_(submitted, ActivityLog.submitted_at > ActivityLog.due_at),
        LogState.MISSING: and_(waiting, ActivityLog.due_at < now),
        LogState.OPEN: and_(waiting, ActivityLog.due_at >= now, begun),
        LogState.NOT_DUE: and_(waiting, ActivityLog.due_at >= now, ActivityLog.week_start > today),
    }[state]
