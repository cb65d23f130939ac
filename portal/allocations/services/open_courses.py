"""Open courses: self-paced, made by a facilitator, joined by students themselves. And how a course's page stands."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update

from portal import clock
from portal.allocations.models import CourseOffering, OfferingKind
from portal.allocations.services.offerings import OfferingDraft, create_offering, status_by_dates
from portal.audit.services import Actor, record
from portal.catalogue.calendar import trimester_of
from portal.catalogue.models import Mode
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db

SELF_PACED = "Self-paced"
OPEN, CLOSED = "open", "closed"


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """An open course as somebody wants it. `policy` says whether students can enrol: "open" or "closed"."""

    title: str | None
    summary: str | None
    start_date: date
    end_date: date
    max_students: int
    policy: str = OPEN


def create_open_course(draft: OpenDraft, facilitator_id: int, by: Actor, today: date) -> CourseOffering:
    """A new open course that is a draft, of a facilitator's own. It owes no weekly logs and is no load.

    Raises DomainError with the field at fault.
    """
    if not (draft.title or "").strip():
        raise DomainError(lazy("Give the course a title."), "title")
    offering = create_offering(
        OfferingDraft(
            module_id=None,
            class_id=None,
            cohort_id=None,
            mode_id=_self_paced(),
            academic_year=draft.start_date.year,
            trimester=trimester_of(draft.start_date),
            start_date=draft.start_date,
            end_date=draft.end_date,
            max_students=draft.max_students,
            status=status_by_dates(draft.start_date, draft.end_date, today),
            kind=OfferingKind.OPEN,
            title=draft.title,
            summary=draft.summary,
        ),
        by,
    )
    offering.facilitator_id, offering.allocated_on = facilitator_id, draft.start_date
    offering.enrolment_policy = draft.policy
    db.session.flush()
    given = {"facilitator_id": (None, facilitator_id), "enrolment_policy": (None, draft.policy)}
    record(by, "assign", CourseOffering.__tablename__, offering.id, **given)
    return offering


def publish_course(offering_id: int, by: Actor) -> bool:
    """Open a course's page to students, or open it again when it was archived; False when that is so already.

    Raises NotFound, and DomainError on "title" or "summary" where one of them is missing.
    """
    row = _lock(offering_id)
    if row.published_at is not None and row.archived_at is None:
        return False
    if row.kind is OfferingKind.OPEN and not (row.title or "").strip():
        raise DomainError(lazy("Give the course a title before you publish it."), "title")
    if not (row.summary or "").strip():
        raise DomainError(lazy("Write a summary before you publish the course."), "summary")
    now = clock.now()
    _write(row, "publish", by, published_at=row.published_at or now, archived_at=None)
    return True


def archive_course(offering_id: int, by: Actor) -> bool:
    """Close a course: nobody comes in any more, who is on it can still read; False when that is so already.

    Raises NotFound, and Conflict for one that was never published.
    """
    row = _lock(offering_id)
    if row.archived_at is not None:
        return False
    if row.published_at is None:
        raise Conflict(lazy("A draft cannot be archived. Publish it first, or leave it as it is."))
    _write(row, "archive", by, archived_at=clock.now())
    return True


def set_policy(offering_id: int, policy: str, by: Actor) -> bool:
    """Say whether students can enrol by themselves; False when it stands so already. Raises NotFound."""
    row = _lock(offering_id)
    if row.enrolment_policy == policy:
        return False
    _write(row, "update", by, enrolment_policy=policy)
    return True


def raise_version(offering_id: int) -> None:
    """Note that something beside the course's own row was changed, so that a form opened before it is stale."""
    course = CourseOffering.id == offering_id
    changed = update(CourseOffering).where(course).values(version=CourseOffering.version + 1)
    db.session.execute(changed.execution_options(synchronize_session="fetch"))


def _self_paced() -> int:
    """The mode of open courses, which expects no weekly logs."""
    wanted = select(Mode.id).where(Mode.name == SELF_PACED, Mode.expects_weekly_log.is_(False))
    mode_id = db.session.scalar(wanted)
    if mode_id is None:
        raise DomainError(lazy("There is no self-paced mode without weekly logs. Ask the academic office."))
    return mode_id


def _lock(offering_id: int) -> CourseOffering:
    row = db.session.get(CourseOffering, offering_id, populate_existing=True, with_for_update=True)
    if row is None:
        raise NotFound(lazy("There is no such course."))
    return row


def _write(row: CourseOffering, action: str, by: Actor, **values: str | datetime | None) -> None:
    changes = {name: (getattr(row, name), value) for name, value in values.items() if getattr(row, name) != value}
    for name, (_before, after) in changes.items():
        setattr(row, name, after)
    row.version += 1
    db.session.flush()
    record(by, action, CourseOffering.__tablename__, row.id, **changes)
