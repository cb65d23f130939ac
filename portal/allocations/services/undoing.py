"""Taking a bulk change back, out of the audit, for ten minutes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.allocations.models import MAX_STUDENTS, CourseOffering, OfferingStatus
from portal.allocations.queries.selections import lock_courses, present_facilitators
from portal.allocations.services.signals import offerings_changed, standings_changed
from portal.allocations.services.telling import Before, Handover, tell_allocated, tell_changed
from portal.audit.models import AuditEvent, ChangeBatch
from portal.audit.services import Actor, Change, open_batch, record_many
from portal.bulk import in_chunks, update_rows
from portal.catalogue.models import Mode
from portal.catalogue.services.holding import hold_entries
from portal.errors import Conflict, NotFound, lazy
from portal.extensions import db

UNDO_FOR = timedelta(minutes=10)
TOO_LATE = lazy("This can no longer be undone: ten minutes have passed, or it was undone already.")
# What a bulk change may have changed, and how the audit's plain values are read back.
_READ: Mapping[str, Any] = {
    "facilitator_id": int,
    "allocated_on": date.fromisoformat,
    "start_date": date.fromisoformat,
    "end_date": date.fromisoformat,
    "mode_id": int,
    "status": OfferingStatus,
    "max_students": int,
}
# Of these whoever teaches a course is told.
_TOLD = frozenset({"start_date", "end_date", "status"})


@dataclass(frozen=True, slots=True)
class Undone:
    """What undoing did: its own batch, how many courses are as they were, and how many somebody changed since."""

    batch_id: int
    restored: int
    kept: int


def may_be_undone(done_at: datetime, undone_at: datetime | None, now: datetime) -> bool:
    """Whether a bulk change is fresh enough to take back, and was not taken back already."""
    return undone_at is None and now <= done_at + UNDO_FOR


def undo_change(batch_id: int, by: Actor) -> Undone:
    """Give the courses of one's own bulk change the values they had, where nobody changed them since.

    Raises NotFound for what is no batch of this person, Conflict when it is too late or was undone before.
    """
    batch = db.session.get(ChangeBatch, batch_id)
    if batch is None or batch.actor_id != by.user_id or batch.undoes_id is not None:
        raise NotFound(lazy("There is no such change."))
    if not may_be_undone(batch.created_at, batch.undone_at, clock.now()):
        raise Conflict(TOO_LATE)
    events = _events_of(batch_id)
    modes = hold_entries(Mode, {event["mode_id"][0] for event in events.values() if "mode_id" in event})
    lock_courses(sorted(events))
    present = _present(events)
    restored = {row_id: back for row_id, back in _backwards(events, present, modes).items() if back}
    undone = _write(batch, restored, present, by)
    return Undone(undone, len(restored), len(events) - len(restored))


def _events_of(batch_id: int) -> dict[int, dict[str, list[Any]]]:
    """What the batch changed, by course: field → [before, after]."""
    wanted = select(AuditEvent.entity_id, AuditEvent.changes).where(
        AuditEvent.batch_id == batch_id, AuditEvent.entity == CourseOffering.__tablename__
    )
    rows: Any = db.session.execute(wanted)
    return {row_id: {name: pair for name, pair in changes.items() if name in _READ} for row_id, changes in rows}


def _present(events: Mapping[int, Any]) -> dict[int, dict[str, Any]]:
    columns = [getattr(CourseOffering, name) for name in _READ]
    wanted = select(CourseOffering.id, CourseOffering.version, CourseOffering.enrolled_count, *columns)
    found: dict[int, dict[str, Any]] = {}
    for part in in_chunks(sorted(events)):
        for row in db.session.execute(wanted.where(CourseOffering.id.in_(part))):
            found[row.id] = dict(row._mapping)
    return found


def _backwards(
    events: Mapping[int, Mapping[str, list[Any]]],
    present: Mapping[int, Mapping[str, Any]],
    modes: Collection[int],
) -> dict[int, dict[str, Any]]:
    """By course: the values to restore; empty where somebody changed one of them, or it, the person or mode is gone."""
    before = {row_id: {name: _read(name, pair[0]) for name, pair in event.items()} for row_id, event in events.items()}
    people = {values["facilitator_id"] for values in before.values() if values.get("facilitator_id")}
    here = present_facilitators(sorted(people))
    found: dict[int, dict[str, Any]] = {}
    for row_id, event in events.items():
        # It may have been deleted since, or be of a department that they do not answer for any more.
        now = present.get(row_id, {})
        stands = bool(now) and all(now[name] == _read(name, pair[1]) for name, pair in event.items())
        # Students who came meanwhile keep their places.
        stands = stands and now["enrolled_count"] <= before[row_id].get("max_students", MAX_STUDENTS)
        person, mode = before[row_id].get("facilitator_id"), before[row_id].get("mode_id")
        stands = stands and (person is None or person in here) and (mode is None or mode in modes)
        found[row_id] = before[row_id] if stands else {}
    return found


def _read(name: str, value: Any) -> Any:
    return None if value is None else _READ[name](value)


def _write(
    batch: ChangeBatch, restored: Mapping[int, Mapping[str, Any]], present: Mapping[int, Mapping[str, Any]], by: Actor
) -> int:
    try:
        with db.session.begin_nested():
            undone = open_batch(by, "undo", len(restored), undoes=batch.id)
    except IntegrityError as error:  # a second click: the first one has done it
        raise Conflict(TOO_LATE) from error
    db.session.execute(update(ChangeBatch).where(ChangeBatch.id == batch.id).values(undone_at=clock.now()))
    try:
        for rows in _by_fields(restored, present):
            update_rows(CourseOffering, rows)
    except IntegrityError as error:
        message = lazy(
            "Another course stands where one of these stood before. Nothing was undone; change them by hand."
        )
        raise Conflict(message) from error
    _record(restored, present, by, undone)
    if restored:
        offerings_changed.send(None, offering_ids=sorted(restored))
    _tell(restored, present, by)
    return undone


def _record(
    restored: Mapping[int, Mapping[str, Any]], present: Mapping[int, Mapping[str, Any]], by: Actor, undone: int
) -> None:
    changes = [
        Change(
            "undo",
            CourseOffering.__tablename__,
            row_id,
            {name: (present[row_id][name], value) for name, value in values.items()},
        )
        for row_id, values in restored.items()
    ]
    for part in in_chunks(changes):
        record_many(by, part, undone)


def _tell(restored: Mapping[int, Mapping[str, Any]], present: Mapping[int, Mapping[str, Any]], by: Actor) -> None:
    handed = [
        Handover(row_id, present[row_id]["version"] + 1, present[row_id]["facilitator_id"], values["facilitator_id"])
        for row_id, values in restored.items()
        if "facilitator_id" in values
    ]
    tell_allocated(handed, by)
    statuses = {
        row_id: (present[row_id]["status"], values["status"])
        for row_id, values in restored.items()
        if "status" in values
    }
    if statuses:
        versions = {row_id: present[row_id]["version"] + 1 for row_id in statuses}
        standings_changed.send(None, statuses=statuses, versions=versions, by=by, reason="")
    tell_changed([_before(present[row_id]) for row_id, values in restored.items() if values.keys() & _TOLD], by)


def _before(row: Mapping[str, Any]) -> Before:
    return Before(row["id"], row["version"] + 1, row["start_date"], row["end_date"], row["status"])


def _by_fields(
    restored: Mapping[int, Mapping[str, Any]], present: Mapping[int, Mapping[str, Any]]
) -> Sequence[list[dict[str, Any]]]:
    """The rows to write, grouped by the fields that they set."""
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row_id, values in restored.items():
        row = {"id": row_id, "version": present[row_id]["version"] + 1, **values}
        groups.setdefault(tuple(sorted(values)), []).append(row)
    return list(groups.values())
