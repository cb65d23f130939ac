"""Reminders of weekly logs: who is told what, and what a mail says they still owe."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError, OperationalError

from portal.database import only_reading
from portal.extensions import db
from portal.notifications.kinds import Params
from portal.notifications.services import Fact, notify_many
from portal.tracker.ladder import DUE, MISSING, TODAY
from portal.tracker.queries.owed import NOTICE, OwedRow, logs_owed, logs_owed_by
from portal.tracker.queries.stages import read_ladder
from portal.tracker.services.alerting import Alert, find_alerts, tell_managers

_TRIES = 3


@dataclass(frozen=True, slots=True)
class ReminderCounts:
    """What a pass told: logs due soon, logs at their deadline, logs missing, and the number of people.

    `alerted` are the weeks of which managers or the head were told, and `managers` how many these were.
    """

    due: int = 0
    today: int = 0
    missing: int = 0
    people: int = 0
    alerted: int = 0
    managers: int = 0


def remind(now: datetime, zone: ZoneInfo) -> ReminderCounts:
    """Tell everyone which logs they owe, managers which stay missing, each once. Running it again tells nothing.

    `zone` is the institution's. It begins its own transactions and leaves the last one, with what was told, for the
    caller to commit.
    """
    for _ in range(_TRIES - 1):
        found = untold(now, zone)
        # Another worker told the same a moment earlier (or the database chose us in a deadlock): what it told is no
        # longer untold.
        with suppress(IntegrityError, OperationalError):
            return _tell(found, now)
    return _tell(untold(now, zone), now)


@dataclass(frozen=True, slots=True)
class Untold:
    """What a pass would tell: the owed logs by person, and of which weeks managers would hear."""

    owed: Sequence[OwedRow]
    alerts: Sequence[Alert]


def untold(now: datetime, zone: ZoneInfo) -> Untold:
    """What a pass at this moment would tell; read without keeping writers waiting."""
    with only_reading():
        cutoffs = read_ladder(zone).cutoffs(now)
        found = Untold(logs_owed(now, cutoffs), find_alerts(now, cutoffs))
        db.session.rollback()
    return found


def _tell(found: Untold, now: datetime) -> ReminderCounts:
    """Tell it all; nothing of it stays where the database refuses a part."""
    try:
        people = notify_many([_fact(row) for row in found.owed]) if found.owed else 0
        managers = tell_managers(found.alerts, now)
    except (IntegrityError, OperationalError):
        db.session.rollback()
        raise
    counts = Counter(row.kind for row in found.owed)
    alerted = sum(len(alert.logs) for alert in found.alerts)
    return ReminderCounts(counts[DUE], counts[TODAY], counts[MISSING], people, alerted, managers)


def _fact(row: OwedRow) -> Fact:
    params = {
        "log_id": row.log_id,
        "offering_id": row.offering_id,
        "deadline_version": row.deadline_version,
        "code": row.code,
        "module": row.course,
        "class": row.class_name,
        "week": row.week,
        "due_at": row.due_at.isoformat(),
    }
    return Fact(row.user_id, row.kind, params, row.dedupe_key)


@dataclass(frozen=True, slots=True)
class CourseWeeks:
    """Weeks of one course: their numbers in order, and the first of their deadlines."""

    code: str | None
    course: str
    class_name: str | None
    weeks: tuple[int, ...]
    first_due: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """All that a person owes, by course: overdue first, then what is due soon."""

    overdue: tuple[CourseWeeks, ...]
    due: tuple[CourseWeeks, ...]

    @property
    def count(self) -> int:
        """The number of logs."""
        return sum(len(course.weeks) for course in (*self.overdue, *self.due))


def what_is_owed(user_id: int, told: Sequence[Params], now: datetime) -> Owed | None:
    """All that a person owes at this moment; None when none of the facts told is true any more. One statement.

    Old debts alone, of which they were told before, are no reason for another mail; nor is a week whose deadline was
    moved since.
    """
    until = max([now + NOTICE, *(datetime.fromisoformat(fact["due_at"]) for fact in told if "due_at" in fact)])
    rows = logs_owed_by(user_id, now, until)
    if not any(_holds(fact, rows) for fact in told):
        return None
    overdue = [_week(row) for row in rows if row.is_overdue]
    return Owed(by_course(overdue), by_course([_week(row) for row in rows if not row.is_overdue]))


def _holds(fact: Params, rows: Sequence[OwedRow]) -> bool:
    """Whether a week is still owed under the deadline of which it was told; what a manager asks for, under any."""
    version = fact.get("deadline_version")
    return any(row.log_id == fact["log_id"] and version in {None, row.deadline_version} for row in rows)


def courses_told(told: Sequence[Params]) -> tuple[CourseWeeks, ...]:
    """The facts of notifications by course."""
    return by_course([(fact, datetime.fromisoformat(fact["due_at"])) for fact in told])


def by_course(weeks: Sequence[tuple[Params, datetime]]) -> tuple[CourseWeeks, ...]:
    """Weeks with their deadlines put together by course, the longest overdue first, then by code and class."""
    courses: dict[int, list[tuple[Params, datetime]]] = defaultdict(list)
    for fact, due_at in weeks:
        courses[fact["offering_id"]].append((fact, due_at))
    grouped = [_course(found) for found in courses.values()]
    return tuple(sorted(grouped, key=lambda one: (one.first_due, one.code or "", one.course, one.class_name or "")))


def _course(found: Sequence[tuple[Params, datetime]]) -> CourseWeeks:
    fact = found[0][0]
    weeks = tuple(sorted({one["week"] for one, _due_at in found}))
    return CourseWeeks(fact["code"], fact["module"], fact["class"], weeks, min(due_at for _fact, due_at in found))


def _week(row: OwedRow) -> tuple[Params, datetime]:
    return _fact(row).params, row.due_at
