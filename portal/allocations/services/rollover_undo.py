"""Taking a rollover back: what it made is deleted, where nobody changed or used it since."""

from collections.abc import Collection, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.allocations.models import CourseOffering
from portal.allocations.queries.listing import RUNNING
from portal.allocations.queries.selections import lock_courses
from portal.allocations.services.signals import offerings_leaving
from portal.allocations.services.telling import Handover, tell_allocated
from portal.allocations.services.undoing import TOO_LATE, Undone, may_be_undone
from portal.audit.models import AuditEvent, ChangeBatch
from portal.audit.services import Actor, Change, open_batch, record_many
from portal.bulk import in_chunks
from portal.errors import Conflict, NotFound, lazy
from portal.extensions import db


def undo_rollover(batch_id: int, by: Actor) -> Undone:
    """Delete what one's own rollover made, where nobody changed or used it since. Raises as `undo_change` does."""
    batch = db.session.get(ChangeBatch, batch_id)
    if batch is None or batch.actor_id != by.user_id or batch.kind != "rollover":
        raise NotFound(lazy("There is no such change."))
    if not may_be_undone(batch.created_at, batch.undone_at, clock.now()):
        raise Conflict(TOO_LATE)
    made = list(db.session.scalars(select(AuditEvent.entity_id).where(AuditEvent.batch_id == batch_id)))
    lock_courses(sorted(made))
    going = _untouched(made)
    for _receiver, staying in offerings_leaving.send(None, offering_ids=sorted(going)):
        going -= set(staying)
    undone = _delete(batch, going, by)
    return Undone(undone, len(going), len(made) - len(going))


def _untouched(ids: Sequence[int]) -> set[int]:
    """Those that stand as they were made."""
    found: set[int] = set()
    for part in in_chunks(ids):
        wanted = select(CourseOffering.id).where(
            CourseOffering.id.in_(part), CourseOffering.version == 1, CourseOffering.enrolled_count == 0
        )
        found |= set(db.session.scalars(wanted))
    return found


def _delete(batch: ChangeBatch, going: set[int], by: Actor) -> int:
    try:
        with db.session.begin_nested():
            undone = open_batch(by, "undo_rollover", len(going), undoes=batch.id)
    except IntegrityError as error:  # a second click: the first one has done it
        raise Conflict(
            lazy("This can no longer be undone: ten minutes have passed, or it was undone already.")
        ) from error
    db.session.execute(update(ChangeBatch).where(ChangeBatch.id == batch.id).values(undone_at=clock.now()))
    tell_allocated(_taken(going), by, from_files=True)
    for part in in_chunks(sorted(going)):
        deleted = _deleted(part)
        db.session.execute(delete(CourseOffering).where(CourseOffering.id.in_(part)))
        record_many(by, deleted, undone)
    return undone


def _deleted(offering_ids: Collection[int]) -> list[Change]:
    """For the audit: courses that go, each with who taught it."""
    who = CourseOffering.facilitator_id
    rows = select(CourseOffering.id, who).where(CourseOffering.id.in_(offering_ids)).order_by(CourseOffering.id)
    return [
        Change("delete", CourseOffering.__tablename__, row_id, {"facilitator_id": (one, None)} if one else {})
        for row_id, one in db.session.execute(rows)
    ]


def _taken(going: set[int]) -> list[Handover]:
    """What their facilitators were told was theirs is not any more."""
    found = []
    for part in in_chunks(sorted(going)):
        wanted = select(CourseOffering.id, CourseOffering.version, CourseOffering.facilitator_id)
        rows = db.session.execute(wanted.where(CourseOffering.id.in_(part), CourseOffering.status.in_(RUNNING)))
        found += [Handover(row.id, row.version + 1, row.facilitator_id, None) for row in rows]
    return found
