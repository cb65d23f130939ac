"""Who may change what of the catalogue, where managers answer for departments alone.

Classes, cohorts, modes and breaks are everybody's. A module that moved to another department would take its courses
along, so modules and departments are changed by those who answer for them.
"""

from collections.abc import Mapping
from typing import Any

from portal.catalogue.kinds import Kind
from portal.catalogue.queries.scopes import is_elsewhere
from portal.errors import DomainError, NotFound, lazy
from portal.scoping import present_scope


def is_closed(kind: Kind, entry_id: int) -> bool:
    """Whether the present scope may read an entry and not change it. One statement, or none."""
    scope = present_scope()
    if scope is None or kind.name not in {"modules", "departments"}:
        return False
    return is_elsewhere(entry_id) if kind.name == "modules" else entry_id not in scope.departments


def check_own(kind: Kind, entry_id: int) -> None:
    """Raise NotFound for an entry that the present scope may not change."""
    if is_closed(kind, entry_id):
        raise NotFound(lazy("There is no such entry."))


def check_new(kind: Kind) -> None:
    """Raise DomainError for a new department, which the present scope would not hold."""
    if kind.name == "departments" and present_scope() is not None:
        raise DomainError(lazy("Only those who answer for all departments add one."), kind.key)


def check_department(values: Mapping[str, Any], before: int | None) -> None:
    """Raise DomainError for a module that would become one of a department which the present scope does not hold."""
    scope, wanted = present_scope(), values.get("department_id")
    if scope is not None and wanted not in {None, before, *scope.departments}:
        raise DomainError(lazy("You do not answer for this department."), "department_id")
