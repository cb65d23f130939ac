"""How many course offerings each choice of a filter would show: one statement for all counts of a page."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import add
from typing import Any, TypeVar

from sqlalchemy import Integer, cast, func, select, true

from portal.allocations.models import CourseOffering, IntakePeriod, OfferingStatus
from portal.allocations.queries.filters import OfferingFilter, conditions_of_texts, names_of, subjects_of
from portal.catalogue.models import Mode, Module
from portal.extensions import db
from portal.pulses import kept
from portal.pulses.places import Place, Stale, kept_in_places, part_of

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Group:
    """Offerings that are alike in all that has counts: how many they are, with which places and credits together.

    The rest says between which days they lie.
    """

    academic_year: int
    trimester: int
    status: OfferingStatus
    mode: str
    intake: IntakePeriod
    is_allocated: bool
    courses: int
    places: int
    credits: int
    first_day: date
    last_day: date

    @property
    def term(self) -> tuple[int, int]:
        """Academic year and trimester."""
        return self.academic_year, self.trimester

    @property
    def kind(self) -> tuple[Any, ...]:
        """In what they are alike."""
        return self.academic_year, self.trimester, self.status, self.mode, self.intake, self.is_allocated

    def __add__(self, other: "Group") -> "Group":
        return Group(*self.kind, *(join(getattr(self, name), getattr(other, name)) for name, join in _JOINS.items()))


# How what is measured of two groups alike makes what is measured of both.
_JOINS: Mapping[str, Callable[[Any, Any], Any]] = {
    "courses": add, "places": add, "credits": add,
    "first_day": min, "last_day": max,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts for the choices of a list; each set ignores its own choice and keeps all others.

    `total`, `unallocated`, `places`, `credits`, `first_day`, `last_day` and `terms_shown` are of all that matches.
    Terms are (academic year, trimester). A status and "without a facilitator" are one set of choices. `shown` is what
    all that matches falls into.
    """

    total: int
    unallocated: int
    places: int
    credits: int
    first_day: date | None
    last_day: date | None
    terms_shown: Sequence[tuple[int, int]]
    terms: Counter[tuple[int, int]]
    statuses: Counter[OfferingStatus]
    any_status: int
    without_facilitator: int
    modes: Counter[str]
    intakes: Counter[IntakePeriod]
    shown: Sequence[Group] = ()

    @property
    def allocated(self) -> int:
        """How many of those shown have a facilitator."""
        return self.total - self.unallocated


_IS_ALLOCATED = CourseOffering.facilitator_id.is_not(None).label("is_allocated")
_COURSE_ID = CourseOffering.id.expression
_ALIKE = (
    part_of(_COURSE_ID).label("part"),
    CourseOffering.academic_year,
    CourseOffering.trimester,
    CourseOffering.status,
    CourseOffering.mode_id,
    CourseOffering.intake_period,
    _IS_ALLOCATED,
)
_CUBE = (
    select(
        *_ALIKE,
        func.count().label("courses"),
        func.sum(CourseOffering.max_students).label("places"),
        func.sum(Module.credits).label("credits"),
        func.min(CourseOffering.start_date).label("first_day"),
        func.max(CourseOffering.end_date).label("last_day"),
    )
    .select_from(CourseOffering)
    .outerjoin(Module, Module.id == CourseOffering.module_id)
    .group_by(*_ALIKE)
)


def facets_of(wanted: OfferingFilter) -> Facets:
    """The counts of a list. One statement, whose rows are few however many offerings there are."""
    return sum_up(groups_of(wanted), wanted)


def groups_of(wanted: OfferingFilter) -> Sequence[Group]:
    """What all counts of a list are made of: the offerings that match all but its choices.

    One statement at most: kept while no course changes, nor a name that is asked for. Of a part of the courses that
    has changed the groups are read again.
    """
    texts = OfferingFilter(
        cohorts=wanted.cohorts, facilitators=wanted.facilitators, modules=wanted.modules,
        departments=wanted.departments, q=wanted.q,
    )  # fmt: skip

    def read(stale: Stale | None) -> Mapping[Place, Sequence[Group]]:
        return _read_groups(texts, stale)

    def read_all() -> Sequence[Group]:
        parts = kept_in_places("groups by part", texts, read, *names_of(texts))
        return _together(group for groups in parts.values() for group in groups)

    return kept("groups", texts, read_all, *subjects_of(texts))


def _together(groups: Iterable[Group]) -> Sequence[Group]:
    """One group of each kind, of what the parts of the courses have."""
    found: dict[tuple[Any, ...], Group] = {}
    for group in groups:
        kind = group.kind
        found[kind] = found[kind] + group if kind in found else group
    return list(found.values())


def _read_groups(wanted: OfferingFilter, stale: Stale | None) -> Mapping[Place, Sequence[Group]]:
    again = true() if stale is None else stale.among(_COURSE_ID)
    cube = _CUBE.where(*conditions_of_texts(wanted), again).subquery("cube")
    alike = (cube.c.academic_year, cube.c.trimester, cube.c.status, Mode.name, cube.c.intake_period)
    # MariaDB adds up whole numbers to decimals.
    sums = (func.coalesce(cast(sum_, Integer), 0) for sum_ in (cube.c.places, cube.c.credits))
    ends = (cube.c[name] for name in ("first_day", "last_day"))
    measures = (cube.c.is_allocated, cube.c.courses, *sums, *ends)
    found: dict[Place, list[Group]] = {}
    for row in db.session.execute(select(*alike, *measures, cube.c.part).join(Mode, Mode.id == cube.c.mode_id)):
        found.setdefault((row.part, None), []).append(Group(*row[:-1]))
    return found


def sum_up(groups: Sequence[Group], wanted: OfferingFilter) -> Facets:
    """The counts of a list, out of groups that match all but its choices."""
    shown = _matching(groups, wanted)
    of_any_status = _matching(groups, wanted, but="status")
    return Facets(
        total=sum(group.courses for group in shown),
        unallocated=sum(group.courses for group in shown if not group.is_allocated),
        places=sum(group.places for group in shown),
        credits=sum(group.credits for group in shown),
        first_day=min((group.first_day for group in shown), default=None),
        last_day=max((group.last_day for group in shown), default=None),
        terms_shown=sorted({group.term for group in shown}),
        terms=_count(_matching(groups, wanted, but="term"), lambda group: group.term),
        statuses=_count(of_any_status, lambda group: group.status),
        any_status=sum(group.courses for group in of_any_status),
        without_facilitator=sum(group.courses for group in of_any_status if not group.is_allocated),
        modes=_count(_matching(groups, wanted, but="mode"), lambda group: group.mode),
        intakes=_count(_matching(groups, wanted, but="intake"), lambda group: group.intake),
        shown=shown,
    )


def _matching(groups: Iterable[Group], wanted: OfferingFilter, but: str = "") -> list[Group]:
    """The groups that fit every choice, or every choice `but` one."""
    modes = {mode.lower() for mode in wanted.modes}
    any_status = not wanted.statuses and not wanted.without_facilitator
    tests: dict[str, Callable[[Group], bool]] = {
        "term": lambda group: (
            not wanted.terms
            or any(
                year in {None, group.academic_year} and third in {None, group.trimester} for year, third in wanted.terms
            )
        ),
        "nobody": lambda group: not (wanted.unallocated and group.is_allocated),
        "status": lambda group: (
            any_status or group.status in wanted.statuses or (wanted.without_facilitator and not group.is_allocated)
        ),
        "mode": lambda group: not modes or group.mode.lower() in modes,
        "intake": lambda group: not wanted.intakes or group.intake in wanted.intakes,
    }
    kept = [test for name, test in tests.items() if name != but]
    return [group for group in groups if all(test(group) for test in kept)]


def _count(groups: Iterable[Group], key: Callable[[Group], Key]) -> Counter[Key]:
    counts: Counter[Key] = Counter()
    for group in groups:
        counts[key(group)] += group.courses
    return counts
