"""The ladder of reminders: who is told of a week that is owed, so many working days before or after its deadline.

Pure functions. A stage begins in the morning of its day, in the institution's time zone.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.catalogue.calendar import Break, working_day

DUE, TODAY, MISSING, ALERT, ESCALATED = "log_due", "log_today", "log_missing", "log_alert", "log_escalated"
# All others come after the deadline.
BEFORE = (DUE, TODAY)
TO_OFFICE = (ALERT, ESCALATED)
# Stages that an administrator adds tell the same people once more: "log_missing.2" is a second one of "log_missing".
ADDABLE, MOST_ADDED = (DUE, MISSING, ALERT, ESCALATED), 3
MORNING = time(7)
_DAY = timedelta(days=1)
# No stage is further from its deadline, in days of the calendar.
_REACH = 500
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def base_of(key: str) -> str:
    """The stage that an added one repeats, which names whom it tells; any other is its own."""
    return key.partition(".")[0]


def keys_of(base: str) -> list[str]:
    """Every name that a stage and its repetitions may have."""
    return [base, *(f"{base}.{number}" for number in range(2, MOST_ADDED + 2))]


def latest_first(cutoffs: Mapping[str, datetime], bases: Sequence[str]) -> tuple[str, ...]:
    """The stages that tell as one of `bases` does, the last of the ladder first."""
    return tuple(sorted((key for key in cutoffs if base_of(key) in bases), key=lambda key: (cutoffs[key], key)))


@dataclass(frozen=True, slots=True)
class Stage:
    """A step of the ladder: its name, and how many working days after the deadline it begins (before it: negative)."""

    key: str
    working_days: int
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Ladder:
    """All stages, in the institution's time zone and calendar."""

    stages: Sequence[Stage]
    zone: ZoneInfo
    breaks: Sequence[Break] = ()

    def begins_at(self, stage: Stage, due_at: datetime) -> datetime:
        """When a stage begins for a deadline, in UTC."""
        return self._morning(stage, due_at.astimezone(self.zone).date())

    def cutoffs(self, now: datetime) -> Mapping[str, datetime]:
        """For each stage the moment before which a deadline lies if the stage has begun for it.

        A stage that is switched off has begun for none.
        """
        return {stage.key: self._cutoff(stage, now) if stage.is_active else _NEVER for stage in self.stages}

    def _cutoff(self, stage: Stage, now: datetime) -> datetime:
        first = now.astimezone(self.zone).date() - _REACH * _DAY
        # Later deadlines have later stages: the days for which this one has begun come first.
        begun = bisect_right(range(2 * _REACH), now, key=lambda n: self._morning(stage, first + n * _DAY))
        return datetime.combine(first + begun * _DAY, time(0), self.zone).astimezone(UTC)

    def _morning(self, stage: Stage, day: date) -> datetime:
        begins = working_day(day, stage.working_days, self.breaks)
        return datetime.combine(begins, MORNING, self.zone).astimezone(UTC)
