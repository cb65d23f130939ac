"""A term that lies around a day: the day falls in its ninth teaching week of fifteen."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal.allocations.models import IntakePeriod
from portal.catalogue.calendar import Break, monday_of

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_TEACHING_WEEKS = 15
_CURRENT = 9
_BEFORE_BREAK = 6
_HT2_BEGINS = 10


@dataclass(frozen=True, slots=True)
class Term:
    """A term from its first Monday to its last Friday, with its break if it has one."""

    start: date
    end: date
    pause: Break | None

    @property
    def trimester(self) -> int:
        """1, 2 or 3, by the third of the year in which its middle lies."""
        return ((self.start + (self.end - self.start) / 2).month - 1) // 4 + 1

    @property
    def year(self) -> int:
        """The academic year, which is that of its middle."""
        return (self.start + (self.end - self.start) / 2).year

    def dates(self, intake: IntakePeriod) -> tuple[date, date]:
        """First and last day: the full term, its weeks until the break, or its last third."""
        if intake is IntakePeriod.HT1:
            return self.start, self.start + _BEFORE_BREAK * _WEEK - 3 * _DAY
        if intake is IntakePeriod.HT2:
            return self.end - (_TEACHING_WEEKS - _HT2_BEGINS) * _WEEK - 4 * _DAY, self.end
        return self.start, self.end


def term_around(today: date, *, has_break: bool) -> Term:
    """The term whose ninth teaching week holds this day."""
    start = monday_of(today) - (_CURRENT - 1 + has_break) * _WEEK
    end = start + (_TEACHING_WEEKS + has_break) * _WEEK - 3 * _DAY
    monday = start + _BEFORE_BREAK * _WEEK
    return Term(start, end, Break(monday, monday + 6 * _DAY) if has_break else None)
