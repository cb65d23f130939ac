"""What happened to a course offering, out of the audit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.audit.models import AuditEvent
from portal.extensions import db

MOST = 20
Key = int | str


@dataclass(frozen=True, slots=True)
class Happening:
    """One change: when, by whom ("" for the portal itself), what, and who taught it before and after."""

    at: datetime
    by: str
    action: str
    before: str
    after: str
    reason: str


def list_happenings(offering_id: int) -> Sequence[Happening]:
    """The latest twenty changes of an offering, newest first. Two statements."""
    wanted = (
        select(AuditEvent.created_at, AuditEvent.action, AuditEvent.changes, User.first_name, User.last_name)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .where(AuditEvent.entity == CourseOffering.__tablename__, AuditEvent.entity_id == offering_id)
        .order_by(AuditEvent.id.desc())
        .limit(MOST)
    )
    rows = db.session.execute(wanted).all()
    names = _names({key for row in rows for key in _people(row) if key is not None})
    return [_happening(row, names) for row in rows]


def _people(row: Any) -> Sequence[Key | None]:
    """Who taught it before and after: by id, or by employee id where a file said so."""
    people: Sequence[Key | None] = row.changes.get("facilitator_id") or row.changes.get("facilitator_employee_id")
    return people or (None, None)


def _happening(row: Any, names: Mapping[Key | None, str]) -> Happening:
    # An employee id that is known no more is still better than nothing.
    before, after = (names.get(key, key if isinstance(key, str) else "") for key in _people(row))
    reason = row.changes.get("reason", [None, ""])[1] or ""
    by = f"{row.first_name or ''} {row.last_name or ''}".strip()
    return Happening(row.created_at, by, row.action, before, after, reason)


def _names(keys: Iterable[Key]) -> dict[Key | None, str]:
    known = list(keys)
    ids = [key for key in known if isinstance(key, int)]
    employees = [key for key in known if isinstance(key, str)]
    wanted = (
        select(Facilitator.id, Facilitator.employee_id, User.first_name, User.last_name)
        .join(User, User.id == Facilitator.user_id)
        .where(or_(Facilitator.id.in_(ids), Facilitator.employee_id.in_(employees)))
    )
    found: dict[Key | None, str] = {}
    for row_id, employee, first, last in db.session.execute(wanted):
        found[row_id] = found[employee] = f"{first} {last}".strip()
    return found
