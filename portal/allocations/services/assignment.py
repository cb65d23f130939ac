"""Who teaches a course offering."""

from datetime import date
from typing import Any

from sqlalchemy import func, select, update

from portal.accounts.models import Facilitator, User
from portal.accounts.names import full_name
from portal.allocations import queries
from portal.allocations.models import CourseOffering, OfferingKind, OfferingStatus
from portal.allocations.queries import OfferingRow
from portal.allocations.queries.listing import RUNNING
from portal.allocations.services.signals import offerings_changed
from portal.allocations.services.telling import Handover, tell_allocated
from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.pulses import OF_COURSES
from portal.roles import Role
from portal.scoping import EVERYWHERE

MAX_REASON = 500
_UNKNOWN = lazy("There is no such facilitator. Choose one from the list.")


class OverLimit(DomainError):
    """One course too many for a facilitator: allowed, but only with a reason. `facts`: `load` with it, and `limit`."""


def assign_facilitator(
    offering_id: int,
    facilitator_id: int | None,
    expected_version: int,
    by: Actor,
    today: date,
    reason: str | None = None,
) -> bool:
    """Allocate a facilitator, change them, or take them away with None. False when it stood so already.

    Raises NotFound for an unknown offering; Conflict when it is completed or cancelled, or when someone else
    changed it since `expected_version` (`facts`: `version`, `facilitator_id` and `facilitator`, their name, as they
    stand now); DomainError on "facilitator" for someone unknown, signed off or not available; OverLimit on "reason"
    when the load would pass the limit and no reason is given.
    """
    offering = _open_offering(offering_id)
    if offering.facilitator_id == facilitator_id:
        return False
    if offering.version != expected_version:
        raise _stale(offering)
    if facilitator_id is not None:
        _check_person(offering, facilitator_id, reason)
    before = db.session.scalar(select(CourseOffering.allocated_on).where(CourseOffering.id == offering_id))
    since = _allocated_on(offering, facilitator_id, before, today)
    if not _write(offering_id, facilitator_id, since, expected_version):
        raise _stale(_open_offering(offering_id))
    changes = _changes((offering.facilitator_id, facilitator_id), (before, since), reason)
    record(by, "assign", CourseOffering.__tablename__, offering_id, **changes)
    offerings_changed.send(None, offering_ids=[offering_id])
    tell_allocated([Handover(offering_id, expected_version + 1, offering.facilitator_id, facilitator_id)], by)
    return True


def allocate_created(
    offering: CourseOffering, facilitator_id: int, by: Actor, today: date, reason: str | None = None
) -> None:
    """Say who teaches a course that was created in this transaction; of one that is over, who taught it.

    Raises as `assign_facilitator` and `enter_who_taught` do.
    """
    if offering.status is OfferingStatus.COMPLETED:
        enter_who_taught(offering.id, facilitator_id, by)
    else:
        assign_facilitator(offering.id, facilitator_id, offering.version, by, today, reason)


def enter_who_taught(offering_id: int, facilitator_id: int, by: Actor) -> None:
    """Say who taught a course that was entered when it was over. Nobody is told, no limit binds, and no week is owed.

    Raises NotFound for an unknown course, DomainError on "facilitator" for someone unknown.
    """
    start = db.session.scalar(select(CourseOffering.start_date).where(CourseOffering.id == offering_id))
    if start is None:
        raise NotFound(lazy("There is no such course."))
    wanted = select(Facilitator.id).join(User, User.id == Facilitator.user_id)
    if db.session.scalar(wanted.where(Facilitator.id == facilitator_id, User.role != Role.STUDENT)) is None:
        raise DomainError(_UNKNOWN, "facilitator")
    db.session.execute(
        update(CourseOffering)
        .where(CourseOffering.id == offering_id)
        .values(facilitator_id=facilitator_id, allocated_on=start, version=CourseOffering.version + 1),
        execution_options={OF_COURSES: [offering_id]},
    )
    record(
        by, "assign", CourseOffering.__tablename__, offering_id, **_changes((None, facilitator_id), (None, start), "")
    )
    offerings_changed.send(None, offering_ids=[offering_id])


def _changes(
    person: tuple[int | None, int | None], since: tuple[date | None, date | None], reason: str | None
) -> dict[str, tuple[Any, Any]]:
    """What the audit keeps: before and after of what changed, and the reason when one was given."""
    changes: dict[str, tuple[Any, Any]] = {"facilitator_id": person}
    if since[0] != since[1]:
        changes["allocated_on"] = since
    if reason and reason.strip():
        changes["reason"] = (None, reason.strip()[:MAX_REASON])
    return changes


def _open_offering(offering_id: int) -> OfferingRow:
    offering = queries.find_offering(offering_id)
    if offering is None:
        raise NotFound(lazy("There is no such course."))
    if not offering.takes_facilitator:
        raise Conflict(lazy("This course is completed or cancelled: its facilitator stays as it is."))
    return offering


def _stale(offering: OfferingRow) -> Conflict:
    facts = {
        "version": offering.version,
        "facilitator_id": offering.facilitator_id,
        "facilitator": offering.facilitator,
    }
    if offering.facilitator_id is None:
        message = lazy("Someone else changed this course meanwhile. It has no facilitator now.")
    else:
        message = lazy(
            "Someone else changed this course meanwhile. %(name)s is allocated now.", name=offering.facilitator
        )
    return Conflict(message, "version", facts)


def _check_person(offering: OfferingRow, facilitator_id: int, reason: str | None) -> None:
    # Locked until the commit, so that two allocations of one person at a time are counted one after the other; whoever
    # plans weeks of theirs meanwhile, which refer to them, waits only where the database cannot tell the two.
    person = db.session.execute(
        select(Facilitator.max_course_load, Facilitator.is_available, User.first_name, User.last_name)
        .join(User, User.id == Facilitator.user_id)
        .where(Facilitator.id == facilitator_id, User.is_active, User.role != Role.STUDENT)
        .with_for_update(of=(Facilitator, User), key_share=True)
    ).one_or_none()
    if person is None:
        raise DomainError(_UNKNOWN, "facilitator")
    limit, is_available, first_name, last_name = person
    name = full_name(first_name, last_name)
    if not is_available:
        raise DomainError(lazy("%(name)s is not available at present.", name=name), "facilitator")
    load = _load_without(offering, facilitator_id) + 1
    if load > limit and not (reason and reason.strip()):
        message = lazy(
            "%(name)s would be over the limit: %(load)s of %(limit)s. Allocate anyway?",
            name=name,
            load=load,
            limit=limit,
        )
        raise OverLimit(message, "reason", {"load": load, "limit": limit, "facilitator": name})


def _load_without(offering: OfferingRow, facilitator_id: int) -> int:
    wanted = select(func.count()).where(
        CourseOffering.facilitator_id == facilitator_id,
        CourseOffering.academic_year == offering.academic_year,
        CourseOffering.trimester == offering.trimester,
        CourseOffering.status.in_(RUNNING),
        CourseOffering.kind == OfferingKind.COHORT,
        CourseOffering.id != offering.id,
    )
    return db.session.scalar(wanted, execution_options=EVERYWHERE) or 0


def _allocated_on(offering: OfferingRow, facilitator_id: int | None, before: date | None, today: date) -> date | None:
    """The day from which someone owes logs: it stays when one person follows another."""
    if facilitator_id is None:
        return None
    return before or max(today, offering.start_date)


def _write(offering_id: int, facilitator_id: int | None, since: date | None, expected_version: int) -> bool:
    """Set the facilitator unless someone else wrote since; whether that was so."""
    done = db.write(
        update(CourseOffering)
        .where(
            CourseOffering.id == offering_id,
            CourseOffering.version == expected_version,
            CourseOffering.status.in_(RUNNING),
        )
        .values(facilitator_id=facilitator_id, allocated_on=since, version=CourseOffering.version + 1),
        execution_options={OF_COURSES: [offering_id]},
    )
    return bool(done)
