"""Whose courses the present piece of work may see and change, where managers answer for departments alone.

The scope is a condition that the session puts on the courses in every statement that reads them, so that a list, its
counts, an export, an id in an address and a bulk change all mean the same courses. Nothing is put on anything while
nobody has set a scope; what must look past it says so with `EVERYWHERE` or `past_departments`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import Select, event
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlalchemy.sql import ColumnElement

from portal.extensions import db


@dataclass(frozen=True, slots=True)
class Scope:
    """The departments that somebody answers for, by id, and their facilitator profile: what they teach is theirs too.

    Courses of no department are everybody's. `names` are those of the departments. Two who answer for the same and
    teach nothing see the same, so `user_id` makes no difference between scopes.
    """

    departments: tuple[int, ...]
    facilitator_id: int | None = None
    names: tuple[str, ...] = ()
    user_id: int = field(default=0, compare=False)


# The execution options of a statement that reads courses of every department.
EVERYWHERE = {"portal_everywhere": True}
_END = object()
Row = TypeVar("Row")
Wish = TypeVar("Wish", bound=Select[*tuple[Any, ...]])
_present: ContextVar[Scope | None] = ContextVar("scope", default=None)
_limits: dict[type[Any], Callable[[Scope], ColumnElement[bool]]] = {}
_is_by_department: list[Callable[[], bool]] = []


def ask_setting(is_by_department: Callable[[], bool]) -> None:
    """Have `is_by_department` answered by this."""
    _is_by_department[:] = [is_by_department]


def is_by_department() -> bool:
    """Whether managers answer for departments alone, here."""
    return any(ask() for ask in _is_by_department)


def limit(table: type[Any], condition: Callable[[Scope], ColumnElement[bool]]) -> None:
    """Have every statement that reads a table read only what this condition lets a scope see."""
    _limits[table] = condition


def init_scoping() -> None:
    """Listen to what is read; doing so again changes nothing."""
    if not event.contains(db.session, "do_orm_execute", _narrow):
        event.listen(db.session, "do_orm_execute", _narrow)


def present_scope() -> Scope | None:
    """The scope of the present work; None where everything may be seen."""
    return _present.get()


def set_scope(scope: Scope | None) -> None:
    """Begin a piece of work with this scope, or without one."""
    _present.set(scope)


@contextmanager
def within(scope: Scope | None) -> Iterator[None]:
    """What is read within is read with this scope."""
    token = _present.set(scope)
    try:
        yield
    finally:
        _present.reset(token)


@contextmanager
def past_departments() -> Iterator[None]:
    """What follows from a deed is read in every department, whoever did it."""
    with within(None):
        yield


def held(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows that are read after their request has ended, while they are sent, within the scope of now."""
    return _held(iter(rows), _present.get())


def _held(steps: Iterator[Row], scope: Scope | None) -> Iterator[Row]:
    while True:
        # Not around the whole: whoever takes the rows works on between them.
        with within(scope):
            row = next(steps, _END)
        if row is _END:
            return
        yield cast(Row, row)


def narrowed(statement: Wish) -> Wish:
    """A statement for reads that go past the session, under the condition that the session would put on it."""
    scope = _present.get()
    return statement if scope is None else cast(Wish, _narrowed(statement, scope, scope.user_id))


@lru_cache(maxsize=256)
def _narrowed(statement: Select[Any], scope: Scope, user_id: int) -> Select[Any]:
    """Once for each statement that stands: a new one is taken to pieces again to find how it is written."""
    return statement.options(*_criteria(scope, user_id))


def _narrow(state: ORMExecuteState) -> None:
    scope = _present.get()
    if scope is None or not state.is_select or not state.is_orm_statement:
        return
    if not state.execution_options.get("portal_everywhere"):
        state.statement = state.statement.options(*_criteria(scope, scope.user_id))


@lru_cache(maxsize=64)
def _criteria(scope: Scope, _user_id: int) -> Sequence[Any]:
    """The conditions of a scope, and of whoever it is: two who answer for the same have not begun the same imports."""
    return [with_loader_criteria(table, condition(scope)) for table, condition in _limits.items()]
