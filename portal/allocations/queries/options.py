"""What the type-ahead of a filter offers: keys that filters understand, with how many courses each would show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from portal.allocations.models import CourseOffering
from portal.allocations.queries.candidates import list_candidates
from portal.allocations.queries.filters import (
    KEY_END,
    OfferingFilter,
    conditions_of_choices,
    conditions_of_texts,
    holds,
    holds_any_case,
    words_of,
)
from portal.catalogue.models import Cohort, Department, Module
from portal.extensions import db

MOST = 8


@dataclass(frozen=True, slots=True)
class Option:
    """`key` is what stands in the filter and its address, `name`, `note` and `courses` are what people read."""

    id: int
    key: str
    name: str
    note: str = ""
    courses: int = 0


def _modules(text: str) -> Sequence[Option]:
    places = [or_(holds(Module.name_folded, word), holds_any_case(Module.code, word)) for word in words_of(text)]
    wanted = select(Module.id, Module.code, Module.name).where(Module.is_active, *places).order_by(Module.code)
    return [Option(row_id, f"{code}{KEY_END}{name}", name, code) for row_id, code, name in _first(wanted)]


def _cohorts(text: str) -> Sequence[Option]:
    places = [or_(holds_any_case(Cohort.code, word), holds(Cohort.name_folded, word)) for word in words_of(text)]
    wanted = select(Cohort.id, Cohort.code, Cohort.name).where(Cohort.is_active, *places).order_by(Cohort.code)
    return [Option(row_id, code, code, name) for row_id, code, name in _first(wanted)]


def _departments(text: str) -> Sequence[Option]:
    places = [
        or_(holds_any_case(Department.code, word), holds(Department.name_folded, word)) for word in words_of(text)
    ]
    wanted = select(Department.id, Department.code, Department.name).where(*places).order_by(Department.code)
    return [Option(row_id, code, code, name if name != code else "") for row_id, code, name in _first(wanted)]


def _facilitators(text: str) -> Sequence[Option]:
    people = list_candidates(None, text, MOST)
    return [Option(person.id, person.key, person.name, person.employee_id) for person in people]


def _first(wanted: Select[int, str, str]) -> Sequence[tuple[int, str, str]]:
    return [(row[0], row[1], row[2]) for row in db.session.execute(wanted.limit(MOST))]


@dataclass(frozen=True, slots=True)
class _Kind:
    """How to find options, the filter that they set, and the column in which a course names its own."""

    find: Callable[[str], Sequence[Option]]
    sets: str
    of_course: ColumnElement[Any]


_KINDS: Mapping[str, _Kind] = {
    "modules": _Kind(_modules, "module", CourseOffering.module_id.expression),
    "cohorts": _Kind(_cohorts, "cohort", CourseOffering.cohort_id.expression),
    "departments": _Kind(_departments, "department", Module.department_id.expression),
    "facilitators": _Kind(_facilitators, "facilitator", CourseOffering.facilitator_id.expression),
}


def list_options(kind: str, text: str, beside: OfferingFilter) -> Sequence[Option]:
    """At most eight options of a kind that hold all words of the text; two statements.

    Each counts the courses that it would show with the other filters of `beside`; its own place there is ignored.
    """
    known = _KINDS[kind]
    found = known.find(text)
    others: dict[str, Any] = {known.sets: ""}
    counts = _count_courses(known.of_course, [option.id for option in found], replace(beside, **others))
    return [replace(option, courses=counts.get(option.id, 0)) for option in found]


def _count_courses(column: ColumnElement[Any], ids: Sequence[int], wanted: OfferingFilter) -> Mapping[int, int]:
    if not ids:
        return {}
    counted = (
        select(column, func.count(CourseOffering.id))
        .select_from(CourseOffering)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .where(column.in_(ids), *conditions_of_choices(wanted), *conditions_of_texts(wanted))
        .group_by(column)
    )
    return {row[0]: row[1] for row in db.session.execute(counted)}
