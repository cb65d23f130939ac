"""What happened to a course offering, out of the audit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.audit.models import AuditEvent
from portal.extensions import db

MOST = 20


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
    names = _names({key for row in rows for key in row.changes.get("facilitator_id", []) if key is not None})
    return [_happening(row, names) for row in rows]


def _happening(row: Any, names: dict[int, str]) -> Happening:
    before, after = row.changes.get("facilitator_id", [None, None])
    reason = row.changes.get("reason", [None, ""])[1] or ""
    by = f"{row.first_name or ''} {row.last_name or ''}".strip()
    return Happening(row.created_at, by, row.action, names.get(before, ""), names.get(after, ""), reason)


def _names(ids: Iterable[int]) -> dict[int, str]:
    wanted = (
        select(Facilitator.id, User.first_name, User.last_name)
        .join(User, User.id == Facilitator.user_id)
        .where(Facilitator.id.in_(ids))
    )
    return {key: f"{first} {last}".strip() for key, first, last in db.session.execute(wanted)}
