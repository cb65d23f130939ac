"""In which order course offerings can stand.

What is sorted must be narrow: comparing the names of 20,000 courses costs more than anything else in the list. So the
names of the small tables (modules, classes, people, …) are put in order once in each statement, and courses are sorted
by the numbers that this gives.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, or_, select, union_all

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.catalogue.models import ClassGroup, Cohort, Mode, Module
from portal.paging import PageRequest, slice_by_key, values_of

# What counts as load: courses that are being taught or will be.
RUNNING = (OfferingStatus.PLANNED, OfferingStatus.ACTIVE)

Value = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Plain:
    """A key that is a number or a day of the course itself; `place` is what is sorted, `values` what a row holds."""

    place: Value
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A key by the order of a small table's names.

    `names` gives `key` and the columns that are put in order, `owner` is the key as a course has it; a course
    without one stands where empty names would. `values` are the same names in the row that is shown.
    """

    names: Subquery
    owner: Value
    values: tuple[Value, ...]

    @property
    def columns(self) -> Sequence[Value]:
        """What is put in order."""
        return [column for column in self.names.c if column.key != "key"]


@dataclass(frozen=True, slots=True)
class Counted:
    """A key by how many running courses the facilitator has in the term; -1 without a facilitator."""

    values: tuple[Value, ...]


Key = Plain | Ranked | Counted


def _plain(column: Any) -> Plain:
    return Plain(column, (column,))


_own_title = select((-CourseOffering.id), CourseOffering.title_folded, literal("")).where(
    CourseOffering.module_id.is_(None)
)
_titles = union_all(
    select(Module.id.label("key"), Module.name_folded.label("name"), Module.code.label("code")), _own_title
).subquery("titles")
_people = (
    select(Facilitator.id.label("key"), User.name_folded.label("name"), Facilitator.employee_id.label("code"))
    .join(User, User.id == Facilitator.user_id)
    .subquery("people")
)
_OWN = func.coalesce(CourseOffering.module_id, -CourseOffering.id)
_CODE = func.coalesce(Module.code, "")
_NAME = Ranked(_titles, _OWN, (func.coalesce(Module.name_folded, CourseOffering.title_folded), _CODE))
_MODULE = Ranked(
    select(Module.id.label("key"), Module.code.label("code")).subquery("codes"),
    CourseOffering.module_id.expression,
    (_CODE,),
)
_CLASS = Ranked(
    select(ClassGroup.id.label("key"), ClassGroup.name.label("name")).subquery("groups"),
    CourseOffering.class_id.expression,
    (func.coalesce(ClassGroup.name, ""),),
)
_COHORT = Ranked(
    select(Cohort.id.label("key"), Cohort.code.label("code")).subquery("intakes"),
    CourseOffering.cohort_id.expression,
    (func.coalesce(Cohort.code, ""),),
)
_MODE = Ranked(
    select(Mode.id.label("key"), Mode.name.label("name")).subquery("manners"),
    CourseOffering.mode_id.expression,
    (Mode.name.expression,),
)
_PERSON = Ranked(
    _people,
    CourseOffering.facilitator_id.expression,
    (func.coalesce(User.name_folded, ""), func.coalesce(Facilitator.employee_id, "")),
)
_CREDITS = select(Module.id.label("key"), Module.credits.label("credits")).subquery("worths")
_STANDING = case(
    (and_(CourseOffering.facilitator_id.is_(None), CourseOffering.status.in_(RUNNING)), 0),
    (CourseOffering.status == OfferingStatus.ACTIVE, 1),
    (CourseOffering.status == OfferingStatus.PLANNED, 2),
    (CourseOffering.status == OfferingStatus.COMPLETED, 3),
    else_=4,
)
_INTAKE = case(
    (CourseOffering.intake_period == IntakePeriod.FT, 0), (CourseOffering.intake_period == IntakePeriod.HT1, 1), else_=2
)
_TERM = CourseOffering.academic_year * 10 + CourseOffering.trimester
_COURSE = (_NAME, _CLASS)
# `load` of a row as the list shows it; the alias is that of the correlated count in `listing`.
_other = CourseOffering.__table__.alias("other")
LOAD = (
    select(func.count())
    .where(
        _other.c.facilitator_id == CourseOffering.facilitator_id,
        _other.c.academic_year == CourseOffering.academic_year,
        _other.c.trimester == CourseOffering.trimester,
        _other.c.status.in_(RUNNING),
        _other.c.kind == OfferingKind.COHORT,
    )
    .correlate(CourseOffering)
    .scalar_subquery()
)
_LOAD = Counted((case((CourseOffering.facilitator_id.is_(None), -1), else_=LOAD),))

# The first is how the list stands unless asked otherwise: those that need someone come first.
SORTS: Mapping[str, tuple[Key, ...]] = {
    "status": (_plain(_STANDING), *_COURSE),
    "course": _COURSE,
    "code": (_MODULE, _CLASS),
    "class": (_CLASS, _NAME),
    "cohort": (_COHORT, *_COURSE),
    "mode": (_MODE, *_COURSE),
    "intake": (_plain(_INTAKE), *_COURSE),
    "term": (_plain(_TERM), *_COURSE),
    "places": (_plain(CourseOffering.max_students.expression), *_COURSE),
    "credits": (Ranked(_CREDITS, CourseOffering.module_id.expression, (func.coalesce(Module.credits, 0),)), *_COURSE),
    "facilitator": (_PERSON, *_COURSE),
    "load": (_LOAD, *_COURSE),
    "start": (_plain(CourseOffering.start_date.expression), *_COURSE),
    "end": (_plain(CourseOffering.end_date.expression), *_COURSE),
}


def values_in(sort: str) -> list[Value]:
    """What a row holds of its sort, for the cursor of its page; needs the joins of the row that is shown."""
    return [value for key in SORTS[sort] for value in key.values]


@dataclass(slots=True)
class _Sorter:
    """Builds a statement: places to order by, and what stands after (`beyond`) or at (`level`) the cursor."""

    statement: Select[Any]
    downward: bool
    places: list[Value] = field(default_factory=list)
    beyond: list[ColumnElement[bool]] = field(default_factory=list)
    level: list[ColumnElement[bool]] = field(default_factory=list)

    def add(self, key: Key, values: Sequence[Any] | None) -> None:
        """One more key, less weighty than those before it."""
        if isinstance(key, Ranked):
            place, side = self._rank(key, values)
            self.compare(side, None if values is None else 0)
        else:
            place = key.place if isinstance(key, Plain) else self._load()
            self.compare(place, values[0] if values else None)
        self.places.append(place)

    def compare(self, place: Value, value: Any) -> None:
        """Leave out what stands before the cursor, whose value this is."""
        if value is not None:
            self.beyond.append(and_(*self.level, place < value if self.downward else place > value))
            self.level.append(place == value)

    def _rank(self, key: Ranked, values: Sequence[Any] | None) -> tuple[Value, Value]:
        """The place of a course's name, and on which side of the cursor's it stands: -1, 0 or 1."""
        names, columns = key.names, key.columns
        rank = func.rank().over(order_by=columns).label("place")
        side = _side(columns, values) if values else literal(0)
        ranks = select(names.c.key, rank, side.label("side")).subquery(f"{names.name}_ranked")
        self.statement = self.statement.outerjoin(ranks, ranks.c.key == key.owner)
        of_nothing = 0 if not values or not any(values) else -1
        return func.coalesce(ranks.c.place, 0), func.coalesce(ranks.c.side, of_nothing)

    def _load(self) -> Value:
        term = (CourseOffering.facilitator_id, CourseOffering.academic_year, CourseOffering.trimester)
        running = CourseOffering.__table__.alias("running")
        columns = [running.c[column.key] for column in term]
        loads = (
            select(*columns, func.count().label("courses"))
            .where(
                running.c.facilitator_id.is_not(None),
                running.c.status.in_(RUNNING),
                running.c.kind == OfferingKind.COHORT,
            )
            .group_by(*columns)
            .subquery("loads")
        )
        same = [loads.c[column.key] == column for column in term]
        self.statement = self.statement.outerjoin(loads, and_(*same))
        return case((CourseOffering.facilitator_id.is_(None), -1), else_=func.coalesce(loads.c.courses, 0))


def _side(columns: Sequence[Value], values: Sequence[Any]) -> Value:
    before: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for column, value in zip(columns, values, strict=True):
        before.append(and_(*same, column < value))
        same.append(column == value)
    return case((or_(*before), -1), (and_(*same), 0), else_=1)


def slice_sorted(conditions: Sequence[ColumnElement[bool]], page: PageRequest) -> Subquery:
    """The ids of a page's courses (one more than it shows) and their places, `place_0` and so on, in one subquery."""
    cursor = page.cursor
    held = list(values_of(cursor, values_in(page.sort)) or ()) if cursor else []
    downward = page.descending != (cursor is not None and cursor.backward)
    sorter = _Sorter(select(CourseOffering.id).select_from(CourseOffering).where(*conditions), downward)
    for key in SORTS[page.sort]:
        part, held = held[: len(key.values)], held[len(key.values) :]
        sorter.add(key, part if cursor else None)
    if cursor:
        sorter.compare(CourseOffering.id.expression, cursor.row_id)
        sorter.statement = sorter.statement.where(or_(*sorter.beyond))
    places = [place.label(f"place_{at}") for at, place in enumerate(sorter.places)]
    order = [place.desc() if downward else place.asc() for place in (*sorter.places, CourseOffering.id)]
    return sorter.statement.add_columns(*places).order_by(*order).limit(page.size + 1).subquery("page")


def slice_by_names(
    conditions: Sequence[ColumnElement[bool]], page: PageRequest, first: Value | None = None
) -> Subquery:
    """As `slice_sorted`, for few courses: their names themselves are put in order, not those of everything.

    `first` says what is put in order first where that is known otherwise than by looking at each course.
    """
    values = values_in(page.sort)
    values = values if first is None else [first, *values[1:]]
    places = [value.label(f"place_{at}") for at, value in enumerate(values)]
    columns: list[Any] = [CourseOffering.id, *places]
    wanted = (
        select(*columns)
        .select_from(CourseOffering)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .outerjoin(Cohort, Cohort.id == CourseOffering.cohort_id)
        .outerjoin(Mode, Mode.id == CourseOffering.mode_id)
        .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
        .outerjoin(User, User.id == Facilitator.user_id)
        .where(*conditions)
    )
    # By their labels, so that what is counted for a course is counted once.
    return slice_by_key(wanted, places, CourseOffering.id.expression, page).subquery("page")
