"""How a term stands, week by week: the sums of every week, and the cells of a matrix of courses or of facilitators."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, case, func, select, true

from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries import OfferingFilter
from portal.allocations.queries.filters import conditions_of, names_of, subjects_of
from portal.extensions import db
from portal.pulses import WEEKS, kept
from portal.pulses.places import Place, Stale, kept_in_places, part_of
from portal.tracker.models import ActivityLog
from portal.tracker.queries.rows import Moment
from portal.tracker.states import LogState, in_state, state_of

_SECOND = timedelta(seconds=1)
# Logs that are alike in all that their state follows from.
_FORGIVEN, _IN_TIME, _TOO_LATE, _WAITING = range(4)
_KIND = case(
    (ActivityLog.excused_at.is_not(None), _FORGIVEN),
    (ActivityLog.submitted_at.is_(None), _WAITING),
    (ActivityLog.submitted_at <= ActivityLog.due_at, _IN_TIME),
    else_=_TOO_LATE,
).label("kind")
_ALIKE = (ActivityLog.week_start, ActivityLog.due_at, _KIND)
# Of the logs of a week: the deadline, and the kind.
Alike = tuple[datetime, int]


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
        return Sums(
            self.on_time + other.on_time,
            self.late + other.late,
            self.missing + other.missing,
            self.open + other.open,
            self.not_due + other.not_due,
            self.excused + other.excused,
        )


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
    """Every week of the courses with its sums, first week first. One statement at most.

    The database counts logs that are alike; which state that is, `state_of` decides here as everywhere.
    """

    def read(stale: Stale | None) -> Mapping[Place, Mapping[Alike, int]]:
        return _count_alike(courses, stale)

    def read_all() -> Mapping[date, Mapping[Alike, int]]:
        return _by_week(kept_in_places("weeks by part", courses, read, *names_of(courses)))

    counted = kept("weeks", courses, read_all, *subjects_of(courses), WEEKS)
    return [
        # The usual deadline is that of most logs; few have more time.
        WeekSums(start, number, max(alike, key=lambda one: alike[one])[0], _add_up(start, alike, moment))
        for number, (start, alike) in enumerate(sorted(counted.items()), 1)
    ]


def _count_alike(courses: OfferingFilter, stale: Stale | None) -> Mapping[Place, Mapping[Alike, int]]:
    """By part of the courses and Monday, how many logs are alike."""
    course_id = CourseOffering.id.expression
    part = part_of(course_id).label("part")
    again = true() if stale is None else stale.among(course_id, ActivityLog.week_start.expression)
    wanted = (
        select(part, *_ALIKE, func.count().label("logs"))
        .select_from(ActivityLog)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .where(*watched_courses(courses), again)
        .group_by(part, *_ALIKE)
    )
    found: dict[Place, dict[Alike, int]] = {}
    for row in db.session.execute(wanted):
        found.setdefault((row.part, row.week_start), {})[row.due_at, row.kind] = row.logs
    return found


def _by_week(places: Mapping[Place, Mapping[Alike, int]]) -> Mapping[date, Mapping[Alike, int]]:
    """The same by Monday, all parts together, the earliest deadline first."""
    found: dict[date, Counter[Alike]] = {}
    for (_part, start), counts in places.items():
        if start is not None:
            found.setdefault(start, Counter()).update(counts)
    return {start: dict(sorted(counts.items())) for start, counts in found.items()}


def count_courses(watched: Watched, moment: Moment) -> int:
    """How many courses stand in the matrix. One statement at most."""
    if watched.state is not None:
        return sum(_count_by_part(with_logs(watched, moment), None).values())

    def read(stale: Stale | None) -> Mapping[Place, int]:
        return _count_by_part(with_logs(watched, moment), stale)

    return sum(kept_in_places("courses by part", watched, read, *names_of(watched.courses)).values())


def _count_by_part(conditions: Sequence[ColumnElement[bool]], stale: Stale | None) -> Mapping[Place, int]:
    course_id = CourseOffering.id.expression
    part = part_of(course_id).label("part")
    again = true() if stale is None else stale.among(course_id)
    wanted = select(part, func.count()).where(*conditions, again).group_by(part)
    return {(number, None): count for number, count in db.session.execute(wanted)}


def _add_up(start: date, alike: Mapping[Alike, int], moment: Moment) -> Sums:
    counts: Counter[str] = Counter()
    for (due_at, kind), logs in alike.items():
        counts[_state_of_kind(start, due_at, kind, moment)] += logs
    return Sums(**counts)


def _state_of_kind(week_start: date, due_at: datetime, kind: int, moment: Moment) -> LogState:
    """The state of logs that are alike: any moment of their kind stands for all of them."""
    submitted = {_IN_TIME: due_at, _TOO_LATE: due_at + _SECOND}.get(kind)
    excused = due_at if kind == _FORGIVEN else None
    return state_of(week_start, due_at, submitted, excused, moment.now, moment.today)


def watched_courses(courses: OfferingFilter) -> list[ColumnElement[bool]]:
    """The conditions of courses that are watched over: those of the filter that take place."""
    return [*conditions_of(courses), CourseOffering.status != OfferingStatus.CANCELLED]


def with_logs(watched: Watched, moment: Moment) -> list[ColumnElement[bool]]:
    """The conditions on courses that stand in the matrix: they owe logs, one of them in the state that is asked for."""
    in_state_asked = in_asked_state(watched, moment)
    if in_state_asked:
        # The logs of a week that stand so lie together in an index.
        owing = select(ActivityLog.allocation_id).where(*in_state_asked)
        return [*watched_courses(watched.courses), CourseOffering.id.in_(owing)]
    return [*watched_courses(watched.courses), owes_logs()]


def owes_logs() -> ColumnElement[bool]:
    """The condition on courses that they owe any log."""
    # A scalar: MariaDB would read all logs once for an EXISTS, instead of one index entry for each course.
    own = select(ActivityLog.id).where(ActivityLog.allocation_id == CourseOffering.id)
    return own.limit(1).correlate(CourseOffering).scalar_subquery().is_not(None)


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
        select(*_ALIKE, func.count().label("logs"), ActivityLog.facilitator_id)
        .select_from(ActivityLog)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .where(ActivityLog.facilitator_id.in_(facilitator_ids), *watched_courses(courses))
        .group_by(*_ALIKE, ActivityLog.facilitator_id)
    )
    found: dict[int, dict[date, Sums]] = {}
    for row in db.session.execute(wanted):
        weeks = found.setdefault(row.facilitator_id, {})
        weeks[row.week_start] = weeks.get(row.week_start, Sums()) + _add_up(
            row.week_start, {(row.due_at, row.kind): row.logs}, moment
        )
    return found


def total_of(weeks: Iterable[WeekSums]) -> Sums:
    """All weeks together."""
    return sum((week.sums for week in weeks), Sums())
