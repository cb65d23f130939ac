"""Which weekly logs must exist: a row for each expected week, so that a missing log is a row and not an absence.

What has been started, submitted or excused by hand is never touched. Everything is done in sets, some
hundred course offerings at a time, inside the caller's transaction.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain
from typing import Any, NamedTuple, cast

from sqlalchemy import Row, Select, Table, and_, bindparam, delete, insert, or_, select, update

from portal import clock
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.bulk import CHUNK, in_chunks, is_one_of
from portal.catalogue.calendar import Break, Rules, due_at, weeks_of
from portal.catalogue.models import Mode
from portal.catalogue.queries import list_breaks
from portal.extensions import db
from portal.pulses import OF_COURSES
from portal.tracker.models import ActivityLog
from portal.tracker.queries.leaves import list_absences
from portal.tracker.services.duty import Duties, Duty

AnyRow = Row[*tuple[Any, ...]]

_LOGS = cast(Table, ActivityLog.__table__)
# Whoever teaches the course of a log, whoever asks.
_COURSES = cast(Table, CourseOffering.__table__)
_TEACHER = select(_COURSES.c.facilitator_id).where(_COURSES.c.id == _LOGS.c.allocation_id).scalar_subquery()
# What a leave excused may be owed again when it ends earlier.
_NOT_EXCUSED = or_(_LOGS.c.excused_at.is_(None), _LOGS.c.leave_id.is_not(None))
_UNTOUCHED = and_(_LOGS.c.started_at.is_(None), _LOGS.c.submitted_at.is_(None), _NOT_EXCUSED)
_LIVE = frozenset({OfferingStatus.PLANNED, OfferingStatus.ACTIVE})
# Statements that each change of a course asks for stand here.
_AMONG: Any = bindparam("ids", expanding=True)
_EXPECTING = select(Mode.id).where(Mode.expects_weekly_log)
_OPEN: Select[*tuple[Any, ...]] = (
    select(
        CourseOffering.id, CourseOffering.facilitator_id, CourseOffering.allocated_on, CourseOffering.status,
        CourseOffering.mode_id, CourseOffering.start_date, CourseOffering.end_date,
    )
    .where(CourseOffering.status != OfferingStatus.COMPLETED)
    .order_by(CourseOffering.id)
    .with_for_update()
)  # fmt: skip
_OPEN_AMONG = _OPEN.where(CourseOffering.id.in_(_AMONG))
_LOGS_AMONG = (
    select(
        _LOGS.c.id, _LOGS.c.allocation_id, _LOGS.c.facilitator_id, _LOGS.c.week_number, _LOGS.c.week_start,
        _LOGS.c.due_at, _LOGS.c.extended_from, _LOGS.c.leave_id, _UNTOUCHED.label("untouched"),
    )
    .where(_LOGS.c.allocation_id.in_(_AMONG))
    .with_for_update()
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlanCounts:
    """How many logs a plan created, changed (deadline, number or facilitator) and deleted."""

    created: int = 0
    changed: int = 0
    deleted: int = 0

    def __add__(self, other: "PlanCounts") -> "PlanCounts":
        return PlanCounts(self.created + other.created, self.changed + other.changed, self.deleted + other.deleted)


@dataclass(frozen=True, slots=True)
class _PlannedWeek:
    number: int
    start: date
    end: date
    due_at: datetime


class _Move(NamedTuple):
    """A log that gets another number."""

    log_id: int
    before: int
    after: int


class _Calendar:
    """The weeks of an offering, worked out once for each pair of dates: a term has few of them; and who is away."""

    def __init__(self, rules: Rules, breaks: Sequence[Break], duties: Duties, now: datetime) -> None:
        self._rules, self._breaks, self.duties, self.now = rules, breaks, duties, now
        self.today = now.astimezone(rules.zone).date()
        self._known: dict[tuple[date, date], tuple[_PlannedWeek, ...]] = {}

    def weeks(self, start: date, end: date) -> tuple[_PlannedWeek, ...]:
        """The teaching weeks between two dates with their deadlines."""
        if (start, end) not in self._known:
            self._known[start, end] = tuple(
                _PlannedWeek(week.number, week.start, week.end, due_at(week.start, self._rules))
                for week in weeks_of(start, end, self._breaks)
            )
        return self._known[start, end]


@dataclass(slots=True)
class _Changes:
    """What a chunk of offerings needs; ids grouped by the value they take, so that each value is one statement."""

    new: list[dict[str, Any]] = field(default_factory=list)
    covered: list[dict[str, Any]] = field(default_factory=list)  # new ones too, of which a leave says more
    gone: list[int] = field(default_factory=list)
    duties: dict[Duty, list[int]] = field(default_factory=lambda: defaultdict(list))
    deadlines: dict[datetime, list[int]] = field(default_factory=lambda: defaultdict(list))
    moves: dict[int, list[_Move]] = field(default_factory=lambda: defaultdict(list))

    def counts(self) -> PlanCounts:
        """How many rows these changes are."""
        groups: list[Mapping[Any, list[int]]] = [self.duties, self.deadlines]
        changed = {log_id for group in groups for ids in group.values() for log_id in ids}
        changed |= {move.log_id for moves in self.moves.values() for move in moves}
        return PlanCounts(len(self.new) + len(self.covered), len(changed), len(self.gone))


def plan_logs(offering_ids: Sequence[int] | None, rules: Rules) -> PlanCounts:
    """Make the logs of these course offerings (None: of all) what calendar, status and facilitator ask for.

    Runs in the caller's transaction. A second run changes nothing. Completed offerings are left as they are.
    """
    now = clock.now()
    calendar = _Calendar(rules, list_breaks(), Duties(list_absences()), now)
    expecting = frozenset(db.session.scalars(_EXPECTING))
    total = PlanCounts()
    for offerings in _chunks_of_offerings(offering_ids):
        changes = _Changes()
        logs = _logs_of([offering.id for offering in offerings])
        for offering in offerings:
            expects = offering.status in _LIVE and offering.mode_id in expecting
            weeks = calendar.weeks(offering.start_date, offering.end_date) if expects else ()
            _plan_offering(offering, weeks, logs.get(offering.id, []), calendar, changes)
        _apply(changes, now, [offering.id for offering in offerings])
        total += changes.counts()
    return total


def delete_untouched_logs(offering_ids: Sequence[int]) -> set[int]:
    """Delete the logs of these course offerings that nobody worked on; gives the offerings that have others."""
    used: set[int] = set()
    for part in in_chunks(offering_ids):
        of_these = _LOGS.c.allocation_id.in_(part)
        db.session.execute(delete(_LOGS).where(of_these, _UNTOUCHED), execution_options={OF_COURSES: part})
        used |= set(db.session.scalars(select(_LOGS.c.allocation_id).where(of_these).distinct()))
    return used


def _chunks_of_offerings(offering_ids: Sequence[int] | None) -> Iterator[Sequence[AnyRow]]:
    """The offerings in chunks by id, locked so that two plans of the same offering follow each other."""
    if offering_ids is None:
        rows = db.session.execute(_OPEN.limit(CHUNK)).all()
        while rows:
            yield rows
            rows = db.session.execute(_OPEN.where(CourseOffering.id > rows[-1].id).limit(CHUNK)).all()
        return
    for ids in in_chunks(sorted(set(offering_ids))):
        yield db.session.execute(_OPEN_AMONG, {"ids": ids}).all()


def _logs_of(offering_ids: Sequence[int]) -> dict[int, list[AnyRow]]:
    """The logs that exist, by offering; locked, so that nobody starts one while it is renumbered."""
    found: dict[int, list[AnyRow]] = defaultdict(list)
    for row in db.session.execute(_LOGS_AMONG, {"ids": offering_ids}):
        found[row.allocation_id].append(row)
    return found


def _plan_offering(
    offering: AnyRow,
    weeks: Sequence[_PlannedWeek],
    logs: Sequence[AnyRow],
    calendar: _Calendar,
    changes: _Changes,
) -> None:
    """Note what one offering needs. `weeks` is empty when it owes no logs at all."""
    taken = {log.week_number for log in logs if not log.untouched}
    present = {log.week_start: log for log in logs}
    kept = set()
    for week in weeks:
        log = present.get(week.start)
        if log is None:
            if _is_owed(offering, week):
                duty = calendar.duties.of(offering.facilitator_id, week.start)
                row = _new_row(offering, week, _take_number(week.number, taken), duty, calendar.now)
                (changes.covered if duty.absence else changes.new).append(row)
            continue
        if not log.untouched:
            continue
        # A week that is over stays with who taught it when they leave; a coming one goes with the course.
        if offering.facilitator_id is None and week.due_at >= calendar.now and week.end >= calendar.today:
            continue
        kept.add(log.id)
        _note_changes(log, offering, week, _take_number(week.number, taken), calendar, changes)
    changes.gone.extend(log.id for log in logs if log.untouched and log.id not in kept)


def _is_owed(offering: AnyRow, week: _PlannedWeek) -> bool:
    """A week owes a log when someone teaches, and taught before the week was over."""
    return offering.facilitator_id is not None and (offering.allocated_on is None or week.end >= offering.allocated_on)


def _take_number(wanted: int, taken: set[int]) -> int:
    """The smallest free number from `wanted` on; logs that were started keep theirs."""
    while wanted in taken:
        wanted += 1
    taken.add(wanted)
    return wanted


def _note_changes(
    log: AnyRow, offering: AnyRow, week: _PlannedWeek, number: int, calendar: _Calendar, changes: _Changes
) -> None:
    # What somebody moved by hand stays where they moved it.
    if log.due_at != week.due_at and log.extended_from is None:
        changes.deadlines[week.due_at].append(log.id)
    duty = _duty_of(log, offering, week, calendar)
    if duty is not None and (log.facilitator_id, log.leave_id) != (duty.facilitator_id, duty.leave_id):
        changes.duties[duty].append(log.id)
    if log.week_number != number:
        changes.moves[offering.id].append(_Move(log.id, log.week_number, number))


def _duty_of(log: AnyRow, offering: AnyRow, week: _PlannedWeek, calendar: _Calendar) -> Duty | None:
    """Who owes a week that is there; None when that stays. A deadline that has passed was missed by who owed it then.

    Unless they were away, and nobody stood in: that may be said afterwards.
    """
    if week.due_at < calendar.now:
        late = calendar.duties.of(log.facilitator_id, week.start)
        return late if late.is_excused and log.leave_id is None else None
    if offering.facilitator_id is None or not _is_owed(offering, week):
        return None
    return calendar.duties.of(offering.facilitator_id, week.start)


def _new_row(offering: AnyRow, week: _PlannedWeek, number: int, duty: Duty, now: datetime) -> dict[str, Any]:
    return {
        **(duty.values(now) if duty.absence else {"facilitator_id": duty.facilitator_id}),
        "allocation_id": offering.id,
        "week_number": number,
        "week_start": week.start,
        "due_at": week.due_at,
        "deadline_version": 1,
        "notes": "",
        "done_count": 0,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }


def _apply(changes: _Changes, now: datetime, of_courses: Sequence[int]) -> None:
    """Write the changes; every condition is asked again in the statement itself."""
    among = {OF_COURSES: of_courses}
    for ids in in_chunks(changes.gone):
        db.session.execute(delete(_LOGS).where(is_one_of(_LOGS.c.id, ids), _UNTOUCHED), execution_options=among)
    # Who is not away owes the weeks of their own courses: one statement for all of them, however many people they are.
    usual = [log_id for duty, moved in changes.duties.items() if duty.absence is None for log_id in moved]
    _set(usual, now, among, **(Duty(0).values(now) | {"facilitator_id": _TEACHER}))
    for duty, moved in changes.duties.items():
        if duty.absence is not None:
            _set(moved, now, among, **duty.values(now))
    for deadline, due in changes.deadlines.items():
        _set(due, now, among, due_at=deadline, deadline_version=_LOGS.c.deadline_version + 1)
    _renumber(list(changes.moves.values()), now, among)
    for rows in filter(None, (changes.new, changes.covered)):
        db.session.execute(insert(_LOGS), rows, execution_options=among)


def _renumber(courses: Sequence[Sequence[_Move]], now: datetime, among: Mapping[str, Any]) -> None:
    """Give logs their new numbers, a statement for each; they are unique in a course, also halfway."""
    both_ways = [moves for moves in courses if len({move.after > move.before for move in moves}) > 1]
    _set([move.log_id for moves in both_ways for move in moves], now, among, week_number=-_LOGS.c.week_number)
    places: dict[tuple[bool, int], list[int]] = defaultdict(list)
    for move in chain.from_iterable(courses):
        places[move.after > move.before, move.after].append(move.log_id)
    # Weeks that come to stand earlier take their place from the first on, others from the last on: it is empty then.
    for later, number in sorted(places, key=lambda place: -place[1] if place[0] else place[1]):
        _set(places[later, number], now, among, week_number=number)


def _set(log_ids: Sequence[int], now: datetime, among: Mapping[str, Any], **values: Any) -> None:
    for ids in in_chunks(log_ids):
        changed = update(_LOGS).where(is_one_of(_LOGS.c.id, ids), _UNTOUCHED).values(**values, updated_at=now)
        db.session.execute(changed, execution_options=among)
