"""How a term stands, week by week: the sums of every week, and the cells of a matrix of courses or of facilitators."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select

from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries import OfferingFilter
from portal.allocations.queries.filters import conditions_of
from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.tracker.queries.rows import Moment
from portal.tracker.states import LogState, in_state, state_of


@dataclass(frozen=True, slots=True)
class Watched:
    """What is watched over: the courses of a filter, and of them, if asked, those in one state in one week."""

    courses: OfferingFilter
    week: date | None = None
    state: LogState | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """How many logs stand how."""

    on_time: int = 0
    late: int = 0
    missing: int = 0
    open: int = 0
    not_due: int = 0
    excused: int = 0

    @property
    def owed(self) -> int:
        """Those whose time is over: on time, late and missing."""
        return self.on_time + self.late + self.missing

    @property
    def total(self) -> int:
        """All of them."""
        return self.owed + self.open + self.not_due + self.excused

    @property
    def percent(self) -> int | None:
        """On time, of those whose time is over, in whole percent; None before any is."""
        return round(100 * self.on_time / self.owed) if self.owed else None

    def of(self, state: LogState) -> int:
        """How many are in a state."""
        count: int = getattr(self, state.value)
        return count

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Sums)))


@dataclass(frozen=True, slots=True)
class WeekSums:
    """A week of a term: its Monday, its place in the term from 1, its usual deadline, its sums."""

    start: date
    number: int
    due_at: datetime
    sums: Sums


@dataclass(frozen=True, slots=True)
class Cell:
    """One log in the matrix; `days_late` counts begun days after the deadline, 0 for all but late ones."""

    log_id: int
    week_number: int
    state: LogState
    days_late: int


def sums_by_week(courses: OfferingFilter, moment: Moment) -> list[WeekSums]:
    """Every week of the courses with its sums, first week first. One statement."""
    wanted = (
        select(ActivityLog.week_start, func.min(ActivityLog.due_at).label("due_at"), *sums_of(moment))
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .where(*watched_courses(courses))
        .group_by(ActivityLog.week_start)
        .order_by(ActivityLog.week_start)
    )
    rows = db.session.execute(wanted).all()
    return [WeekSums(row[0], number, row[1], Sums(*map(int, row[2:]))) for number, row in enumerate(rows, 1)]


def sums_of(moment: Moment) -> list[ColumnElement[int]]:
    """A column for each state, in the order of the fields of Sums."""
    return [
        func.sum(case((in_state(LogState(one.name), moment.now, moment.today), 1), else_=0)).label(one.name)
        for one in fields(Sums)
    ]


def watched_courses(courses: OfferingFilter) -> list[ColumnElement[bool]]:
    """The conditions of courses that are watched over: those of the filter that take place."""
    return [*conditions_of(courses), CourseOffering.status != OfferingStatus.CANCELLED]


def with_logs(watched: Watched, moment: Moment) -> list[ColumnElement[bool]]:
    """The conditions on courses that stand in the matrix: they owe logs, one of them in the state that is asked for."""
    return [*watched_courses(watched.courses), exists().where(ActivityLog.allocation_id == CourseOffering.id,
                                                              *in_asked_state(watched, moment))]  # fmt: skip


def in_asked_state(watched: Watched, moment: Moment) -> list[ColumnElement[bool]]:
    """The conditions on logs: the week and the state, where they are asked for."""
    if watched.week is None or watched.state is None:
        return []
    return [ActivityLog.week_start == watched.week, in_state(watched.state, moment.now, moment.today)]


def cells_of_courses(offering_ids: Sequence[int], moment: Moment) -> Mapping[int, Mapping[date, Cell]]:
    """The logs of these courses by course and Monday. One statement."""
    wanted = select(
        ActivityLog.allocation_id,
        ActivityLog.week_start,
        ActivityLog.id,
        ActivityLog.week_number,
        ActivityLog.due_at,
        ActivityLog.submitted_at,
        ActivityLog.excused_at,
    ).where(ActivityLog.allocation_id.in_(offering_ids))
    found: dict[int, dict[date, Cell]] = {}
    for row in db.session.execute(wanted):
        state = state_of(row.week_start, row.due_at, row.submitted_at, row.excused_at, moment.now, moment.today)
        cell = Cell(row.id, row.week_number, state, days_late(row.due_at, row.submitted_at, state))
        found.setdefault(row.allocation_id, {})[row.week_start] = cell
    return found


def days_late(due_at: datetime, submitted_at: datetime | None, state: LogState) -> int:
    """How many days, begun ones counted whole, lie between the deadline and a late submission; else 0."""
    if state is not LogState.LATE or submitted_at is None:
        return 0
    return -(-(submitted_at - due_at).total_seconds() // 86_400).__int__()


def cells_of_people(
    facilitator_ids: Sequence[int], courses: OfferingFilter, moment: Moment
) -> Mapping[int, Mapping[date, Sums]]:
    """The sums of these facilitators by person and Monday, over the courses of the filter. One statement."""
    wanted = (
        select(ActivityLog.facilitator_id, ActivityLog.week_start, *sums_of(moment))
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .where(ActivityLog.facilitator_id.in_(facilitator_ids), *watched_courses(courses))
        .group_by(ActivityLog.facilitator_id, ActivityLog.week_start)
    )
    found: dict[int, dict[date, Sums]] = {}
    for row in db.session.execute(wanted):
        found.setdefault(row[0], {})[row[1]] = Sums(*map(int, row[2:]))
    return found


def total_of(weeks: Iterable[WeekSums]) -> Sums:
    """All weeks together."""
    return sum((week.sums for week in weeks), Sums())


def count_courses(watched: Watched, moment: Moment) -> Select[Any]:
    """How many courses stand in the matrix."""
    return select(func.count()).select_from(CourseOffering).where(and_(*with_logs(watched, moment)))
