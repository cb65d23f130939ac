"""The compliance matrix as it is drawn: weeks under their months, rows of cells, the share on time beneath."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from portal.tracker.queries.compliance import Cell, Sums, WeekSums
from portal.tracker.queries.matrix import Line
from portal.tracker.states import LogState

_WEEK = timedelta(days=7)
# So many rows are still looked through at a glance.
_LONG = 20
# What a cell of several logs is called by: the gravest of their states.
_GRAVEST = (
    LogState.MISSING, LogState.LATE, LogState.OPEN, LogState.ON_TIME, LogState.EXCUSED, LogState.NOT_DUE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A week of the matrix; `follows_break` when weeks without teaching lie before it."""

    week: WeekSums
    is_focus: bool
    follows_break: bool


@dataclass(frozen=True, slots=True)
class Box:
    """What stands in one place of the matrix: a log, or several of one facilitator. `of` counts those in `state`.

    `log_id` is None where there are several.
    """

    state: LogState
    week_number: int
    days_late: int
    log_id: int | None
    of: int
    total: int


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A row: its head, a box or None for each column, and the sums of its weeks."""

    line: Line
    boxes: Sequence[Box | None]
    sums: Sums

    @property
    def is_calm(self) -> bool:
        """Whether all that was due came on time, or nothing is due yet."""
        return not (self.sums.late or self.sums.missing)


def split(rows: Sequence[MatrixRow]) -> tuple[list[MatrixRow], list[MatrixRow]]:
    """The rows to look at, and the calm ones where they may be folded away: of a long matrix, beside others."""
    calm = [row for row in rows if row.is_calm]
    if len(rows) <= _LONG or len(calm) == len(rows):
        return list(rows), []
    return [row for row in rows if not row.is_calm], calm


def columns_of(weeks: Sequence[WeekSums], focus: WeekSums | None) -> list[Column]:
    """The weeks as columns."""
    starts = [None, *(week.start for week in weeks)]
    return [
        Column(week, week == focus, before is not None and week.start - before > _WEEK)
        for before, week in zip(starts, weeks, strict=False)
    ]


def months_of(columns: Sequence[Column]) -> list[tuple[date, int]]:
    """The first Monday of each month of the matrix, and how many columns the month spans."""
    months = groupby(columns, lambda column: (column.week.start.year, column.week.start.month))
    spans = [list(part) for _month, part in months]
    return [(part[0].week.start, len(part)) for part in spans]


def rows_of_courses(
    lines: Sequence[Line], cells: Mapping[int, Mapping[date, Cell]], weeks: Sequence[WeekSums]
) -> list[MatrixRow]:
    """A row for each course."""
    found = []
    for line in lines:
        own = cells.get(line.id, {})
        boxes = [_box(own[week.start]) if week.start in own else None for week in weeks]
        found.append(MatrixRow(line, boxes, _count([cell.state for cell in own.values()])))
    return found


def rows_of_people(
    lines: Sequence[Line], cells: Mapping[int, Mapping[date, Sums]], weeks: Sequence[WeekSums]
) -> list[MatrixRow]:
    """A row for each facilitator."""
    found = []
    for line in lines:
        own = cells.get(line.id, {})
        boxes = [_several(week.number, own[week.start]) if week.start in own else None for week in weeks]
        found.append(MatrixRow(line, boxes, sum(own.values(), Sums())))
    return found


def _box(cell: Cell) -> Box:
    return Box(cell.state, cell.week_number, cell.days_late, cell.log_id, 1, 1)


def _several(number: int, sums: Sums) -> Box:
    state = next(state for state in _GRAVEST if sums.of(state))
    return Box(state, number, 0, None, sums.of(state), sums.total)


def _count(states: Sequence[LogState]) -> Sums:
    return Sums(**{state.value: states.count(state) for state in LogState})
