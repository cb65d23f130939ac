"""What happened to a course offering, out of the audit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.accounts.models import Facilitator, User
from portal.accounts.names import full_name
from portal.allocations.models import CourseOffering
from portal.audit.models import AuditEvent
from portal.catalogue.models import ClassGroup, Cohort, Mode, Module
from portal.extensions import db

MOST = 20
# What the entries of a file call the same things.
_BY_ID: Mapping[str, tuple[Any, InstrumentedAttribute[str]]] = {
    "module_id": (Module.id, Module.code),
    "class_id": (ClassGroup.id, ClassGroup.name),
    "cohort_id": (Cohort.id, Cohort.code),
    "mode_id": (Mode.id, Mode.name),
}
_SAME = {
    "facilitator_employee_id": "facilitator_id", "module_code": "module_id", "class_name": "class_id",
    "cohort_code": "cohort_id", "mode": "mode_id",
}  # fmt: skip
# Not a change of the course that anyone would ask about.
_HIDDEN = frozenset({"reason", "allocated_on", "kind", "copied_from", "version"})


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field with what it was and what it is, as names and ISO dates; "" for nothing."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One change: when, by whom ("" for the portal itself), what, field by field, why, and with how many others."""

    id: int
    at: datetime
    by: str
    action: str
    changes: Sequence[FieldChange]
    reason: str
    batch_id: int | None


def list_happenings(offering_id: int, before: int | None = None) -> tuple[Sequence[Happening], bool]:
    """Twenty changes of an offering, newest first, and whether there are older ones. At most six statements.

    `before` is the id of the last one that was seen.
    """
    wanted = (
        select(AuditEvent.id, AuditEvent.created_at, AuditEvent.action, AuditEvent.changes, AuditEvent.batch_id,
               User.first_name, User.last_name)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .where(AuditEvent.entity == CourseOffering.__tablename__, AuditEvent.entity_id == offering_id)
        .order_by(AuditEvent.id.desc())
        .limit(MOST + 1)
    )  # fmt: skip
    if before is not None:
        wanted = wanted.where(AuditEvent.id < before)
    rows = db.session.execute(wanted).all()
    names = _names(rows[:MOST])
    return [_happening(row, names) for row in rows[:MOST]], len(rows) > MOST


def _happening(row: Any, names: Mapping[tuple[str, Any], str]) -> Happening:
    changes = []
    for name, (before, after) in row.changes.items():
        field = _SAME.get(name, name)
        if field not in _HIDDEN and row.action != "create":
            # A key that is known no more is still better than nothing.
            shown = [names.get((field, value), "" if value is None else str(value)) for value in (before, after)]
            changes.append(FieldChange(field, shown[0], shown[1]))
    reason = row.changes.get("reason", [None, ""])[1] or ""
    by = full_name(row.first_name, row.last_name)
    return Happening(row.id, row.created_at, by, row.action, changes, reason, row.batch_id)


def _names(rows: Iterable[Any]) -> dict[tuple[str, Any], str]:
    """What ids are called, by field and id; one statement for each kind that occurs."""
    ids: dict[str, set[Any]] = {}
    for row in rows:
        for name, pair in row.changes.items():
            ids.setdefault(_SAME.get(name, name), set()).update(value for value in pair if value is not None)
    found = _people(ids.get("facilitator_id", set()))
    for field, (key, shown) in _BY_ID.items():
        numbers = [value for value in ids.get(field, ()) if isinstance(value, int)]
        if numbers:
            rows_found = db.session.execute(select(key, shown).where(key.in_(numbers)))
            found.update(((field, row_id), name) for row_id, name in rows_found)
    return found


def _people(keys: Iterable[Any]) -> dict[tuple[str, Any], str]:
    """Who is meant: by id, or by employee id where a file said so."""
    known = list(keys)
    if not known:
        return {}
    ids = [key for key in known if isinstance(key, int)]
    employees = [key for key in known if isinstance(key, str)]
    wanted = (
        select(Facilitator.id, Facilitator.employee_id, User.first_name, User.last_name)
        .join(User, User.id == Facilitator.user_id)
        .where(or_(Facilitator.id.in_(ids), Facilitator.employee_id.in_(employees)))
    )
    found: dict[tuple[str, Any], str] = {}
    for row_id, employee, first, last in db.session.execute(wanted):
        found["facilitator_id", row_id] = found["facilitator_id", employee] = f"{first} {last}".strip()
    return found
