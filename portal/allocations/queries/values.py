"""How many courses have each value of what a list puts in order first, before their names.

Where that is counted, a page needs no other courses than those with its first values. Statuses, intakes and terms are
counted in the groups of the list; days and places are counted once for a filter, and loads once for everybody, both
kept while no course changes.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, String, and_, case, cast, func, literal_column, or_, select

from portal.allocations.models import CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.allocations.queries.facets import Group
from portal.allocations.queries.filters import OfferingFilter, conditions_of, subjects_of
from portal.allocations.queries.sorting import RUNNING, SORTS, Plain
from portal.extensions import db
from portal.pulses import COURSES, kept, kept_anew, recall
from portal.scoping import past_departments, present_scope

log = structlog.get_logger()
Term = tuple[int, int]
Condition = ColumnElement[bool]
_INTAKES = (IntakePeriod.FT, IntakePeriod.HT1, IntakePeriod.HT2)
_STANDINGS = (OfferingStatus.ACTIVE, OfferingStatus.PLANNED, OfferingStatus.COMPLETED, OfferingStatus.CANCELLED)
_NOBODY = CourseOffering.facilitator_id.is_(None)
# Of more people in an index, MariaDB would think longer than it takes to look at every course.
_INDEXED = 200
# After what a request reads nothing more for keeping: a page has five statements at most, two of them for itself.
_MOST = 2
_BEFORE = frozenset({"names", "groups", "views", "owners of views"})
# In the statement itself: no database has to guess its type.
_COMMA: Any = literal_column("','")


@dataclass(frozen=True, slots=True)
class Values:
    """By value, upwards, how many of a list's courses have it: exactly, or about as many; `has` is the condition."""

    courses: Mapping[Any, float]
    has: Callable[[Any], Condition]
    is_exact: bool = True


def values_of_list(wanted: OfferingFilter, sort: str, shown: Sequence[Group]) -> Values | None:
    """The values of what a sort puts in order first; None where nobody has counted them.

    One statement at most, and none in a request that had to read much else anew.
    """
    if not shown:
        return None
    if sort in _COUNTED:
        return _of_groups(sort, shown)
    may_read, key = _may_read(), SORTS[sort][0]
    if not isinstance(key, Plain):
        return _of_loads(shown, may_read=may_read) if sort == "load" else None
    follows = subjects_of(wanted)
    if not may_read and recall("values", (sort, wanted), *follows) is None:
        return None
    found = kept("values", (sort, wanted), lambda: _count(wanted, key), *follows)
    return Values(found, lambda value: key.place == value)


def _may_read() -> bool:
    """Whether a fifth statement is left beside the page's own, who asks, and the departments they answer for."""
    read = len(kept_anew() & _BEFORE)
    return read + (present_scope() is not None) < _MOST


def value_in(sort: str, text: Any) -> Any:
    """A value as a cursor holds it: a day of a cursor is a text."""
    return date.fromisoformat(text) if sort in {"start", "end"} else text


def _count(wanted: OfferingFilter, key: Plain) -> Mapping[Any, int]:
    counted = select(key.place, func.count()).where(*conditions_of(wanted)).group_by(key.place).order_by(key.place)
    rows: Sequence[Any] = db.session.execute(counted).all()
    return dict(rows)


def _of_groups(sort: str, shown: Sequence[Group]) -> Values | None:
    counts: Counter[int] = Counter()
    for group in shown:
        counts[_COUNTED[sort](group)] += group.courses
    place: ColumnElement[Any] = SORTS[sort][0].place  # type: ignore[union-attr]  # what groups count is a column

    def has(value: int) -> Condition:
        # Those that need someone in words that an index answers.
        return and_(place == value, _NOBODY) if sort == "status" and value == 0 else place == value

    return Values({value: counts[value] for value in sorted(counts)}, has)


def _standing(group: Group) -> int:
    if not group.is_allocated and group.status in RUNNING:
        return 0
    return _STANDINGS.index(group.status) + 1


_COUNTED: Mapping[str, Callable[[Group], int]] = {
    "status": _standing,
    "intake": lambda group: _INTAKES.index(group.intake),
    "term": lambda group: group.academic_year * 10 + group.trimester,
}


@dataclass(frozen=True, slots=True)
class _Loaded:
    """Who has the same load, by term: a list of them for a statement, how many they are, and how many courses."""

    people: dict[Term, str] = field(default_factory=dict)
    heads: Counter[Term] = field(default_factory=Counter)
    courses: Counter[Term] = field(default_factory=Counter)

    def is_theirs(self, terms: Iterable[Term]) -> Condition:
        """The condition on courses of these people in these terms."""
        known = [term for term in terms if term in self.people]
        owner: ColumnElement[Any] = CourseOffering.facilitator_id.expression
        if sum(self.heads[term] for term in known) > _INDEXED:
            owner = func.coalesce(owner, 0)
        among = owner.op("IN", is_comparison=True)
        year, trimester = CourseOffering.academic_year, CourseOffering.trimester
        theirs = {term: among(literal_column(f"({self.people[term]})")) for term in known}
        return or_(*(and_(year == y, trimester == third, theirs[y, third]) for y, third in known))


def _of_loads(shown: Sequence[Group], *, may_read: bool) -> Values | None:
    """Loads count in every department, whoever looks; how many of the courses match is a guess by their term."""
    with past_departments():
        if not may_read and recall("loads", None, COURSES) is None:
            return None
        by_load = kept("loads", None, _by_load, COURSES)
    matching: Counter[Term] = Counter()
    for group in shown:
        matching[group.term] += group.courses if group.is_allocated else 0
    every: Counter[Term] = Counter()
    for loaded in by_load.values():
        every.update(loaded.courses)
    if any(not every[term] for term, courses in matching.items() if courses):
        return None
    shares = {term: courses / every[term] for term, courses in matching.items() if courses}
    nobody = sum(group.courses for group in shown if not group.is_allocated)
    courses: dict[int, float] = {-1: nobody} if nobody else {}
    for load, loaded in by_load.items():
        if about := sum(loaded.courses[term] * share for term, share in shares.items()):
            courses[load] = about

    def has(load: int) -> Condition:
        return _NOBODY if load == -1 else by_load[load].is_theirs(shares)

    return Values(courses, has, is_exact=all(share == 1 for share in shares.values()))


def _by_load() -> Mapping[int, _Loaded]:
    """Those who teach, by their load, upwards; nobody where the database cut the list of them short.

    It puts the lists together itself: to read some thousand rows would take longer than to count them.
    """
    found: dict[int, _Loaded] = {}
    rows: Iterable[Any] = db.session.execute(_LOADS)
    for year, trimester, load, people, heads, courses, sum_of_ids in rows:
        if sum(map(int, people.split(","))) != sum_of_ids:
            log.error("loads_cut", characters=len(people), look="group_concat_max_len of the database")
            return {}
        loaded, term = found.setdefault(load, _Loaded()), (year, trimester)
        loaded.people[term] = people
        loaded.heads[term], loaded.courses[term] = heads, int(courses)
    return found


def _loads() -> Select[Any]:
    term = (CourseOffering.facilitator_id, CourseOffering.academic_year, CourseOffering.trimester)
    running = func.count(case((CourseOffering.status.in_(RUNNING), 1))).label("running")
    each = (
        select(*term, func.count().label("courses"), running)
        .where(CourseOffering.facilitator_id.is_not(None), CourseOffering.kind == OfferingKind.COHORT)
        .group_by(*term)
        .subquery("each")
    )
    alike = (each.c.academic_year, each.c.trimester, each.c.running)
    people = func.aggregate_strings(cast(each.c.facilitator_id, String), _COMMA)
    sums = (func.count(), func.sum(each.c.courses), func.sum(each.c.facilitator_id))
    return select(*alike, people, *sums).group_by(*alike).order_by(each.c.running)


_LOADS = _loads()
