"""What happened at the demo institution so far: who submitted which week, when, and with what in it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from random import Random
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Facilitator, Student, User
from portal.allocations.models import CourseOffering
from portal.bulk import insert_rows, update_rows
from portal.catalogue.calendar import Rules, opens_at
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.exchange.demo import people
from portal.exchange.demo.habits import EXCUSES, HABITS, NOTES, USUAL
from portal.extensions import db
from portal.tracker.models import (
    ActivityLog,
    ActivityLogItem,
    Attendance,
    AttendanceState,
    ChecklistItem,
    ItemStatus,
)
from portal.tracker.queries.attendance import THERE

_HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)
_OWN = people.FACILITATORS[0].key
_NOT_TAKEN: dict[str, int | None] = {"there_count": None, "roster_count": None}
_STATES = (AttendanceState.PRESENT, AttendanceState.LATE, AttendanceState.ABSENT, AttendanceState.EXCUSED)


class Fate(Enum):
    """What became of a week's log."""

    ON_TIME = auto()
    LATE = auto()
    EXCUSED = auto()
    STARTED = auto()
    UNTOUCHED = auto()


@dataclass(frozen=True, slots=True)
class Log:
    """A log that was planned, with who owes it and when it opened."""

    id: int
    offering_id: int
    employee: str
    user_id: int
    week: int
    opened_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What a log shall hold: the columns that change, its items' statuses and its attendance, in roster order."""

    columns: dict[str, Any]
    items: Mapping[int, ItemStatus]
    attendance: Sequence[tuple[int, AttendanceState]]


def write_history(chance: Random, offering_ids: Sequence[int], rules: Rules) -> None:
    """Fill the logs of these course offerings up to this moment."""
    now = clock.now()
    logs = _list_logs(offering_ids, rules)
    rosters = _list_rosters(offering_ids)
    in_use = select(ChecklistItem).where(ChecklistItem.is_active)
    checklist = db.session.scalars(in_use.order_by(ChecklistItem.position, ChecklistItem.id)).all()
    excuser = db.session.scalar(select(User.id).where(User.email == people.HEAD.email))
    told: dict[int, Told] = {}
    for log, fate in _fates(logs, chance, now):
        if fate is Fate.EXCUSED:
            told[log.id] = Told(_excused(log, excuser), {}, ())
        elif fate is not Fate.UNTOUCHED:
            told[log.id] = _tell(log, fate, checklist, rosters.get(log.offering_id, ()), chance, now)
    _write(told)


def _list_logs(offering_ids: Sequence[int], rules: Rules) -> list[Log]:
    columns = (ActivityLog.id, ActivityLog.allocation_id, Facilitator.employee_id, Facilitator.user_id)
    rows = db.session.execute(
        select(*columns, ActivityLog.week_number, ActivityLog.week_start, ActivityLog.due_at)
        .join(Facilitator, Facilitator.id == ActivityLog.facilitator_id)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .where(ActivityLog.allocation_id.in_(offering_ids))
        .order_by(CourseOffering.id, ActivityLog.week_number)
    )
    return [Log(*row[:5], opens_at(row.week_start, rules), row.due_at) for row in rows]


def _list_rosters(offering_ids: Sequence[int]) -> dict[int, list[int]]:
    """The enrolments of each course offering, by name."""
    rows = db.session.execute(
        select(Enrolment.offering_id, Enrolment.id)
        .join(Student, Student.id == Enrolment.student_id)
        .join(User, User.id == Student.user_id)
        .where(Enrolment.offering_id.in_(offering_ids), Enrolment.status == EnrolmentStatus.ACTIVE)
        .order_by(User.name_folded, Enrolment.id)
    )
    found: dict[int, list[int]] = {}
    for offering_id, enrolment_id in rows:
        found.setdefault(offering_id, []).append(enrolment_id)
    return found


def _fates(logs: Sequence[Log], chance: Random, now: datetime) -> Iterable[tuple[Log, Fate]]:
    """What became of each log that has opened."""
    courses: dict[int, list[Log]] = {}
    for log in logs:
        if log.opened_at <= now:
            courses.setdefault(log.offering_id, []).append(log)
    own = [offering_id for offering_id, (first, *_) in courses.items() if first.employee == _OWN]
    for offering_id, opened in courses.items():
        past = [log for log in opened if log.due_at < now]
        for log in opened:
            if log.due_at >= now:
                place = own.index(offering_id) if offering_id in own else None
                yield log, _present_fate(place, now - log.opened_at >= _WEEK, chance)
            else:
                yield log, _past_fate(log, len(past) - past.index(log), own[:1] == [offering_id], chance)


def _present_fate(place: int | None, is_over: bool, chance: Random) -> Fate:
    """What became of a log that is not due yet; `is_over` when its week has ended and only its deadline is to come.

    The facilitator of the demo account has submitted one course, begun two, and left the others for visitors.
    """
    if is_over:
        return chance.choices((Fate.ON_TIME, Fate.STARTED, Fate.UNTOUCHED), (75, 10, 15))[0]
    if place is not None:
        return (Fate.ON_TIME, Fate.STARTED, Fate.STARTED)[place] if place < 3 else Fate.UNTOUCHED
    return chance.choices((Fate.ON_TIME, Fate.STARTED, Fate.UNTOUCHED), (35, 25, 40))[0]


def _past_fate(log: Log, weeks_ago: int, is_first_own: bool, chance: Random) -> Fate:
    habit = HABITS.get(log.employee, USUAL)
    if (log.employee, log.week) in EXCUSES:
        return Fate.EXCUSED
    if weeks_ago <= habit.missed_lately or (is_first_own and weeks_ago == 1):
        return Fate.UNTOUCHED
    weights = (100 - habit.late - habit.missing, habit.late, habit.missing)
    return chance.choices((Fate.ON_TIME, Fate.LATE, Fate.UNTOUCHED), weights)[0]


def _excused(log: Log, excuser: int | None) -> dict[str, Any]:
    reason = EXCUSES[log.employee, log.week]
    return _columns(log, excused_at=log.due_at, excused_by=excuser, excused_reason=reason)


def _columns(log: Log, **given: Any) -> dict[str, Any]:
    """All columns of a log that history writes, so that one statement writes them all."""
    empty = dict.fromkeys(("started_at", "submitted_at", "submitted_by", "excused_at", "excused_by", "excused_reason"))
    return {"id": log.id, **empty, "notes": "", "done_count": 0, "version": 2} | given


def _tell(
    log: Log, fate: Fate, checklist: Sequence[ChecklistItem], roster: Sequence[int], chance: Random, now: datetime
) -> Told:
    expected = [item for item in checklist if item.from_week <= log.week <= (item.to_week or log.week)]
    started = _moment(log, fate, chance, now)
    items = {item.id: _status(place, fate, chance) for place, item in enumerate(expected)}
    is_sent = fate is not Fate.STARTED
    columns = _columns(
        log,
        started_at=started,
        submitted_at=started + chance.randint(2, 9) * timedelta(minutes=1) if is_sent else None,
        submitted_by=log.user_id if is_sent else None,
        notes=chance.choice(NOTES) if chance.random() < 0.3 else "",
        done_count=sum(status is ItemStatus.DONE for status in items.values()),
        version=1 + len(items) + is_sent,
    )
    columns["submitted_at"] = min(columns["submitted_at"], now) if is_sent else None
    takes = roster if is_sent and (log.employee == _OWN or chance.random() < 0.6) else ()
    return Told(columns, items, [(one, chance.choices(_STATES, (88, 4, 6, 2))[0]) for one in takes])


def _moment(log: Log, fate: Fate, chance: Random, now: datetime) -> datetime:
    """When a log was begun: within its week and before its deadline, or after it when it was late; never to come."""
    if fate is Fate.LATE:
        first, last = log.due_at, min(log.due_at + 70 * _HOUR, now)
    else:
        last = min(log.due_at - _HOUR, now)
        first = log.opened_at + min(48 * _HOUR, (last - log.opened_at) / 3)
    moment = first + timedelta(seconds=int(chance.random() * (last - first).total_seconds()))
    by_day = moment.replace(hour=chance.randint(7, 18))
    return by_day if first <= by_day < last else moment


def _status(place: int, fate: Fate, chance: Random) -> ItemStatus:
    if fate is Fate.STARTED:
        return (ItemStatus.DONE, ItemStatus.PENDING, ItemStatus.NOT_STARTED)[min(place, 2)]
    if place == 0:
        return ItemStatus.DONE  # nobody hands in a week in which nothing was done
    return chance.choices((ItemStatus.DONE, ItemStatus.PENDING, ItemStatus.NOT_STARTED), (86, 10, 4))[0]


def _write(told: Mapping[int, Told]) -> None:
    update_rows(ActivityLog, [one.columns | _sums(one) for one in told.values()])
    items = [
        {"tracker_id": log_id, "item_id": item, "status": status, "updated_by": one.columns["submitted_by"]}
        for log_id, one in told.items()
        for item, status in one.items.items()
    ]
    insert_rows(ActivityLogItem, items)
    places = [
        {"tracker_id": log_id, "position": place, "enrolment_id": enrolment, "state": state}
        for log_id, one in told.items()
        for place, (enrolment, state) in enumerate(one.attendance, start=1)
    ]
    insert_rows(Attendance, places)


def _sums(one: Told) -> dict[str, int | None]:
    """What a log says of its attendance: how many were there, of how many; nothing where it was not taken."""
    there = sum(state in THERE for _, state in one.attendance)
    return {"there_count": there, "roster_count": len(one.attendance)} if one.attendance else _NOT_TAKEN
