"""What the type-ahead of a filter offers: keys that filters understand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, or_, select

from portal.allocations.queries.candidates import list_candidates
from portal.allocations.queries.filters import KEY_END, holds, holds_any_case, words_of
from portal.catalogue.models import Cohort, Department, Module
from portal.extensions import db

MOST = 8


@dataclass(frozen=True, slots=True)
class Option:
    """`key` is what stands in the filter and its address, `name` and `note` are what people read."""

    key: str
    name: str
    note: str = ""


def _modules(text: str) -> Sequence[Option]:
    places = [or_(holds(Module.name_folded, word), holds_any_case(Module.code, word)) for word in words_of(text)]
    wanted = select(Module.code, Module.name).where(Module.is_active, *places).order_by(Module.code)
    return [Option(f"{code}{KEY_END}{name}", name, code) for code, name in _first(wanted)]


def _cohorts(text: str) -> Sequence[Option]:
    places = [or_(holds_any_case(Cohort.code, word), holds(Cohort.name_folded, word)) for word in words_of(text)]
    wanted = select(Cohort.code, Cohort.name).where(Cohort.is_active, *places).order_by(Cohort.code)
    return [Option(code, code, name) for code, name in _first(wanted)]


def _departments(text: str) -> Sequence[Option]:
    places = [
        or_(holds_any_case(Department.code, word), holds(Department.name_folded, word)) for word in words_of(text)
    ]
    wanted = select(Department.code, Department.name).where(*places).order_by(Department.code)
    return [Option(code, code, name if name != code else "") for code, name in _first(wanted)]


def _facilitators(text: str) -> Sequence[Option]:
    return [Option(person.key, person.name, person.employee_id) for person in list_candidates(None, text, MOST)]


def _first(wanted: Select[str, str]) -> Sequence[tuple[str, str]]:
    return [(row[0], row[1]) for row in db.session.execute(wanted.limit(MOST))]


# By kind, each one statement and at most eight options that hold all words of the text.
OPTIONS: Mapping[str, Callable[[str], Sequence[Option]]] = {
    "modules": _modules,
    "cohorts": _cohorts,
    "departments": _departments,
    "facilitators": _facilitators,
}
