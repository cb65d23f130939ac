"""Who stands behind a facilitator's number, and who answers for a course."""

from sqlalchemy import select

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module
from portal.extensions import db


def user_of_facilitator(facilitator_id: int) -> int | None:
    """The active account of a facilitator; None when it is closed. One statement."""
    wanted = select(User.id).join(Facilitator, Facilitator.user_id == User.id)
    found: int | None = db.session.scalar(wanted.where(Facilitator.id == facilitator_id, User.is_active))
    return found


def department_of_course(offering_id: int) -> int | None:
    """The department of a course's module; None where it has none. One statement."""
    wanted = select(Module.department_id).join(CourseOffering, CourseOffering.module_id == Module.id)
    found: int | None = db.session.scalar(wanted.where(CourseOffering.id == offering_id))
    return found
