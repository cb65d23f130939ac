"""A course's weeks, for who teaches it and for who manages."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, or_, select

from portal.accounts.models import Facilitator, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import ClassGroup, Mode, Module
from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.tracker.queries.rows import LOG_COLUMNS, Log, Moment, join_course, list_checklist, load_logs


@dataclass(frozen=True, slots=True)
class Course:
    """The head of a course's page; `facilitator` is the name of who teaches it now."""

    id: int
    facilitator_id: int | None
    name: str
    code: str | None
    class_name: str | None
    mode: str
    status: OfferingStatus
    start_date: date
    end_date: date
    academic_year: int
    trimester: int
    first_name: str | None
    last_name: str | None

    @property
    def facilitator(self) -> str:
        """The name of who teaches it; empty when nobody does."""
        return full_name(self.first_name, self.last_name)


def course_seen_by(facilitator_id: int | None, offering_id: int, *, manages: bool) -> Course | None:
    """The course, for who teaches or taught it, and for everyone who manages. One statement."""
    found = (
        select(
            CourseOffering.id,
            CourseOffering.facilitator_id,
            COURSE_NAME.label("name"),
            Module.code,
            ClassGroup.name.label("class_name"),
            Mode.name.label("mode"),
            CourseOffering.status,
            CourseOffering.start_date,
            CourseOffering.end_date,
            CourseOffering.academic_year,
            CourseOffering.trimester,
            User.first_name,
            User.last_name,
        )
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .join(Mode, Mode.id == CourseOffering.mode_id)
        .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
        .outerjoin(User, User.id == Facilitator.user_id)
        .where(CourseOffering.id == offering_id)
    )
    if not manages:
        owes_there = exists().where(
            ActivityLog.allocation_id == CourseOffering.id, ActivityLog.facilitator_id == facilitator_id
        )
        found = found.where(or_(CourseOffering.facilitator_id == facilitator_id, owes_there))
    row = db.session.execute(found).one_or_none()
    return Course(**row._mapping) if row else None


def list_weeks_of(offering_id: int, moment: Moment) -> list[Log]:
    """All logs of a course, first week first. Three statements at any size."""
    wanted = (
        select(*LOG_COLUMNS)
        .select_from(join_course())
        .where(ActivityLog.allocation_id == offering_id)
        .order_by(ActivityLog.week_start)
    )
    return load_logs(wanted, moment, list_checklist())
