"""Reads of the weekly logs, by subject."""

from portal.tracker.queries.courses import Course, course_seen_by, list_weeks_of
from portal.tracker.queries.logs import WeekBefore, any_log, log_owned_by, log_seen_by, week_before
from portal.tracker.queries.rows import Item, Log, Moment, list_checklist
from portal.tracker.queries.week import PAGE_SIZE, Place, WeekCount, WeekFilter, list_logs_to_do, standing

__all__ = [
    "PAGE_SIZE",
    "Course",
    "Item",
    "Log",
    "Moment",
    "Place",
    "WeekBefore",
    "WeekCount",
    "WeekFilter",
    "any_log",
    "course_seen_by",
    "list_checklist",
    "list_logs_to_do",
    "list_weeks_of",
    "log_owned_by",
    "log_seen_by",
    "standing",
    "week_before",
]
