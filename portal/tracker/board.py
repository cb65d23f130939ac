"""How "This week" is laid out: the ruler of the term, the sentence about where one stands, the groups of logs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from portal.catalogue.calendar import monday_of
from portal.tracker.queries import Log, WeekCount
from portal.tracker.states import LogState


@dataclass(frozen=True, slots=True)
class RulerWeek:
    """One week on the ruler; `kind` is past, owed, current or future."""

    number: int
    kind: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands: weeks overdue, open and lately submitted; items done of those expected in them.

    `next_due` is the first deadline of the open ones; `several` tells that there are later ones too.
    """

    missing: int
    open: int
    submitted: int
    items: int
    done: int
    next_due: datetime | None
    several: bool
    trimester: int | None
    ruler: tuple[RulerWeek, ...]

    @property
    def waiting(self) -> int:
        """How many weeks are to be filled in."""
        return self.missing + self.open


@dataclass(frozen=True, slots=True)
class Group:
    """Logs under one heading: overdue and open ones by week, submitted ones together (their `week` is None)."""

    kind: LogState
    week: int | None
    due_at: datetime
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class WeekChoice:
    """A week to look at alone: its Monday, its number, and how many logs wait in it."""

    start: date
    number: int
    waiting: int


def standing_of(counts: Sequence[WeekCount], today: date) -> Standing:
    """The sums of a person's weeks, and the ruler of the term they are in."""
    deadlines = {count.next_due for count in counts if count.next_due is not None}
    term = _term_of(counts, today)
    return Standing(
        missing=sum(count.missing for count in counts),
        open=sum(count.open for count in counts),
        submitted=sum(count.submitted for count in counts),
        items=sum(count.items for count in counts),
        done=sum(count.done for count in counts),
        next_due=min(deadlines, default=None),
        several=len(deadlines) > 1,
        trimester=term[0].trimester if term else None,
        ruler=_ruler(term, monday_of(today)),
    )


def list_week_choices(counts: Sequence[WeekCount]) -> list[WeekChoice]:
    """The weeks in which something waits, oldest first."""
    return [
        WeekChoice(start, weeks[0].number, sum(week.missing + week.open for week in weeks))
        for start, weeks in _by_week(counts)
        if any(week.missing or week.open for week in weeks)
    ]


def list_groups(logs: Sequence[Log]) -> list[Group]:
    """The logs by heading, in their order; within one by module code and course."""
    return [
        Group(kind, week, due_at, tuple(sorted(part, key=lambda log: (log.code or "", log.course, log.week_start))))
        for (kind, week, due_at), part in groupby(logs, _heading)
    ]


def _heading(log: Log) -> tuple[LogState, int | None, datetime]:
    if log.is_submitted:
        return LogState.ON_TIME, None, datetime.min.replace(tzinfo=UTC)
    return log.state, log.week_number, log.due_at


def _by_week(counts: Sequence[WeekCount]) -> list[tuple[date, list[WeekCount]]]:
    return [(start, list(weeks)) for start, weeks in groupby(counts, lambda count: count.start)]


def _term_of(counts: Sequence[WeekCount], today: date) -> list[WeekCount]:
    """The weeks of the term around today: that of the latest week that has begun, else of the first to come."""
    begun = [count for count in counts if count.start <= today]
    last = begun[-1].start if begun else None
    chosen = max((count for count in begun if count.start == last), key=lambda count: count.logs, default=None)
    chosen = chosen or next(iter(counts), None)
    if chosen is None:
        return []
    near = timedelta(days=200)
    return [
        count for count in counts
        if (count.year, count.trimester) == (chosen.year, chosen.trimester) and abs(count.start - chosen.start) < near
    ]  # fmt: skip


def _ruler(term: Sequence[WeekCount], monday: date) -> tuple[RulerWeek, ...]:
    """One mark for each week; where courses count differently, the number that most of them have."""
    return tuple(
        RulerWeek(weeks[0].number, _kind(start, sum(week.missing for week in weeks), monday))
        for start, weeks in _by_week(term)
    )


def _kind(start: date, missing: int, monday: date) -> str:
    if missing:
        return "owed"
    if start == monday:
        return "current"
    return "past" if start < monday else "future"
