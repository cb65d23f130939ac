"""What the allocations say of one person: the courses that they teach, and what they did for everyone's."""

from typing import Any

from sqlalchemy import func, select

from portal.accounts.models import Facilitator
from portal.accounts.queries.personal_data import list_of
from portal.allocations.models import CourseOffering, SavedView, WorkloadFormula, WorkloadOverride
from portal.allocations.queries.listing import RUNNING
from portal.audit.models import ChangeBatch
from portal.catalogue.models import Module
from portal.extensions import db

# What tells a course, in the documents of those who teach and study it; needs Module joined from outside.
COURSE = (
    CourseOffering.id.label("course_id"),
    Module.code,
    func.coalesce(CourseOffering.title, Module.name).label("course"),
    CourseOffering.academic_year,
    CourseOffering.trimester,
    CourseOffering.start_date,
    CourseOffering.end_date,
    CourseOffering.status.label("course_status"),
)


def list_courses_taught(user_id: int) -> list[dict[str, Any]]:
    """The courses that are allocated to a person. One statement."""
    wanted = (
        select(*COURSE, CourseOffering.allocated_on)
        .join(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
    )
    return list_of(wanted.where(Facilitator.user_id == user_id).order_by(CourseOffering.id))


def count_courses_ahead(user_id: int) -> int:
    """How many planned or running courses are allocated to a person. One statement."""
    theirs = Facilitator.id == CourseOffering.facilitator_id
    wanted = select(func.count(CourseOffering.id)).join(Facilitator, theirs)
    return db.session.scalar(wanted.where(Facilitator.user_id == user_id, CourseOffering.status.in_(RUNNING))) or 0


def list_saved_views(user_id: int) -> list[dict[str, Any]]:
    """The views of the list that a person keeps. One statement."""
    wanted = select(SavedView.name, SavedView.args, SavedView.is_shared, SavedView.created_at)
    return list_of(wanted.where(SavedView.owner_id == user_id).order_by(SavedView.id))


def list_bulk_changes(user_id: int) -> list[dict[str, Any]]:
    """What a person changed in many courses at once. One statement."""
    wanted = select(ChangeBatch.kind, ChangeBatch.row_count, ChangeBatch.created_at, ChangeBatch.undone_at)
    return list_of(wanted.where(ChangeBatch.actor_id == user_id).order_by(ChangeBatch.id))


def list_formulas_set(user_id: int) -> list[dict[str, Any]]:
    """The workload formulas that a person put in force. One statement."""
    wanted = select(WorkloadFormula.created_at).where(WorkloadFormula.author_id == user_id)
    return list_of(wanted.order_by(WorkloadFormula.id))


def list_workloads_set(user_id: int) -> list[dict[str, Any]]:
    """What a person said courses are worth. One statement."""
    columns = (WorkloadOverride.offering_id.label("course_id"), WorkloadOverride.minutes, WorkloadOverride.reason)
    wanted = select(*columns).where(WorkloadOverride.author_id == user_id)
    return list_of(wanted.order_by(WorkloadOverride.offering_id))
