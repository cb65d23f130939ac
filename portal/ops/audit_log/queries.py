"""Reads of the audit, newest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, false, func, or_, select

from portal.accounts.models import User
from portal.accounts.names import full_name
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.folding import fold
from portal.paging import Cursor, Page, PageRequest, fitting, make_page, slice_by_key

# Counting a million rows takes longer than reading the page; beyond this the page says "more than".
COUNTED = 1000
# In the place of a person: what the portal did by itself.
PORTAL_ITSELF = 0
_CHUNK = 1000
# Known by number, the database finds the events of a person without asking who that is for each.
_MOST_PEOPLE = 500
_KEYS = [AuditEvent.__table__.c.created_at]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which events are wanted; empty values narrow nothing. `until` itself is not wanted any more.

    `who` is a part of a name or the beginning of an address, `actor_id` one person (or PORTAL_ITSELF). `people` are
    those that `who` means, see `with_people`.
    """

    who: str = ""
    actor_id: int | None = None
    action: str = ""
    entity: str = ""
    entity_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    request_id: str = ""
    people: tuple[int, ...] | None = None

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
    action: str
    entity: str
    entity_id: int
    changes: Mapping[str, Sequence[Any]]
    request_id: str | None

    @property
    def actor(self) -> str | None:
        """The name of who did it; None for the portal itself."""
        return None if self.actor_id is None else full_name(self.first_name, self.last_name)


def with_people(wanted: AuditFilter) -> AuditFilter:
    """The filter with the people whom its text means, unless they are too many to be listed. One statement at most."""
    if not wanted.who:
        return wanted
    found = db.session.scalars(_people(wanted.who).limit(_MOST_PEOPLE + 1)).all()
    return wanted if len(found) > _MOST_PEOPLE else replace(wanted, people=tuple(found))


def page_of_events(wanted: AuditFilter, page: PageRequest) -> Page[EventRow]:
    """The events that a filter lets through, newest first. One statement; the total is asked by `count_events`."""
    page = fitting(page, _KEYS)
    found = _read(wanted, page)
    return make_page(found, [(row.at, row.id) for row in found], page, 0)


def count_events(wanted: AuditFilter) -> int:
    """How many events a filter lets through; one more than COUNTED when there are more."""
    some = select(AuditEvent.id).where(*_conditions(wanted)).limit(COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def events_after(wanted: AuditFilter, last: EventRow | None) -> Sequence[EventRow]:
    """The thousand events that follow this one, or the newest, of those that a filter lets through. One statement."""
    cursor = None if last is None else Cursor((last.at.isoformat(),), last.id, 0)
    page = fitting(PageRequest("when", descending=True, cursor=cursor, size=_CHUNK), _KEYS)
    return _read(wanted, page)[:_CHUNK]


def _read(wanted: AuditFilter, page: PageRequest) -> list[EventRow]:
    columns = (
        AuditEvent.id,
        AuditEvent.created_at,
        AuditEvent.actor_id,
        User.first_name,
        User.last_name,
        AuditEvent.action,
        AuditEvent.entity,
        AuditEvent.entity_id,
        AuditEvent.changes,
        AuditEvent.request_id,
    )
    events = select(*columns).outerjoin(User, User.id == AuditEvent.actor_id).where(*_conditions(wanted))
    found = db.session.execute(slice_by_key(events, _KEYS, AuditEvent.__table__.c.id, page))
    return [EventRow(*row) for row in found]


def _conditions(wanted: AuditFilter) -> list[Any]:
    exact = {
        AuditEvent.action: wanted.action or None,
        AuditEvent.entity: wanted.entity or None,
        AuditEvent.entity_id: wanted.entity_id,
        AuditEvent.request_id: wanted.request_id or None,
        AuditEvent.actor_id: wanted.actor_id or None,
    }
    found: list[Any] = [column == value for column, value in exact.items() if value is not None]
    if wanted.actor_id == PORTAL_ITSELF:
        found.append(AuditEvent.actor_id.is_(None))
    if wanted.since:
        found.append(AuditEvent.created_at >= wanted.since)
    if wanted.until:
        found.append(AuditEvent.created_at < wanted.until)
    if wanted.who:
        found.append(AuditEvent.actor_id.in_(_people(wanted.who) if wanted.people is None else wanted.people))
    if wanted.people == ():  # SQLite would look through everything for nobody
        found.append(false())
    return found


def _people(text: str) -> Select[int]:
    """Whose name holds every word of a text, or whose address begins with it."""
    words = [User.name_folded.contains(word, autoescape=True) for word in fold(text).split()]
    is_named = and_(*words) if words else false()
    return select(User.id).where(or_(User.email.startswith(text.lower(), autoescape=True), is_named))
