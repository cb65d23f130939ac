"""Which modules and departments the present scope holds: all read the catalogue, and not all change all of it."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, or_, select

from portal.catalogue.models import Department, Module
from portal.extensions import db
from portal.scoping import Scope, present_scope


def modules_within(scope: Scope) -> ColumnElement[bool]:
    """Modules of the scope's departments or of none."""
    return or_(Module.department_id.is_(None), Module.department_id.in_(scope.departments))


def is_elsewhere(module_id: int) -> bool:
    """Whether a module is of a department that the present scope does not hold. One statement, or none."""
    scope = present_scope()
    if scope is None:
        return False
    return db.session.scalar(select(Module.id).where(Module.id == module_id, ~modules_within(scope))) is not None


def list_codes_elsewhere() -> frozenset[str]:
    """The codes of all modules that `is_elsewhere`. One statement, or none."""
    scope = present_scope()
    wanted = select(Module.code)
    return frozenset() if scope is None else frozenset(db.session.scalars(wanted.where(~modules_within(scope))))


def list_own_departments() -> Mapping[int, tuple[str, str]] | None:
    """Code and name of the departments of the present scope, by id, in the order of names; None for all.

    One statement, or none.
    """
    scope = present_scope()
    if scope is None:
        return None
    wanted = select(Department.id, Department.code, Department.name).where(Department.id.in_(scope.departments))
    return {row[0]: (row[1], row[2]) for row in db.session.execute(wanted.order_by(Department.name))}
