"""The cohorts and departments that accounts point to."""

from collections.abc import Sequence

from sqlalchemy import select

from portal.accounts import units
from portal.accounts.units import Kind, Unit
from portal.catalogue.models import Cohort, Department
from portal.extensions import db


def init_units() -> None:
    """Say how they are read."""
    units.register(Kind.COHORT, _list_cohorts)
    units.register(Kind.DEPARTMENT, _list_departments)


def _list_cohorts() -> Sequence[Unit]:
    wanted = select(Cohort.id, Cohort.code, Cohort.name, Cohort.is_active).order_by(Cohort.code)
    return [Unit(*row) for row in db.session.execute(wanted)]


def _list_departments() -> Sequence[Unit]:
    wanted = select(Department.id, Department.code, Department.name).order_by(Department.code)
    return [Unit(*row) for row in db.session.execute(wanted)]
