"""What the type-ahead of a filter offers: keys that filters understand, with how many courses each would show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.allocations.queries.filters import (
    KEY_END,
    OfferingFilter,
    conditions_of,
    holds,
    holds_any_case,
    words_of,
)
from portal.catalogue.models import Cohort, Department, Module
from portal.extensions import db
from portal.scoping import present_scope

MOST = 8

Text = InstrumentedAttribute[str]


@dataclass(frozen=True, slots=True)
class Option:
    """`key` is what stands in the filter and its address, `name`, `note` and `courses` are what people read."""

    key: str
    name: str
    note: str
    courses: int


@dataclass(frozen=True, slots=True)
class _Kind:
    """Where options of a kind stand, the filter that they set, and how a row of code, name and count becomes one."""

    sets: str
    of_course: ColumnElement[Any]
    rows: Select[str, str]
    row_id: InstrumentedAttribute[int]
    code: Text
    folded: Text
    order: Text
    option: Callable[[str, str, int], Option]


def _by_code(code: str, name: str, courses: int) -> Option:
    return Option(code, code, name if name != code else "", courses)


_PEOPLE = (
    select(Facilitator.employee_id, (User.first_name + " " + User.last_name).label("name"))
    .select_from(Facilitator)
    .join(User, User.id == Facilitator.user_id)
    .where(User.is_active)
)
_KINDS: Mapping[str, _Kind] = {
    "modules": _Kind(
        sets="modules",
        of_course=CourseOffering.module_id.expression,
        rows=select(Module.code, Module.name).where(Module.is_active),
        row_id=Module.id,
        code=Module.code,
        folded=Module.name_folded,
        order=Module.code,
        option=lambda code, name, courses: Option(f"{code}{KEY_END}{name}", name, code, courses),
    ),
    "cohorts": _Kind(
        sets="cohorts",
        of_course=CourseOffering.cohort_id.expression,
        rows=select(Cohort.code, Cohort.name).where(Cohort.is_active),
        row_id=Cohort.id,
        code=Cohort.code,
        folded=Cohort.name_folded,
        order=Cohort.code,
        option=_by_code,
    ),
    "departments": _Kind(
        sets="departments",
        of_course=Module.department_id.expression,
        rows=select(Department.code, Department.name),
        row_id=Department.id,
        code=Department.code,
        folded=Department.name_folded,
        order=Department.code,
        option=_by_code,
    ),
    "facilitators": _Kind(
        sets="facilitators",
        of_course=CourseOffering.facilitator_id.expression,
        rows=_PEOPLE,
        row_id=Facilitator.id,
        code=Facilitator.employee_id,
        folded=User.name_folded,
        order=User.name_folded,
        option=lambda code, name, courses: Option(f"{name} ({code})", name, code, courses),
    ),
}


def list_options(kind: str, text: str, beside: OfferingFilter) -> Sequence[Option]:
    """At most eight options of a kind that hold all words of the text, those that show something first; one
    statement, and one for names that a search beside it looks through, unless they are kept.

    Each counts the courses that it would show with the other filters of `beside`; its own place there is ignored. Where
    somebody sees but some courses, only what one of these has is offered.
    """
    known = _KINDS[kind]
    others: dict[str, Any] = {known.sets: ()}
    counts = _courses_by(known.of_course, replace(beside, **others))
    places = [or_(holds(known.folded, word), holds_any_case(known.code, word)) for word in words_of(text)]
    found = (
        known.rows.add_columns(func.coalesce(counts.c.courses, 0))
        .outerjoin(counts, counts.c.owner == known.row_id)
        .where(*places)
        .order_by(counts.c.courses.is_(None), known.order, known.row_id)
        .limit(MOST)
    )
    if present_scope() is not None:
        found = found.where(known.row_id.in_(select(_courses_by(known.of_course, OfferingFilter()).c.owner)))
    return [known.option(*row) for row in db.session.execute(found)]


def _courses_by(owner: ColumnElement[Any], wanted: OfferingFilter) -> Subquery:
    """How many of the wanted courses each module, cohort, department or facilitator has."""
    return (
        select(owner.label("owner"), func.count(CourseOffering.id).label("courses"))
        .select_from(CourseOffering)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .where(*conditions_of(wanted))
        .group_by(owner)
        .subquery()
    )
