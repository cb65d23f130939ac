"""Deleting one course that nobody worked on."""

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from portal.allocations.models import CourseOffering
from portal.allocations.services.editing import FIELDS
from portal.allocations.services.signals import offerings_leaving
from portal.audit.services import Actor, record
from portal.errors import Conflict, NotFound, lazy
from portal.extensions import db


def delete_offering(offering_id: int, expected_version: int, by: Actor) -> None:
    """Delete a course. Raises NotFound; Conflict when somebody is on it or worked on it, or changed it meanwhile."""
    present = db.session.get(CourseOffering, offering_id, populate_existing=True, with_for_update=True)
    if present is None:
        raise NotFound(lazy("There is no such course."))
    if present.version != expected_version:
        message = lazy("Somebody else changed this course meanwhile. Look at it again.")
        raise Conflict(message, "version", {"version": present.version})
    used = Conflict(lazy("Somebody is on this course or worked on it: it can be cancelled, but not deleted."))
    for _receiver, staying in offerings_leaving.send(None, offering_ids=[offering_id]):
        if offering_id in set(staying):
            raise used
    # With who taught it: whoever keeps an account of allocations is told whose it was.
    named = (*FIELDS, "facilitator_id")
    values = {name: (value, None) for name in named if (value := getattr(present, name)) is not None}
    db.session.expunge(present)
    try:
        with db.session.begin_nested():
            db.session.execute(delete(CourseOffering).where(CourseOffering.id == offering_id))
    except IntegrityError as error:  # some table that names it keeps it
        raise used from error
    record(by, "delete", CourseOffering.__tablename__, offering_id, **values)
