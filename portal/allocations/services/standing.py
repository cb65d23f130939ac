"""Cancelling, completing and bringing back one course."""

from sqlalchemy import select, update

from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.services.assignment import MAX_REASON
from portal.allocations.services.signals import offerings_changed, standings_changed
from portal.allocations.services.telling import Before, tell_changed
from portal.allocations.services.transitions import DEEDS, TRANSITIONS
from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.pulses import OF_COURSES


def change_status(offering_id: int, status: OfferingStatus, expected_version: int, by: Actor, reason: str = "") -> bool:
    """Give a course another status; False when it stands so already.

    Raises NotFound; DomainError on "reason" for cancelling without one; Conflict when this status cannot follow, or
    when somebody changed the course since `expected_version`.
    """
    row = db.session.execute(
        select(CourseOffering.status, CourseOffering.start_date, CourseOffering.end_date).where(
            CourseOffering.id == offering_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound(lazy("There is no such course."))
    if row.status is status:
        return False
    if status not in TRANSITIONS[row.status]:
        raise Conflict(lazy("Its status cannot become this one."), "status")
    if status is OfferingStatus.CANCELLED and not reason.strip():
        raise DomainError(lazy("Say why: students and the facilitator will ask."), "reason")
    done = db.write(
        update(CourseOffering)
        .where(CourseOffering.id == offering_id, CourseOffering.version == expected_version,
               CourseOffering.status == row.status)
        .values(status=status, version=CourseOffering.version + 1),
        execution_options={OF_COURSES: [offering_id]},
    )  # fmt: skip
    if not done:
        raise Conflict(lazy("Somebody else changed this course meanwhile. Look at it again."), "version")
    said = reason.strip()[:MAX_REASON]
    why = {"reason": (None, said)} if said else {}
    record(by, DEEDS[status], CourseOffering.__tablename__, offering_id, status=(row.status, status), **why)
    _announce(Before(offering_id, expected_version + 1, row.start_date, row.end_date, row.status), status, by, said)
    return True


def _announce(before: Before, status: OfferingStatus, by: Actor, reason: str) -> None:
    offering_id = before.offering_id
    offerings_changed.send(None, offering_ids=[offering_id])
    standings_changed.send(
        None, statuses={offering_id: (before.status, status)}, versions={offering_id: before.version}, by=by,
        reason=reason,
    )  # fmt: skip
    tell_changed([before], by, reason)
