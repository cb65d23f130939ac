"""What a person was told, and the messages that carried it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Subquery, Table, and_, bindparam, func, or_, select, true

from portal.accounts.models import User
from portal.accounts.names import full_name
from portal.accounts.queries.personal_data import list_of
from portal.bulk import in_chunks
from portal.extensions import db
from portal.notifications.kinds import kinds_of_group, unlisted_kinds
from portal.notifications.models import Delivery, Notification
from portal.paging import Page, PageRequest, fitting, make_page, slice_by_key


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact as it was told."""

    kind: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EntryRow:
    """All that one person was told of one kind at one moment; `id` is the newest notification of it."""

    id: int
    kind: str
    told_at: datetime
    count: int
    unread: int
    facts: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which entries are wanted: all, or those with something unread, or of one group."""

    only_unread: bool = False
    group: str = ""

    def to_args(self) -> dict[str, str]:
        """The parameters of an address that mean it."""
        return ({"unread": "1"} if self.only_unread else {}) | ({"group": self.group} if self.group else {})


@dataclass(frozen=True, slots=True)
class Addressee:
    """Someone who is told something."""

    user_id: int
    full_name: str
    email: str


def count_unread(user_id: int) -> int:
    """How many entries of a person's list hold something unread: twelve weeks told at once are one. One statement."""
    entries = (
        select(Notification.kind, Notification.created_at)
        .where(
            Notification.recipient_id == user_id,
            Notification.read_at.is_(None),
            Notification.is_hidden.is_(False),
            Notification.kind.not_in(unlisted_kinds()),
        )
        .distinct()
        .subquery()
    )
    return db.session.scalar(select(func.count()).select_from(entries)) or 0


def list_addressees(user_ids: Sequence[int]) -> Sequence[Addressee]:
    """Names and addresses, by name; one statement for each 500 people."""
    found: list[Row[*tuple[Any, ...]]] = []
    for part in in_chunks(user_ids):
        wanted = select(User.name_folded, User.id, User.first_name, User.last_name, User.email)
        found += db.session.execute(wanted.where(User.id.in_(part))).all()
    return [Addressee(row.id, full_name(row.first_name, row.last_name), row.email) for row in sorted(found)]


_TOLD = cast(Table, Notification.__table__).c
_FACTS_OF = select(_TOLD.kind, _TOLD.params).where(_TOLD.delivery_id == bindparam("delivery_id")).order_by(_TOLD.id)


def list_facts_of(delivery_id: int) -> Sequence[FactRow]:
    """The facts that a message carries. One statement."""
    return [FactRow(*row) for row in db.session.execute(_FACTS_OF, {"delivery_id": delivery_id})]


def kinds_told(user_id: int) -> set[str]:
    """The kinds of which somebody was ever told. One statement."""
    wanted = select(Notification.kind).where(Notification.recipient_id == user_id, Notification.is_hidden.is_(False))
    return set(db.session.scalars(wanted.distinct())) - set(unlisted_kinds())


def page_of_entries(user_id: int, page: PageRequest, asked: EntryFilter | None = None) -> Page[EntryRow]:
    """A person's notifications, newest first, those of one kind and moment together. Two statements."""
    asked = asked or EntryFilter()
    unread = func.count() - func.count(Notification.read_at)
    entries: Subquery = (
        select(
            func.max(Notification.id).label("id"),
            Notification.kind,
            Notification.created_at,
            func.count().label("told"),
            unread.label("unread"),
        )
        .where(
            Notification.recipient_id == user_id,
            Notification.is_hidden.is_(False),
            Notification.kind.in_(kinds_of_group(asked.group))
            if asked.group
            else Notification.kind.not_in(unlisted_kinds()),
        )
        .group_by(Notification.kind, Notification.created_at)
        .having(unread > 0 if asked.only_unread else true())
        .subquery()
    )
    wanted = fitting(page, [])
    rows = db.session.execute(slice_by_key(select(entries), [], entries.c.id, wanted)).all()
    facts = _facts_of_entries(user_id, [(row.kind, row.created_at) for row in rows])
    found = [
        EntryRow(row.id, row.kind, row.created_at, row.told, row.unread, facts[row.kind, row.created_at])
        for row in rows
    ]
    return make_page(found, [(row.id,) for row in rows], wanted, 0)


def _facts_of_entries(
    user_id: int, entries: Sequence[tuple[str, datetime]]
) -> Mapping[tuple[str, datetime], list[Mapping[str, Any]]]:
    found: dict[tuple[str, datetime], list[Mapping[str, Any]]] = defaultdict(list)
    if not entries:
        return found
    these = [and_(Notification.kind == kind, Notification.created_at == moment) for kind, moment in entries]
    wanted = select(Notification.kind, Notification.created_at, Notification.params).where(
        Notification.recipient_id == user_id, Notification.is_hidden.is_(False), or_(*these)
    )
    for kind, moment, params in db.session.execute(wanted.order_by(Notification.id)):
        found[kind, moment].append(params)
    return found


def list_own_notifications(user_id: int) -> list[dict[str, Any]]:
    """All that a person was told, for the document that they may take with them. One statement."""
    wanted = select(
        Notification.created_at, Notification.kind, Notification.params, Notification.read_at, Notification.is_hidden
    )
    return list_of(wanted.where(Notification.recipient_id == user_id).order_by(Notification.id))


def list_own_deliveries(user_id: int) -> list[dict[str, Any]]:
    """The messages that carried it. One statement."""
    wanted = select(Delivery.created_at, Delivery.channel, Delivery.state, Delivery.sent_at)
    return list_of(wanted.where(Delivery.recipient_id == user_id).order_by(Delivery.id))
