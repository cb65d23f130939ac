"""Taking attendance: a mark for each student of the roster, or a head count where there is none.

Two people may have the sheet open: marks are brought together student by student, as ticks are item by item.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import delete, insert

from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, lazy
from portal.extensions import db
from portal.tracker.models import ActivityLog, Attendance, AttendanceState
from portal.tracker.queries import Log, Moment
from portal.tracker.queries.attendance import THERE, Place, sheet_of
from portal.tracker.services.logs import ATTEMPTS, check_open, reload, too_many
from portal.tracker.services.writing import take_version, write_items

MOST_HEADS = 5000

Marks = Mapping[int, AttendanceState]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What somebody says of a week, and what they saw when they said it; both by enrolment id.

    Whoever saw nothing of a student saw no mark.
    """

    marks: Marks = field(default_factory=dict)
    was: Marks = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeadCount:
    """How many were there, of how many; `places` says which of them where that is known, in its order."""

    there: int
    of: int
    places: Sequence[bool] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """A log and its sheet as they stand by now, and the marks that were not written: someone else set others."""

    log: Log
    places: Sequence[Place]
    clashes: Marks


def take(log: Log, sheet: Sheet, moment: Moment, by: Actor) -> Taken:
    """Write what of the sheet fits. Five statements at most, at any size.

    Raises Locked for a week that cannot be filled in, NotFound when somebody else owes it by now.
    """
    for _attempt in range(ATTEMPTS):
        check_open(log)
        places = sheet_of(log)
        marks, clashes = _merge(places, sheet)
        if not marks:
            return Taken(log, places, clashes)
        after = [replace(place, state=marks.get(place.enrolment_id, place.state)) for place in places]
        written = _write(log, _sums(after), [(place.enrolment_id, place.state) for place in after], moment, by)
        if written is not None:
            _record(by, log, _text(places), _text(after))
            return Taken(written, after, clashes)
        log = reload(log, moment)
    raise too_many()


def everyone_there(places: Sequence[Place], sheet: Sheet) -> Sheet:
    """The sheet with everyone present of whom nothing is said yet."""
    open_places = {place.enrolment_id for place in places if place.state is None} - set(sheet.marks)
    return replace(sheet, marks={**sheet.marks, **dict.fromkeys(open_places, AttendanceState.PRESENT)})


def count_heads(log: Log, count: HeadCount, seen: HeadCount | None, moment: Moment, by: Actor) -> Log:
    """Write how many were there, for a course without a roster. Five statements at most.

    Raises DomainError on "there" and "of", Conflict when it has a roster or somebody counted otherwise meanwhile,
    and what `take` raises.
    """
    _check(count)
    for _attempt in range(ATTEMPTS):
        check_open(log)
        if sheet_of(log):
            raise Conflict(lazy("There are students on this course by now. Mark them one by one."))
        before = counted(log)
        if before == count and not count.places:
            return log
        if before != seen:
            raise Conflict(
                lazy("Someone else entered another count meanwhile. Look at it as it is now, then count again.")
            )
        places = count.places or [place < count.there for place in range(count.of)]
        states = [(None, AttendanceState.PRESENT if there else AttendanceState.ABSENT) for there in places]
        written = _write(log, count, states, moment, by)
        if written is not None:
            _record(by, log, before and f"{before.there} / {before.of}", f"{count.there} / {count.of}")
            return written
        log = reload(log, moment)
    raise too_many()


def counted(log: Log) -> HeadCount | None:
    """The sums of a week's attendance; None until it is taken."""
    return None if log.roster_count is None else HeadCount(log.there_count or 0, log.roster_count)


def _check(count: HeadCount) -> None:
    if not 0 < count.of <= MOST_HEADS:
        raise DomainError(lazy("Use a number from %(least)s to %(most)s.", least=1, most=MOST_HEADS), "of")
    if not 0 <= count.there <= count.of:
        raise DomainError(lazy("Use a number from %(least)s to %(most)s.", least=0, most=count.of), "there")


def _merge(places: Sequence[Place], sheet: Sheet) -> tuple[Marks, Marks]:
    """The marks to write, and those that clash: a mark is written where the sheet shows what was seen."""
    marks: dict[int, AttendanceState] = {}
    clashes: dict[int, AttendanceState] = {}
    for place in places:
        wish, seen = sheet.marks.get(place.enrolment_id), sheet.was.get(place.enrolment_id)
        # What stands where it stood asks for nothing.
        if wish is None or wish is seen or wish is place.state:
            continue
        (marks if seen is place.state else clashes)[place.enrolment_id] = wish
    return marks, clashes


def _sums(places: Sequence[Place]) -> HeadCount:
    return HeadCount(sum(place.state in THERE for place in places), len(places))


def _write(
    log: Log, sums: HeadCount, states: Sequence[tuple[int | None, AttendanceState | None]], moment: Moment, by: Actor
) -> Log | None:
    """Write the whole sheet under the log's version; None when someone else was quicker."""
    values = {"there_count": sums.there, "roster_count": sums.of}
    if not take_version(log, values, moment.now, quiet=True):
        return None
    write_items(log, {}, moment.now, by, complete=False)
    db.session.execute(delete(Attendance).where(Attendance.tracker_id == log.id))
    rows = [
        _row(log, position, enrolment_id, state, moment)
        for position, (enrolment_id, state) in enumerate(states, start=1)
        if state is not None
    ]
    db.session.execute(insert(Attendance), rows)
    started_at = log.started_at or moment.now
    return replace(log, version=log.version + 1, started_at=started_at, there_count=sums.there, roster_count=sums.of)


def _row(
    log: Log, position: int, enrolment_id: int | None, state: AttendanceState, moment: Moment
) -> dict[str, object]:
    return {
        "tracker_id": log.id,
        "position": position,
        "enrolment_id": enrolment_id,
        "state": state,
        "created_at": moment.now,
        "updated_at": moment.now,
    }


def _record(by: Actor, log: Log, before: Any, after: str) -> None:
    record(by, "take_attendance", ActivityLog.__tablename__, log.id, attendance=(before or None, after))


def _text(places: Sequence[Place]) -> str:
    """A sheet in a line, short for a full room: how many were there of how many, and the enrolments of who was not.

    The audit outlives accounts, so it names nobody.
    """
    sums = _sums(places)
    if all(place.state is None for place in places):
        return ""
    others = [state for state in AttendanceState if state is not AttendanceState.PRESENT]
    named = {state: [str(place.enrolment_id) for place in places if place.state is state] for state in others}
    parts = [f"{state.value} {', '.join(numbers)}" for state, numbers in named.items() if numbers]
    return "; ".join([f"{sums.there} / {sums.of}", *parts])
