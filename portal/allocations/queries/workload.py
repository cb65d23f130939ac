"""How much work the courses of a term are for those who teach them.

The arithmetic stands here once, as SQL: lists, totals, pages and files take it from `_minutes`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, cast, exists, func, literal, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.types import Integer

from portal.accounts.models import Facilitator, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering, OfferingKind, WorkloadFormula, WorkloadOverride
from portal.allocations.queries.course_loads import CourseLoad, course_load_of
from portal.allocations.queries.filters import named
from portal.allocations.queries.listing import RUNNING
from portal.allocations.queries.scopes import is_elsewhere
from portal.allocations.queries.selections import Term
from portal.catalogue.models import ClassGroup, Mode, Module
from portal.extensions import db
from portal.paging import Page, PageRequest, fitting, make_page, slice_by_key
from portal.roles import Role
from portal.scoping import EVERYWHERE

_earlier = aliased(CourseOffering, name="earlier")
_author = aliased(User, name="author")
WHICH = ("", "over", "free", "none")
SORTS = ("name", "minutes", "courses")


@dataclass(frozen=True, slots=True)
class Formula:
    """What a course is, in minutes for its whole term; `full_time` is the term of somebody who works full time."""

    id: int
    per_credit: int
    per_student: int
    first_time: int
    full_time: int


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody has in a term: courses against their limit, and minutes against their part of full time."""

    id: int
    employee_id: str
    first_name: str
    last_name: str
    department: str | None
    fte: Decimal
    limit: int
    is_available: bool
    courses: int
    credits: int
    students: int
    minutes: int
    percent: int

    @property
    def name(self) -> str:
        """First and last name."""
        return full_name(self.first_name, self.last_name)

    @property
    def is_over(self) -> bool:
        """Whether it is more than the limit or more than their part of full time."""
        return self.courses > self.limit or self.percent > 100


@dataclass(frozen=True, slots=True)
class WorkloadFilter:
    """Whose load of which term: those a text means, of a department, over, with room, or without courses."""

    term: Term
    q: str = ""
    department: str = ""
    which: str = ""


@dataclass(frozen=True, slots=True)
class WorkloadTotals:
    """Of all that match: people, courses, minutes, and how many people are over."""

    people: int
    courses: int
    minutes: int
    over: int


def present_formula() -> Formula:
    """The formula in force. One statement."""
    columns = (WorkloadFormula.id, WorkloadFormula.per_credit, WorkloadFormula.per_student,
               WorkloadFormula.first_time, WorkloadFormula.full_time)  # fmt: skip
    return Formula(*db.session.execute(select(*columns).order_by(WorkloadFormula.id.desc()).limit(1)).one())


def total_workload(wanted: WorkloadFilter, formula: Formula) -> WorkloadTotals:
    """The totals of a list. One statement."""
    rows = _people(wanted, formula).subquery("people")
    over = or_(rows.c.courses > rows.c.max_course_load, rows.c.percent > 100)
    found = db.session.execute(
        select(func.count(), func.sum(rows.c.courses), func.sum(rows.c.minutes), func.sum(case((over, 1), else_=0))),
        execution_options=EVERYWHERE,
    ).one()
    return WorkloadTotals(*(int(number or 0) for number in found))


def page_of_loads(wanted: WorkloadFilter, formula: Formula, page: PageRequest, total: int) -> Page[Load]:
    """People with their loads, by name or by load. One statement."""
    rows = _people(wanted, formula).subquery("people")
    keys = {"name": [rows.c.name_folded], "minutes": [rows.c.minutes], "courses": [rows.c.courses]}[page.sort]
    page = fitting(page, keys)
    found = db.session.execute(slice_by_key(select(rows), keys, rows.c.id, page), execution_options=EVERYWHERE).all()
    ends = [(*(_plain(getattr(row, key.name)) for key in keys), row.id) for row in found]
    return make_page([_load(row) for row in found], ends, page, total)


def every_load(wanted: WorkloadFilter, formula: Formula) -> Sequence[Load]:
    """All that match, by name. One statement."""
    statement = _people(wanted, formula).order_by(User.name_folded, Facilitator.id)
    return [_load(row) for row in db.session.execute(statement, execution_options=EVERYWHERE)]


def load_of(facilitator_id: int, term: Term, formula: Formula) -> Load | None:
    """One person's load, whether they can sign in or not; None for nobody. One statement."""
    statement = _with_loads(term, formula).where(Facilitator.id == facilitator_id)
    row = db.session.execute(statement, execution_options=EVERYWHERE).one_or_none()
    return _load(row) if row else None


def courses_of(facilitator_id: int, term: Term, formula: Formula) -> Sequence[CourseLoad]:
    """The courses behind a load with all that goes into it, by name. One statement.

    A course that the present scope does not hold counts, and says of itself nothing but what it is for the load.
    """
    wanted = (
        _courses(
            term,
            CourseOffering.id, CourseOffering.title, Module.name, Module.code, ClassGroup.name, Mode.name,
            _credits(), _students(), CourseOffering.enrolled_count == 0, _is_first(), Mode.workload_percent,
            _minutes(formula), WorkloadOverride.minutes, WorkloadOverride.reason, _author.first_name, _author.last_name,
            is_elsewhere(),
        )
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .outerjoin(_author, _author.id == WorkloadOverride.author_id)
        .where(CourseOffering.facilitator_id == facilitator_id)
        .order_by(func.coalesce(CourseOffering.title, Module.name), CourseOffering.id)
    )  # fmt: skip
    rows: Iterable[Any] = db.session.execute(wanted, execution_options=EVERYWHERE)
    return [course_load_of(row) for row in rows]


def loads_of(facilitator_ids: Collection[int], term: Term, formula: Formula) -> Mapping[int, Load]:
    """The loads of these people by id. One statement."""
    statement = _with_loads(term, formula).where(Facilitator.id.in_(facilitator_ids))
    return {row.id: _load(row) for row in db.session.execute(statement, execution_options=EVERYWHERE)}


def find_profile(user_id: int) -> int | None:
    """The facilitator that a user is; None when they do not teach. One statement."""
    return db.session.scalar(select(Facilitator.id).where(Facilitator.user_id == user_id))


def list_staff_departments() -> Sequence[str]:
    """The departments of those who teach. One statement."""
    wanted = select(Facilitator.department).where(Facilitator.department.is_not(None)).distinct()
    return [name for name in db.session.scalars(wanted.order_by(Facilitator.department)) if name]


def _people(wanted: WorkloadFilter, formula: Formula) -> Select[*tuple[Any, ...]]:
    statement = _with_loads(wanted.term, formula).where(User.is_active, User.role != Role.STUDENT)
    if wanted.q:
        statement = statement.where(named(wanted.q))
    if wanted.department:
        statement = statement.where(Facilitator.department == wanted.department)
    rows = statement.selected_columns
    if wanted.which == "over":
        return statement.where(or_(rows["courses"] > Facilitator.max_course_load, rows["percent"] > 100))
    if wanted.which == "free":
        return statement.where(rows["courses"] < Facilitator.max_course_load, Facilitator.is_available)
    return statement.where(rows["courses"] == 0) if wanted.which == "none" else statement


def _with_loads(term: Term, formula: Formula) -> Select[*tuple[Any, ...]]:
    """Everyone who teaches with their sums of a term; zeros for those without a course."""
    sums = _courses(
        term,
        CourseOffering.facilitator_id,
        func.count().label("courses"),
        func.sum(_credits()).label("credits"),
        func.sum(_students()).label("students"),
        func.sum(_minutes(formula)).label("minutes"),
    )
    sums = sums.where(CourseOffering.facilitator_id.is_not(None)).group_by(CourseOffering.facilitator_id)
    loads = sums.subquery("loads")
    minutes = cast(func.coalesce(loads.c.minutes, 0), Integer)
    own = cast(formula.full_time * Facilitator.fte, Integer)
    percent = case((own > 0, minutes * 100 // own), (minutes > 0, literal(999)), else_=literal(0))
    return (
        select(
            Facilitator.id, Facilitator.employee_id, User.first_name, User.last_name, User.name_folded,
            Facilitator.department, Facilitator.fte, Facilitator.max_course_load, Facilitator.is_available,
            func.coalesce(loads.c.courses, 0).label("courses"),
            cast(func.coalesce(loads.c.credits, 0), Integer).label("credits"),
            cast(func.coalesce(loads.c.students, 0), Integer).label("students"),
            minutes.label("minutes"), percent.label("percent"),
        )
        .join(User, User.id == Facilitator.user_id)
        .outerjoin(loads, loads.c.facilitator_id == Facilitator.id)
    )  # fmt: skip


def _courses(term: Term, *columns: Any) -> Select[Any]:
    """The planned and running courses of a term with what their minutes are made of."""
    found: Select[Any] = (
        select(*columns)
        .select_from(CourseOffering)
        .join(Mode, Mode.id == CourseOffering.mode_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(WorkloadOverride, WorkloadOverride.offering_id == CourseOffering.id)
        .where(CourseOffering.academic_year == term[0], CourseOffering.trimester == term[1])
        .where(CourseOffering.status.in_(RUNNING), CourseOffering.kind == OfferingKind.COHORT)
    )
    return found


def _credits() -> ColumnElement[int]:
    return func.coalesce(Module.credits, 0)


def _students() -> ColumnElement[int]:
    """Those enrolled; while nobody is, the places."""
    enrolled = CourseOffering.enrolled_count
    return case((enrolled > 0, enrolled), else_=CourseOffering.max_students)


def _is_first() -> ColumnElement[bool]:
    """Whether its facilitator never taught the module in an earlier term."""
    same = and_(
        _earlier.facilitator_id == CourseOffering.facilitator_id,
        _earlier.module_id == CourseOffering.module_id,
        or_(
            _earlier.academic_year < CourseOffering.academic_year,
            and_(_earlier.academic_year == CourseOffering.academic_year, _earlier.trimester < CourseOffering.trimester),
        ),
    )
    return and_(CourseOffering.module_id.is_not(None), ~exists().where(same))


def _minutes(formula: Formula) -> ColumnElement[int]:
    """Credits, students and a first time by the formula, times what the mode counts; or what somebody said instead."""
    first = case((_is_first(), _credits() * formula.first_time), else_=literal(0))
    whole = _credits() * formula.per_credit + _students() * formula.per_student + first
    return func.coalesce(WorkloadOverride.minutes, whole * Mode.workload_percent // 100)


def _load(row: Any) -> Load:
    return Load(row.id, row.employee_id, row.first_name, row.last_name, row.department, row.fte, row.max_course_load,
                row.is_available, int(row.courses), int(row.credits), int(row.students), int(row.minutes),
                int(row.percent))  # fmt: skip


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) else value
