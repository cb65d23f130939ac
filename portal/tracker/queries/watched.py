"""Weekly logs as a manager lists them: of a week, in a state, with an item in some status; and who is to be nudged."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select

from portal.accounts.models import Facilitator, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import ClassGroup, Module
from portal.extensions import db
from portal.paging import Page, PageRequest, fitting, make_page, slice_by_key
from portal.tracker.models import ActivityLog, ActivityLogItem, ItemStatus
from portal.tracker.queries.compliance import Watched, watched_courses
from portal.tracker.queries.rows import Moment
from portal.tracker.states import LogState, in_state, state_of


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which logs: of these courses, of one week and state if asked, and with an item (its id) in a status.

    `weeks` are the first and the last Monday that these courses have; knowing them spares reading other terms.
    """

    watched: Watched
    item_id: int | None = None
    status: ItemStatus | None = None
    weeks: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class LogRow:
    """A weekly log in a list. `wish` is set when somebody asks to have it opened again."""

    id: int
    version: int
    week_number: int
    week_start: date
    due_at: datetime
    submitted_at: datetime | None
    done_count: int
    wish: bool
    offering_id: int
    course: str
    code: str | None
    class_name: str | None
    facilitator: str
    state: LogState


def conditions_of_logs(wanted: LogFilter, moment: Moment) -> list[ColumnElement[bool]]:
    """Every condition, on logs joined with their courses."""
    return [*watched_courses(wanted.watched.courses), *_conditions_of_weeks(wanted, moment)]


def _conditions_of_weeks(wanted: LogFilter, moment: Moment) -> list[ColumnElement[bool]]:
    watched = wanted.watched
    found: list[ColumnElement[bool]] = []
    if watched.week is not None:
        found.append(ActivityLog.week_start == watched.week)
    elif wanted.weeks is not None:
        found.append(ActivityLog.week_start.between(*wanted.weeks))
    if watched.state is not None:
        found.append(in_state(watched.state, moment.now, moment.today))
    if wanted.status is not None:
        found.append(has_item_in(wanted.status, wanted.item_id))
    return found


def has_item_in(status: ItemStatus, item_id: int | None = None) -> ColumnElement[bool]:
    """The condition on logs that an item, or this one, stands so; what nobody has touched is not started."""
    answered = [ActivityLogItem.tracker_id == ActivityLog.id]
    if item_id is not None:
        answered.append(ActivityLogItem.item_id == item_id)
    stands = exists().where(*answered, ActivityLogItem.status == status)
    return stands | ActivityLog.started_at.is_(None) if status is ItemStatus.NOT_STARTED else stands


def conditions_on_ids(log_ids: Sequence[int]) -> list[ColumnElement[bool]]:
    """The conditions of certain logs of courses that take place."""
    return [ActivityLog.id.in_(log_ids), CourseOffering.status != OfferingStatus.CANCELLED]


def conditions_on_person(user_id: int) -> list[ColumnElement[bool]]:
    """The conditions of the logs that somebody owes in courses that take place."""
    return [User.id == user_id, CourseOffering.status != OfferingStatus.CANCELLED]


def conditions_on_course(offering_id: int, moment: Moment) -> list[ColumnElement[bool]]:
    """The conditions of a course's missing logs."""
    missing = in_state(LogState.MISSING, moment.now, moment.today)
    return [ActivityLog.allocation_id == offering_id, missing, CourseOffering.status != OfferingStatus.CANCELLED]


def count_logs(wanted: LogFilter, moment: Moment) -> int:
    """How many there are. One statement."""
    counted = select(func.count()).select_from(ActivityLog)
    counted = counted.join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
    return db.session.scalar(counted.where(*conditions_of_logs(wanted, moment))) or 0


def page_of_logs(wanted: LogFilter, page: PageRequest, moment: Moment, total: int) -> Page[LogRow]:
    """Logs by their week, oldest first. One statement."""
    keys: list[ColumnElement[Any]] = [ActivityLog.week_start.expression, ActivityLog.allocation_id.expression]
    page = fitting(page, keys)
    sliced = slice_by_key(_ids(wanted, moment, *keys), keys, ActivityLog.id.expression, page).subquery("page")
    backward = page.cursor is not None and page.cursor.backward
    order = [column.desc() if backward else column.asc() for column in (*keys, ActivityLog.id)]
    rows = db.session.execute(_rows(*keys).join(sliced, sliced.c.id == ActivityLog.id).order_by(*order)).all()
    return make_page([_row(row, moment) for row in rows], [tuple(row[-3:]) for row in rows], page, total)


def _ids(wanted: LogFilter, moment: Moment, *keys: ColumnElement[Any]) -> Select[Any]:
    """The logs that fit, as narrow rows."""
    found: Select[Any] = select(ActivityLog.id, *keys)
    courses = wanted.watched.courses
    if courses.cohorts or courses.modules or courses.facilitators or courses.departments or courses.q:
        found = found.join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        return found.where(*conditions_of_logs(wanted, moment))
    # A filter that most logs fit: these are read in the order of their index until the page is full. MariaDB would
    # begin with the courses and sort all their logs, if it could.
    taught = select(CourseOffering.id).where(CourseOffering.id == ActivityLog.allocation_id, *watched_courses(courses))
    fits = taught.limit(1).correlate(ActivityLog).scalar_subquery().is_not(None)
    return found.where(fits, *_conditions_of_weeks(wanted, moment))


def _rows(*keys: ColumnElement[Any]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        ActivityLog.id,
        ActivityLog.version,
        ActivityLog.week_number,
        ActivityLog.week_start,
        ActivityLog.due_at,
        ActivityLog.submitted_at,
        ActivityLog.done_count,
        ActivityLog.reopen_asked_at,
        ActivityLog.allocation_id,
        COURSE_NAME,
        Module.code,
        ClassGroup.name,
        User.first_name,
        User.last_name,
        ActivityLog.excused_at,
        *keys,
        ActivityLog.id,
    )
    found: Select[Any] = select(*columns)
    return (
        found.select_from(ActivityLog)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .outerjoin(Facilitator, Facilitator.id == ActivityLog.facilitator_id)
        .outerjoin(User, User.id == Facilitator.user_id)
    )


def _row(row: Any, moment: Moment) -> LogRow:
    state = state_of(row.week_start, row.due_at, row.submitted_at, row.excused_at, moment.now, moment.today)
    person = full_name(row.first_name, row.last_name)
    values: list[Any] = [*row[:7], row.reopen_asked_at is not None, *row[8:12], person, state]
    return LogRow(*values)


@dataclass(frozen=True, slots=True)
class OwedLog:
    """A log that somebody owes now, as a nudge tells of it."""

    log_id: int
    offering_id: int
    user_id: int
    week: int
    due_at: datetime
    code: str | None
    course: str
    class_name: str | None


def logs_to_nudge(conditions: Sequence[ColumnElement[bool]], moment: Moment) -> Sequence[OwedLog]:
    """Of the logs that fit, those that are owed now by somebody whose account is open, by person. One statement."""
    owed = and_(
        ActivityLog.submitted_at.is_(None), ActivityLog.excused_at.is_(None), ActivityLog.week_start <= moment.today
    )
    rows = db.session.execute(
        select(
            ActivityLog.id,
            ActivityLog.allocation_id,
            User.id,
            ActivityLog.week_number,
            ActivityLog.due_at,
            Module.code,
            COURSE_NAME,
            ClassGroup.name,
        )
        .select_from(ActivityLog)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .join(Facilitator, Facilitator.id == ActivityLog.facilitator_id)
        .join(User, User.id == Facilitator.user_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .where(owed, User.is_active, *conditions)
        .order_by(User.id, ActivityLog.due_at, ActivityLog.id)
    ).all()
    return [OwedLog(*row) for row in rows]
