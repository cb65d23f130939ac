"""What the catalogue says of one person, for the document that they may take with them."""

from typing import Any

from sqlalchemy import select

from portal.accounts.models import Manager, ManagerDepartment, Student
from portal.accounts.queries.personal_data import list_of, one_of
from portal.catalogue.models import Cohort, Department


def find_cohort_of(user_id: int) -> dict[str, Any] | None:
    """The cohort of a student. One statement."""
    wanted = select(Cohort.code, Cohort.name, Cohort.program).join(Student, Student.cohort_id == Cohort.id)
    return one_of(wanted.where(Student.user_id == user_id))


def list_departments_of(user_id: int) -> list[dict[str, Any]]:
    """The departments for which a manager answers. One statement."""
    wanted = (
        select(Department.code, Department.name)
        .join(ManagerDepartment, ManagerDepartment.department_id == Department.id)
        .join(Manager, Manager.id == ManagerDepartment.manager_id)
    )
    return list_of(wanted.where(Manager.user_id == user_id).order_by(Department.code))
