"""The teaching calendar: pure functions from dates to weeks and deadlines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.config import Settings

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_LONGEST_BREAK = 400


@dataclass(frozen=True, slots=True)
class Rules:
    """What the institution decided: its time zone, and when a log is due (days after the Monday, and local time)."""

    zone: ZoneInfo
    due_after: timedelta = timedelta(days=7)
    due_time: time = time(17)


def rules_of(settings: Settings) -> Rules:
    """The institution's rules as its settings say."""
    due_after, due_time = settings.deadline
    return Rules(settings.zone, due_after, due_time)


@dataclass(frozen=True, slots=True)
class Break:
    """Days without teaching, both ends included."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Week:
    """A teaching week: its number within the course, from 1, and its Monday."""

    number: int
    start: date

    @property
    def end(self) -> date:
        """Its Sunday."""
        return self.start + _WEEK - _DAY


def monday_of(day: date) -> date:
    """The Monday of the week that holds a day (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def trimester_of(start: date) -> int:
    """The trimester of a course that says only when it starts: January to April 1, May to July 2, from August on 3.

    August belongs to the third, whose teaching begins in its second half at many institutions.
    """
    return 1 if start.month <= 4 else 2 if start.month <= 7 else 3


def weeks_of(start: date, end: date, breaks: Sequence[Break] = ()) -> tuple[Week, ...]:
    """The teaching weeks between two dates, numbered from 1 without the weeks that a break takes whole.

    A week counts when at least one of its weekdays lies in the course and outside every break; a
    course that meets on weekends only counts those days instead.
    """
    mondays = [monday_of(start) + _WEEK * n for n in range((monday_of(end) - monday_of(start)).days // 7 + 1)]
    teaching = [monday for monday in mondays if _has_day(monday, range(5), start, end, breaks)]
    if not teaching:
        teaching = [monday for monday in mondays if _has_day(monday, range(5, 7), start, end, breaks)]
    return tuple(Week(number, monday) for number, monday in enumerate(teaching, start=1))


def _has_day(monday: date, weekdays: Iterable[int], start: date, end: date, breaks: Sequence[Break]) -> bool:
    days = (monday + timedelta(days=n) for n in weekdays)
    return any(start <= day <= end and not any(pause.start <= day <= pause.end for pause in breaks) for day in days)


def due_at(week_start: date, rules: Rules) -> datetime:
    """When the log of a week is due, in UTC; the local time stays 17:00 across daylight saving."""
    return deadline_on(week_start + rules.due_after, rules)


def deadline_on(day: date, rules: Rules) -> datetime:
    """The hour of all deadlines on a day, in UTC."""
    return datetime.combine(day, rules.due_time, rules.zone).astimezone(UTC)


def opens_at(week_start: date, rules: Rules) -> datetime:
    """When a week begins: midnight of its Monday in the institution's time zone, in UTC."""
    return datetime.combine(week_start, time(0), rules.zone).astimezone(UTC)


def is_working_day(day: date, breaks: Sequence[Break] = ()) -> bool:
    """Whether the institution works on a day: from Monday to Friday, outside every break."""
    return day.weekday() < 5 and not any(pause.start <= day <= pause.end for pause in breaks)


def working_day(day: date, count: int, breaks: Sequence[Break] = ()) -> date:
    """The working day so many after a day, or before it when `count` is negative.

    Counting back begins at the day itself, or at the last working day before it. Within a break of more than a year
    every day counts.
    """
    step = _DAY if count > 0 else -_DAY
    found = day if count > 0 else _nearest(day, -_DAY, breaks)
    for _ in range(abs(count)):
        found = _nearest(found + step, step, breaks)
    return found


def _nearest(day: date, step: timedelta, breaks: Sequence[Break]) -> date:
    """The day, or the next one in this direction, on which the institution works."""
    days = (day + step * n for n in range(_LONGEST_BREAK))
    return next((one for one in days if is_working_day(one, breaks)), day)
