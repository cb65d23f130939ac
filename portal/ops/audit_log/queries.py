"""Reads of the audit, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, false, func, or_, select

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.folding import fold
from portal.paging import Cursor, Page, PageRequest, fitting, make_page, slice_by_key

# Counting a million rows takes longer than reading the page; beyond this the page says "more than".
COUNTED = 1000
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events are wanted; empty values narrow nothing. `until` itself is not wanted any more."""

    who: str = ""
    action: str = ""
    entity: str = ""
    entity_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    request_id: str = ""

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return self != AuditFilter()


@dataclass(frozen=True, slots=True)
class EventRow:
    """One change: who did what to which thing, and field by field what was and what is."""

    id: int
    at: datetime
    actor_id: int | None
    first_name: str | None
    last_name: str | None
    email: str | None
    action: str
    entity: str
    entity_id: int
    changes: Mapping[str, Sequence[Any]]
    request_id: str | None

    @property
    def actor(self) -> str | None:
        """The name of who did it; None for the portal itself."""
        return None if self.actor_id is None else f"{self.first_name} {self.last_name}".strip()


def page_of_events(wanted: AuditFilter, page: PageRequest) -> Page[EventRow]:
    """The events that a filter lets through, newest first. One statement; the total is asked by `count_events`."""
    page = fitting(page, [])
    found = _read(slice_by_key(_events(wanted), [], AuditEvent.__table__.c.id, page))
    return make_page(found, [(row.id,) for row in found], page, 0)


def count_events(wanted: AuditFilter) -> int:
    """How many events a filter lets through; one more than COUNTED when there are more."""
    some = _events(wanted).with_only_columns(AuditEvent.id).limit(COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def events_before(wanted: AuditFilter, event_id: int | None) -> Sequence[EventRow]:
    """The next thousand events that a filter lets through, older than this one, or the newest. One statement."""
    cursor = None if event_id is None else Cursor((), event_id, 0)
    page = PageRequest("when", descending=True, cursor=cursor, size=_CHUNK)
    return _read(slice_by_key(_events(wanted), [], AuditEvent.__table__.c.id, page))[:_CHUNK]


def _read(statement: Select[Any]) -> list[EventRow]:
    return [EventRow(*row) for row in db.session.execute(statement)]


def _events(wanted: AuditFilter) -> Select[Any]:
    columns = (
        AuditEvent.id,
        AuditEvent.created_at,
        AuditEvent.actor_id,
        User.first_name,
        User.last_name,
        User.email,
        AuditEvent.action,
        AuditEvent.entity,
        AuditEvent.entity_id,
        AuditEvent.changes,
        AuditEvent.request_id,
    )
    return select(*columns).outerjoin(User, User.id == AuditEvent.actor_id).where(*_conditions(wanted))


def _conditions(wanted: AuditFilter) -> list[Any]:
    exact = {
        AuditEvent.action: wanted.action,
        AuditEvent.entity: wanted.entity,
        AuditEvent.request_id: wanted.request_id,
    }
    found: list[Any] = [column == value for column, value in exact.items() if value]
    if wanted.entity_id is not None:
        found.append(AuditEvent.entity_id == wanted.entity_id)
    if wanted.since:
        found.append(AuditEvent.created_at >= wanted.since)
    if wanted.until:
        found.append(AuditEvent.created_at < wanted.until)
    if wanted.who:
        found.append(AuditEvent.actor_id.in_(_people(wanted.who)))
    return found


def _people(text: str) -> Select[int]:
    """Whose name holds every word of a text, or whose address begins with it."""
    words = [User.name_folded.contains(word, autoescape=True) for word in fold(text).split()]
    is_named = and_(*words) if words else false()
    return select(User.id).where(or_(User.email.startswith(text.lower(), autoescape=True), is_named))
