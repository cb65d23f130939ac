"""How many course offerings each choice of a filter would show: one statement for all counts of a page."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from sqlalchemy import func, select

from portal.allocations.models import CourseOffering, IntakePeriod, OfferingStatus
from portal.allocations.queries.filters import OfferingFilter, conditions_of_texts
from portal.catalogue.models import Mode
from portal.extensions import db

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Group:
    """Offerings that are alike in all that has counts, and how many they are."""

    academic_year: int
    trimester: int
    status: OfferingStatus
    mode: str
    intake: IntakePeriod
    is_allocated: bool
    count: int
    first_day: date
    last_day: date

    @property
    def term(self) -> tuple[int, int]:
        """Academic year and trimester."""
        return self.academic_year, self.trimester


@dataclass(frozen=True, slots=True)
class Facets:
    """Counts for the choices of a list; each set ignores its own choice and keeps all others.

    `total`, `unallocated`, `first_day`, `last_day` and `terms_shown` are of what is shown itself. Terms are
    (academic year, trimester). A status and "without a facilitator" are one set of choices.
    """

    total: int
    unallocated: int
    first_day: date | None
    last_day: date | None
    terms_shown: Sequence[tuple[int, int]]
    terms: Counter[tuple[int, int]]
    statuses: Counter[OfferingStatus]
    without_facilitator: int
    modes: Counter[str]
    intakes: Counter[IntakePeriod]

    @property
    def allocated(self) -> int:
        """How many of those shown have a facilitator."""
        return self.total - self.unallocated


_IS_ALLOCATED = CourseOffering.facilitator_id.is_not(None).label("is_allocated")
_ALIKE = (
    CourseOffering.academic_year,
    CourseOffering.trimester,
    CourseOffering.status,
    CourseOffering.mode_id,
    CourseOffering.intake_period,
    _IS_ALLOCATED,
)
_CUBE = select(
    *_ALIKE,
    func.count().label("count"),
    func.min(CourseOffering.start_date).label("first_day"),
    func.max(CourseOffering.end_date).label("last_day"),
).group_by(*_ALIKE)


def facets_of(wanted: OfferingFilter) -> Facets:
    """The counts of a list. One statement, whose rows are few however many offerings there are."""
    cube = _CUBE.where(*conditions_of_texts(wanted)).subquery("cube")
    columns = (cube.c.academic_year, cube.c.trimester, cube.c.status, Mode.name, cube.c.intake_period)
    measures = (cube.c.is_allocated, cube.c.count, cube.c.first_day, cube.c.last_day)
    rows = db.session.execute(select(*columns, *measures).join(Mode, Mode.id == cube.c.mode_id))
    return sum_up([Group(*row) for row in rows], wanted)


def sum_up(groups: Sequence[Group], wanted: OfferingFilter) -> Facets:
    """The counts of a list, out of groups that match all but its choices."""
    shown = _matching(groups, wanted)
    of_any_status = _matching(groups, wanted, but="status")
    return Facets(
        total=sum(group.count for group in shown),
        unallocated=sum(group.count for group in shown if not group.is_allocated),
        first_day=min((group.first_day for group in shown), default=None),
        last_day=max((group.last_day for group in shown), default=None),
        terms_shown=sorted({group.term for group in shown}),
        terms=_count(_matching(groups, wanted, but="term"), lambda group: group.term),
        statuses=_count(of_any_status, lambda group: group.status),
        without_facilitator=sum(group.count for group in of_any_status if not group.is_allocated),
        modes=_count(_matching(groups, wanted, but="mode"), lambda group: group.mode),
        intakes=_count(_matching(groups, wanted, but="intake"), lambda group: group.intake),
    )


def _matching(groups: Iterable[Group], wanted: OfferingFilter, but: str = "") -> list[Group]:
    """The groups that fit every choice, or every choice `but` one."""
    tests: dict[str, Callable[[Group], bool]] = {
        "term": lambda group: (
            wanted.academic_year in {None, group.academic_year} and wanted.trimester in {None, group.trimester}
        ),
        "status": lambda group: (
            wanted.status in {None, group.status} and not (wanted.unallocated and group.is_allocated)
        ),
        "mode": lambda group: not wanted.mode or wanted.mode.lower() == group.mode.lower(),
        "intake": lambda group: wanted.intake in {None, group.intake},
    }
    kept = [test for name, test in tests.items() if name != but]
    return [group for group in groups if all(test(group) for test in kept)]


def _count(groups: Iterable[Group], key: Callable[[Group], Key]) -> Counter[Key]:
    counts: Counter[Key] = Counter()
    for group in groups:
        counts[key(group)] += group.count
    return counts
