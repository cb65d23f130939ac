"""Which courses a manager sees where managers answer for departments alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, false, or_, select

from portal.accounts.models import Facilitator, Manager, ManagerDepartment, User
from portal.allocations.models import CourseOffering
from portal.catalogue.models import Department, Module
from portal.catalogue.queries.scopes import modules_within
from portal.extensions import db
from portal.roles import Role
from portal.scoping import Scope, present_scope


def find_scope(user_id: int) -> Scope | None:
    """The scope of a manager; None for a head, for who answers for no department by name, and for others.

    One statement.
    """
    return list_scopes([user_id])[user_id]


def list_scopes(user_ids: Sequence[int]) -> Mapping[int, Scope | None]:
    """The scopes of these people by id. One statement."""
    rows: Iterable[Any] = db.session.connection().execute(_ANSWER, {"user_ids": user_ids})
    own: dict[int, Scope | None] = dict.fromkeys(user_ids)
    for user_id, department_id, facilitator_id, name in rows:
        before = own[user_id] or Scope(())
        departments, names = (*before.departments, department_id), (*before.names, name)
        own[user_id] = Scope(departments, facilitator_id, names, user_id)
    return own


# Built once: where managers answer for departments, each request of theirs asks.
_ANSWER = (
    select(User.id, ManagerDepartment.department_id, Facilitator.id, Department.name)
    .join(Manager, Manager.user_id == User.id)
    .join(ManagerDepartment, ManagerDepartment.manager_id == Manager.id)
    .join(Department, Department.id == ManagerDepartment.department_id)
    .outerjoin(Facilitator, Facilitator.user_id == User.id)
    .where(
        User.id.in_(bindparam("user_ids", expanding=True)), User.role == Role.MANAGER, Manager.is_head.is_(False)
    )
    .order_by(Department.name, Department.id)
)  # fmt: skip


def courses_within(scope: Scope) -> ColumnElement[bool]:
    """Courses whose module is of the departments or of none, those without a module, and what somebody teaches."""
    own = select(Module.id).where(modules_within(scope))
    seen: list[ColumnElement[bool]] = [CourseOffering.module_id.is_(None), CourseOffering.module_id.in_(own)]
    if scope.facilitator_id is not None:
        seen.append(CourseOffering.facilitator_id == scope.facilitator_id)
    return or_(*seen)


def is_elsewhere() -> ColumnElement[bool]:
    """Whether a course is one that the present scope does not hold: for statements that read it all the same."""
    scope = present_scope()
    return false() if scope is None else ~courses_within(scope)
