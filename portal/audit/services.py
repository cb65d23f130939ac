"""Writing the audit: always in the transaction of the change itself."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol, cast

from blinker import Signal
from sqlalchemy import Table, insert

from portal import clock
from portal.audit.models import AuditEvent, ChangeBatch
from portal.extensions import db

# Rows of the table: as entities they would be looked through for what the database fills in, and nothing is.
_WRITE = insert(cast(Table, AuditEvent.__table__))

changes_recorded = Signal("""Something was changed.

Sent with `changes` inside the transaction, after their rows are written.
""")


class Actor(Protocol):
    """Who does a deed: the user's id (None for the system itself) and the request's id."""

    @property
    def user_id(self) -> int | None:
        """The person's account, or None."""

    @property
    def request_id(self) -> str | None:
        """The request that caused it, or None."""


@dataclass(frozen=True, slots=True)
class System:
    """The portal itself: a job or a command without a person."""

    user_id: int | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One entity's change: action (a verb such as `assign`), entity (table name), id, {field: (before, after)}."""

    action: str
    entity: str
    entity_id: int
    fields: Mapping[str, tuple[Any, Any]]


def record(by: Actor, action: str, entity: str, entity_id: int, **fields: tuple[Any, Any]) -> None:
    """Add one audit row; `fields` maps a name to (before, after). One statement."""
    record_many(by, [Change(action, entity, entity_id, fields)])


def record_many(by: Actor, changes: Iterable[Change], batch_id: int | None = None) -> None:
    """Add a row for each change, in one statement; `batch_id` when they are one deed (see `open_batch`)."""
    now, changes = clock.now(), list(changes)
    rows = [
        {
            "actor_id": by.user_id,
            "request_id": by.request_id,
            "batch_id": batch_id,
            "action": change.action,
            "entity": change.entity,
            "entity_id": change.entity_id,
            "changes": {name: [_plain(before), _plain(after)] for name, (before, after) in change.fields.items()},
            "created_at": now,
            "updated_at": now,
        }
        for change in changes
    ]
    if rows:
        db.session.execute(_WRITE, rows)
        changes_recorded.send(None, changes=changes)


def open_batch(by: Actor, kind: str, row_count: int, *, undoes: int | None = None, **params: Any) -> int:
    """Note that `row_count` changes are one deed; gives the id for `record_many`. One statement.

    Raises IntegrityError when `undoes` names a batch that another one took back already.
    """
    batch = ChangeBatch(
        kind=kind,
        actor_id=by.user_id,
        params={name: _plain(value) for name, value in params.items()},
        row_count=row_count,
        undoes_id=undoes,
    )
    db.session.add(batch)
    db.session.flush()
    return batch.id


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    return value.isoformat() if isinstance(value, date | datetime) else value
