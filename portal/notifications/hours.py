"""When a mail may go: at most one a person and day, outside of their quiet hours. Pure functions."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours without mail, in minutes after midnight; over midnight when they end earlier than they begin.

    There are none when both are the same.
    """

    begins: int
    ends: int

    @classmethod
    def of(cls, text: str) -> "Quiet":
        """The hours written as 20:00-07:00; none for an empty text. Raises ValueError."""
        if not text.strip():
            return cls(0, 0)
        first, _dash, last = text.partition("-")
        return cls(minutes_of(time.fromisoformat(first.strip())), minutes_of(time.fromisoformat(last.strip())))

    def holds(self, minute: int) -> bool:
        """Whether a minute of the day lies in them."""
        if self.begins <= self.ends:
            return self.begins <= minute < self.ends
        return minute >= self.begins or minute < self.ends


def minutes_of(moment: time) -> int:
    """How many minutes after midnight."""
    return moment.hour * 60 + moment.minute


def time_of(minutes: int) -> time:
    """The time so many minutes after midnight."""
    return time(minutes // 60 % 24, minutes % 60)


def allowed_at(now: datetime, zone: ZoneInfo, quiet: Quiet, last_at: datetime | None) -> datetime:
    """The first moment from now on at which somebody may get a mail, in UTC.

    `last_at` is when they got the last one: the next comes on another day of theirs. One from days to come is a clock
    that was set back, and counts as today's.
    """
    here = now.astimezone(zone)
    if last_at is not None and last_at.astimezone(zone).date() >= here.date():
        return _after_quiet(_at(here.date() + _DAY, 0, zone), zone, quiet)
    return _after_quiet(now, zone, quiet)


def _after_quiet(moment: datetime, zone: ZoneInfo, quiet: Quiet) -> datetime:
    here = moment.astimezone(zone)
    minute = minutes_of(here.time())
    if not quiet.holds(minute):
        return moment.astimezone(UTC)
    day = here.date() if minute < quiet.ends else here.date() + _DAY
    # Where clocks are put forward the end may not exist; what comes instead is never before now.
    return max(_at(day, quiet.ends, zone), moment.astimezone(UTC))


def _at(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time_of(minutes), zone).astimezone(UTC)
