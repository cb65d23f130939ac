"""What happened to a week, out of the audit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.accounts.models import User
from portal.accounts.names import full_name
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.tracker.models import ActivityLog

MOST = 40
_SHEET = "take_attendance"
# Told by the deed itself, or beside it.
_TOLD = frozenset({"submitted_at", "excused_at", "reason", "due_at", "facilitator_id", "attendance"})


@dataclass(frozen=True, slots=True)
class Deed:
    """One change of a week: when, by whom ("" for the portal itself), what, and why.

    `statuses` are the checklist keys that were set, with the status before and after; `until` is a new deadline.
    """

    at: datetime
    by: str
    action: str
    statuses: Mapping[str, tuple[str | None, str | None]]
    wrote_notes: bool
    until: datetime | None
    reason: str


def list_deeds(log_id: int) -> Sequence[Deed]:
    """The forty latest changes of a log, newest first. One statement."""
    wanted = (
        select(AuditEvent.created_at, AuditEvent.action, AuditEvent.changes, User.first_name, User.last_name)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .where(AuditEvent.entity == ActivityLog.__tablename__, AuditEvent.entity_id == log_id)
        .order_by(AuditEvent.id.desc())
        .limit(MOST)
    )
    deeds = [_deed(row) for row in db.session.execute(wanted)]
    return [deed for newer, deed in zip([None, *deeds], deeds, strict=False) if not _goes_on(newer, deed)]


def _goes_on(newer: Deed | None, deed: Deed) -> bool:
    """Whether a sheet that saves itself was only marked further: then one line is enough for it."""
    return newer is not None and newer.action == deed.action == _SHEET and newer.by == deed.by


def _deed(row: Any) -> Deed:
    changes: Mapping[str, Sequence[Any]] = row.changes
    until = changes.get("due_at", (None, None))[1]
    return Deed(
        at=row.created_at,
        by=full_name(row.first_name, row.last_name),
        action=row.action,
        statuses={
            name: (before, after) for name, (before, after) in changes.items() if name not in _TOLD and name != "notes"
        },
        wrote_notes="notes" in changes,
        until=datetime.fromisoformat(until) if until else None,
        reason=changes.get("reason", (None, None))[1] or "",
    )
