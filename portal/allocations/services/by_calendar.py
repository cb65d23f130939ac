"""Courses begin and end by their dates, without anybody's doing."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, select, update

from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.services.signals import offerings_changed
from portal.audit.models import AuditEvent
from portal.audit.services import Change, System, record_many
from portal.bulk import CHUNK
from portal.database import IN_PLACE
from portal.extensions import db
from portal.pulses import OF_COURSES

# The log of the last week is due after the last day, and is reminded of and escalated for some time: only running
# courses are.
LINGERS = timedelta(weeks=3)


def follow_calendar(today: date) -> int:
    """Begin planned courses whose first day has come, complete active ones that ended three weeks ago.

    Some hundred of each at a time, inside the caller's transaction; gives how many. It happens to a course once: what
    somebody brings back by hand stays as they want it.
    """
    begun = _pass([CourseOffering.status == OfferingStatus.PLANNED, CourseOffering.start_date <= today,
                   CourseOffering.end_date >= today], "begin", OfferingStatus.ACTIVE)  # fmt: skip
    over = _pass([CourseOffering.status.in_((OfferingStatus.PLANNED, OfferingStatus.ACTIVE)),
                  CourseOffering.end_date < today - LINGERS], "complete", OfferingStatus.COMPLETED)  # fmt: skip
    return begun + over


def _pass(due: Sequence[ColumnElement[bool]], action: str, status: OfferingStatus) -> int:
    happened = exists().where(
        AuditEvent.entity == CourseOffering.__tablename__, AuditEvent.entity_id == CourseOffering.id,
        AuditEvent.action == action, AuditEvent.actor_id.is_(None),
    )  # fmt: skip
    found = select(CourseOffering.id).where(*due, ~happened).order_by(CourseOffering.id).limit(CHUNK)
    wanted = select(CourseOffering.id, CourseOffering.status).where(
        CourseOffering.id.in_(db.session.scalars(found).all()), *due
    )
    # Another worker waits here, and then finds them changed.
    rows = db.session.execute(wanted.order_by(CourseOffering.id).with_for_update())
    before: dict[int, Any] = {row.id: row.status for row in rows}
    if not before:
        return 0
    ids = list(before)
    db.session.execute(
        update(CourseOffering)
        .where(CourseOffering.id.in_(ids))
        .values(status=status, version=CourseOffering.version + 1)
        .execution_options(**IN_PLACE),
        execution_options={OF_COURSES: ids},
    )
    table = CourseOffering.__tablename__
    record_many(System(), [Change(action, table, row_id, {"status": (was, status)}) for row_id, was in before.items()])
    offerings_changed.send(None, offering_ids=ids)
    return len(ids)
