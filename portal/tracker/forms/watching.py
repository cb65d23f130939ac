"""What the compliance page is asked for in its address."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from werkzeug.datastructures import MultiDict

from portal.allocations.forms.listing import ListForm
from portal.allocations.queries import OfferingFilter
from portal.allocations.queries.facets import Group
from portal.catalogue.calendar import Rules
from portal.paging import PageRequest
from portal.tracker.models import ItemStatus
from portal.tracker.queries.compliance import Watched, WeekSums
from portal.tracker.states import LogState

COURSES, PEOPLE = "courses", "facilitators"
Term = tuple[int, int]


@dataclass(frozen=True, slots=True)
class WatchForm:
    """The matrix as an address asks for it: of which courses in one term, by course or by facilitator.

    `week` is the Monday that the five numbers are about, None for the usual one; `state` narrows to it.
    """

    list: ListForm
    by: str
    week: date | None
    state: LogState | None

    @classmethod
    def read(cls, args: MultiDict[str, str]) -> "WatchForm":
        """What an address means; what makes no sense is left out."""
        form = ListForm.from_args(args)
        return cls(form, PEOPLE if args.get("by") == PEOPLE else COURSES, _day(args.get("week")), _state(args))

    @property
    def page(self) -> PageRequest:
        """The part of the matrix: by the course's name, or by the facilitator's."""
        page = self.list.page
        return replace(page, sort="course" if self.by == COURSES else "name", descending=False)

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out but other terms."""
        wanted = self.list.wanted
        return wanted != OfferingFilter(terms=wanted.terms) or self.state is not None

    def of_term(self, term: Term | None) -> "WatchForm":
        """The same within one term."""
        terms = (term,) if term else ()
        return replace(self, list=replace(self.list, wanted=replace(self.list.wanted, terms=terms)))

    def watched(self, focus: WeekSums | None) -> Watched:
        """What the matrix shows; `focus` is the week that the state is about."""
        return Watched(self.list.wanted, focus.start if focus and self.state else None, self.state)

    def watched_logs(self) -> Watched:
        """What a list of logs shows: every week unless one is asked for."""
        return Watched(self.list.wanted, self.week, self.state)

    def to_args(self, **changes: Any) -> dict[str, Any]:
        """The shortest address parameters that mean this; `changes` replace some of them."""
        own = {
            "by": self.by if self.by != COURSES else "",
            "week": self.week.isoformat() if self.week else "",
            "state": self.state.value if self.state else "",
        }
        own |= {name: changes.pop(name) for name in list(changes) if name in own}
        args = self.list.to_args(**({"sort": "", "columns": ""} | changes))
        return args | {name: value for name, value in own.items() if value}

    def others(self) -> dict[str, str]:
        """What a filter's own addresses must keep: all that is not a filter of courses."""
        return {name: value for name, value in self.to_args().items() if name in {"by", "week", "state"}}


@dataclass(frozen=True, slots=True)
class ItemChoice:
    """An item of the checklist (None: any) in a status; without a status it leaves nothing out."""

    key: str
    item_id: int | None
    status: ItemStatus | None

    @classmethod
    def read(cls, args: MultiDict[str, str], checklist: Iterable[Any]) -> "ItemChoice":
        """What an address means; a key that is not there means any item."""
        known = {item.key: item.item_id for item in checklist}
        key, status = args.get("item", ""), args.get("status_of", "")
        found = ItemStatus(status) if status in set(ItemStatus) else None
        return cls(key if key in known else "", known.get(key), found)

    def to_args(self) -> dict[str, str]:
        """The address parameters that mean this."""
        found = {"item": self.key, "status_of": self.status.value if self.status else ""}
        return {name: value for name, value in found.items() if value}


def day_begins(day: date, rules: Rules) -> datetime:
    """Midnight at the beginning of the institution's day."""
    return datetime.combine(day, time(0), rules.zone)


def choose_term(form: WatchForm, groups: Iterable[Group], today: date) -> Term | None:
    """The term that is watched: as asked, else that of most courses which run today, else the latest."""
    asked = [term for term in form.list.wanted.terms if None not in term]
    return term_of(*(asked[0] if asked else (None, None)), groups, today)


def term_of(year: int | None, trimester: int | None, groups: Iterable[Group], today: date) -> Term | None:
    """This term; where only a part of it or nothing is said, that of most courses which run today, else the latest."""
    if year is not None and trimester is not None:
        return year, trimester
    terms: dict[Term, list[Group]] = {}
    for group in groups:
        if year in {None, group.term[0]} and trimester in {None, group.term[1]}:
            terms.setdefault(group.term, []).append(group)
    running = {
        term: sum(one.courses for one in found if one.first_day <= today <= one.last_day)
        for term, found in terms.items()
    }
    best = max(running, key=lambda term: (running[term], term), default=None)
    return best if best is None or running[best] else max(terms)


def choose_week(asked: date | None, weeks: Sequence[WeekSums], now: datetime, today: date) -> WeekSums | None:
    """The week that the numbers are about: as asked, else the last whose deadline has passed, else this one."""
    if asked is not None:
        return next((week for week in weeks if week.start == asked), None) or choose_week(None, weeks, now, today)
    due = [week for week in weeks if week.due_at < now]
    begun = [week for week in weeks if week.start <= today]
    return next(iter(reversed(due or begun or weeks[:1])), None)


def week_of(number: int | None, weeks: Sequence[WeekSums], now: datetime, today: date) -> WeekSums | None:
    """The week at this place in the term, None when it has no such; without a number the usual one."""
    if number is None:
        return choose_week(None, weeks, now, today)
    return next((week for week in weeks if week.number == number), None)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _state(args: MultiDict[str, str]) -> LogState | None:
    text = args.get("state", "")
    return LogState(text) if text in set(LogState) else None
