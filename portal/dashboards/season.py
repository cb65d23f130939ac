"""Where the running term stands, for the page that everyone sees before signing in."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _

from portal.catalogue.calendar import Week, monday_of, weeks_of
from portal.dashboards import queries
from portal.dashboards.queries import Term
from portal.web.locale import date_short, present_day

_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_LASTS = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Season:
    """The running trimester, the week it is in (None in a break), all its weeks, and what comes next in words."""

    trimester: int
    week: int | None
    weeks: Sequence[dict[str, Any]]
    lines: Sequence[tuple[str, str]]


@dataclass(slots=True)
class SeasonReader:
    """Gives the season, and asks the database for the term's dates once a minute at most."""

    read: Callable[[date], Term | None] = queries.find_running_term
    kept: Term | None = None
    until: float = field(default=0.0)

    def __call__(self) -> Season | None:
        """The season in the reader's language; None when no course runs today. At most one statement."""
        today = present_day()
        if time.monotonic() >= self.until:
            self.kept, self.until = self.read(today), time.monotonic() + _LASTS
        term = self.kept  # which another thread may put another in the place of
        return season_of(term, today) if term and term.start <= today <= term.end else None

    def forget(self) -> None:
        """Ask the database again at the next turn."""
        self.until = 0.0


def season_of(term: Term, today: date) -> Season | None:
    """The season of a term on a day; None when the term has no teaching week."""
    weeks = weeks_of(term.start, term.end, term.breaks)
    monday = monday_of(today)
    current = next((week for week in weeks if week.start == monday), None)
    shown = [{"number": week.number, "kind": _kind(week, monday)} for week in weeks]
    return Season(term.trimester, current.number if current else None, shown, _lines(term, weeks, monday))


def _kind(week: Week, monday: date) -> str:
    if week.start == monday:
        return "current"
    return "past" if week.start < monday else "future"


def _lines(term: Term, weeks: Sequence[Week], monday: date) -> list[tuple[str, str]]:
    """This week, the next break, the week after it (or the next week), and the last day."""
    numbers = {week.start: week.number for week in weeks}
    free = next((day for day in _mondays(monday, term.end) if day not in numbers), None)
    after = next((week for week in weeks if week.start > max(monday, free or monday)), None)
    lines = []
    if monday in numbers:
        lines.append((_span(monday), _("Week %(number)s", number=numbers[monday])))
    if free is not None:
        lines.append((_span(free), _("No teaching")))
    if after is not None:
        lines.append((date_short(after.start), _("Week %(number)s begins", number=after.number)))
    return [*lines, (date_short(term.end), _("Last day of teaching"))]


def _mondays(first: date, last: date) -> list[date]:
    return [first + _WEEK * n for n in range((last - first).days // 7 + 1)]


def _span(monday: date) -> str:
    return str(_("%(first)s to %(last)s", first=date_short(monday), last=date_short(monday + _WEEK - _DAY)))
