"""What a known file is, and how its rows name other things."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.catalogue.services import DepartmentDraft
from portal.errors import lazy
from portal.exchange.services.cells import Column, RowError
from portal.exchange.services.registers import Register
from portal.exchange.services.term import Term

Given = dict[str, Any]
DEPARTMENT_CODE = 20


def _nothing(_given: Given, _term: Term) -> None:
    """Refer to nothing."""


def _complete(_given: Given) -> None:
    """Have nothing that follows from other cells."""


def _fine(_draft: Any, _stored: Any, _term: Term) -> None:
    """Have no rule beyond those of the cells."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One known file.

    `thing` is what one row describes, translatable.
    `key` are the draft's fields that tell rows apart. `complete` fills in what follows from other
    cells, also in a row with faults. `refer` replaces what a row refers to by the spelling that is
    stored, `verify` checks a draft; both raise RowError.
    """

    name: str
    thing: Any
    draft: Callable[..., Any]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    register: Callable[[Term], Register[Any]]
    complete: Callable[[Given], None] = _complete
    refer: Callable[[Given, Term], None] = _nothing
    verify: Callable[[Any, Any, Term], None] = _fine

    def key_in(self, given: Given) -> Hashable:
        """The key of a row. Raises KeyError when some of it could not be read."""
        values = tuple(given[name] for name in self.key)
        return values if len(values) > 1 else values[0]

    def key_in_words(self, given: Given) -> str:
        """The key of a row as a person reads it."""
        return _words(self.key_in(given))


def _words(value: Any) -> str:
    return " · ".join(map(_words, value)) if isinstance(value, tuple) else str(value)


_UNKNOWN = {
    "module_code": lazy("There is no module of this code."),
    "class_name": lazy("There is no class of this name."),
    "cohort_code": lazy("There is no cohort of this code."),
    "mode": lazy("There is no mode of this name."),
    "facilitator_employee_id": lazy("There is no facilitator with this employee id."),
    "student_number": lazy("There is no student with this number."),
}


def find(given: Given, column: str, register: Register[Any], message: Any = None, value: Any = None) -> Any:
    """How a row's reference is spelled where it is known; None for none. Raises RowError."""
    wanted = given.get(column) if value is None else value
    if wanted is None or (spelled := register.spelling_of(wanted)) is not None:
        return None if wanted is None else spelled
    shown = given.get(column, "")
    if refused := register.refused(wanted):
        file, line = refused
        why = lazy("It depends on line %(line)s of %(file)s, which has an error.", line=line, file=file)
        raise RowError(why, column, str(shown), follows=True)
    raise RowError(message or _UNKNOWN[column], column, str(shown))


def refer_to(given: Given, column: str, register: Register[Any]) -> None:
    """Replace a reference by the spelling that is known. Raises RowError."""
    if column in given:
        given[column] = find(given, column, register)


def refuse_elsewhere(code: str | None, column: str, term: Term) -> None:
    """Raise RowError for a module of a department that whoever imports does not answer for."""
    if code in term.modules_elsewhere:
        why = lazy("This module belongs to a department that you do not answer for.")
        raise RowError(why, column, str(code))


def new_department(code: str | None, term: Term) -> None:
    """A department that nobody described yet is made from its code."""
    if code and len(code) <= DEPARTMENT_CODE and term.departments.spelling_of(code) is None:
        term.departments.take(code, 0, DepartmentDraft(code))


def in_order(first: date | None, last: date | None, *, one_day: bool = False) -> None:
    """Raise RowError when the last day is before the first, or the same unless `one_day`."""
    if first and last and (last < first or (last == first and not one_day)):
        why = lazy("The end must lie after the start, which is %(start)s.", start=first.isoformat())
        raise RowError(why, "end_date", last.isoformat())
