"""Taking what is personal out of the audit, where a person is deleted and what was done must stay."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, bindparam, select, update

from portal import clock
from portal.audit.models import AuditEvent
from portal.extensions import db

REMOVED = "removed"
_CHUNK = 500
_EVENTS = cast(Table, AuditEvent.__table__)

Changes = Mapping[str, list[Any]]


def rewrite_changes(which: ColumnElement[bool], rewrite: Callable[[Changes], Changes]) -> int:
    """Give events other changes, 500 at a time; gives how many those were. Within the caller's transaction."""
    wanted = select(AuditEvent.id, AuditEvent.changes).where(which).order_by(AuditEvent.id).limit(_CHUNK)
    statement = update(_EVENTS).where(_EVENTS.c.id == bindparam("row_id"))
    statement = statement.values(changes=bindparam("new"), updated_at=clock.now())
    last = count = 0
    while rows := db.session.execute(wanted.where(AuditEvent.id > last)).all():
        last = rows[-1].id
        pairs = [(row.id, row.changes, rewrite(row.changes)) for row in rows]
        values = [{"row_id": row_id, "new": new} for row_id, old, new in pairs if new != old]
        if values:
            db.session.connection().execute(statement, values)
        count += len(values)
    return count


def removing_all_but(kept: Collection[str]) -> Callable[[Changes], Changes]:
    """Puts "removed" in the place of every value but those of these fields; nothing stays nothing."""
    return lambda changes: {
        name: pair if name in kept else [None if value is None else REMOVED for value in pair]
        for name, pair in changes.items()
    }


def replacing(field: str, old: str, new: str) -> Callable[[Changes], Changes]:
    """Puts another value in the place of one, in one field."""
    return lambda changes: {
        name: [new if value == old else value for value in pair] if name == field else pair
        for name, pair in changes.items()
    }
