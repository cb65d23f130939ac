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

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true

from portal.allocations.models import CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.allocations.queries.facets import Group
from portal.allocations.queries.filters import OfferingFilter, conditions_of, subjects_of
from portal.allocations.queries.names import list_of
from portal.allocations.queries.sorting import RUNNING, SORTS, Plain
from portal.extensions import db
from portal.pulses import COURSES, kept, kept_anew, recall
from portal.pulses.places import Place, Stale, kept_in_places, part_of
from portal.scoping import past_departments, present_scope

Term = tuple[int, int]
Condition = ColumnElement[bool]
# By term and facilitator: how many courses they have, and how many of those count as load.
_Loads = Mapping[Term, Mapping[int, tuple[int, int]]]
_INTAKES = (IntakePeriod.FT, IntakePeriod.HT1, IntakePeriod.HT2)
_STANDINGS = (OfferingStatus.ACTIVE, OfferingStatus.PLANNED, OfferingStatus.COMPLETED, OfferingStatus.CANCELLED)
_NOBODY = CourseOffering.facilitator_id.is_(None)
# Of more people in an index, MariaDB would think longer than it takes to look at every course.
_INDEXED = 200
# After what a request reads nothing more for keeping: a page has five statements at most, two of them for itself.
_MOST = 2
_BEFORE = frozenset({"names", "groups", "views", "owners of views"})


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
    place: ColumnElement[Any] = SORTS[sort][0].place  # type: ignore[union-attr]

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
    """Who has the same load in which term, and how many courses these people have in it."""

    people: dict[Term, list[int]] = field(default_factory=dict)
    courses: Counter[Term] = field(default_factory=Counter)

    def is_theirs(self, terms: Iterable[Term]) -> Condition:
        """The condition on courses of these people in these terms."""
        known = [term for term in terms if term in self.people]
        owner: ColumnElement[Any] = CourseOffering.facilitator_id.expression
        if sum(len(self.people[term]) for term in known) > _INDEXED:
            owner = func.coalesce(owner, 0)
        among = owner.op("IN", is_comparison=True)
        year, trimester = CourseOffering.academic_year, CourseOffering.trimester
        return or_(*(and_(year == y, trimester == third, among(list_of(self.people[y, third]))) for y, third in known))


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
    shares = {term: courses / every[term] for term, courses in matching.items() if every[term]}
    nobody = sum(group.courses for group in shown if not group.is_allocated)
    courses: dict[int, float] = {-1: nobody} if nobody else {}
    for load, loaded in by_load.items():
        if about := sum(loaded.courses[term] * share for term, share in shares.items()):
            courses[load] = about

    def has(load: int) -> Condition:
        return _NOBODY if load == -1 else by_load[load].is_theirs(shares)

    return Values(courses, has, is_exact=all(share == 1 for share in shares.values()))


def _by_load() -> Mapping[int, _Loaded]:
    """Those who teach, by their load, upwards."""
    found: dict[int, _Loaded] = {}
    for term, people in _together(kept_in_places("loads by part", None, _read_loads)).items():
        for facilitator_id, (courses, load) in people.items():
            loaded = found.setdefault(load, _Loaded())
            loaded.people.setdefault(term, []).append(facilitator_id)
            loaded.courses[term] += courses
    return dict(sorted(found.items()))


def _together(parts: Mapping[Place, _Loads]) -> _Loads:
    found: dict[Term, dict[int, tuple[int, int]]] = {}
    for loads in parts.values():
        for term, people in loads.items():
            here = found.setdefault(term, {})
            for facilitator_id, (courses, load) in people.items():
                before = here.get(facilitator_id, (0, 0))
                here[facilitator_id] = before[0] + courses, before[1] + load
    return found


def _read_loads(stale: Stale | None) -> Mapping[Place, _Loads]:
    course_id = CourseOffering.id.expression
    term = (CourseOffering.facilitator_id, CourseOffering.academic_year, CourseOffering.trimester)
    part = part_of(course_id).label("part")
    load = func.count(case((CourseOffering.status.in_(RUNNING), 1)))
    rows: Iterable[Any] = db.session.execute(
        select(part, *term, func.count(), load)
        .where(CourseOffering.facilitator_id.is_not(None), CourseOffering.kind == OfferingKind.COHORT)
        .where(true() if stale is None else stale.among(course_id))
        .group_by(*term, part)
    )
    found: dict[Place, dict[Term, dict[int, tuple[int, int]]]] = {}
    for place, facilitator_id, year, trimester, courses, running in rows:
        here = found.setdefault((place, None), {}).setdefault((year, trimester), {})
        here[facilitator_id] = courses, running
    return found
