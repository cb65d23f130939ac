"""Accounts for programs: page by page, as plain rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from portal.accounts.models import User
from portal.extensions import db
from portal.folding import fold
from portal.roles import Role


@dataclass(frozen=True, slots=True)
class UserRow:
    """One account in a list."""

    id: int
    email: str
    first_name: str
    last_name: str
    role: Role
    is_active: bool
    is_confirmed: bool
    title: str | None
    locale: str
    time_zone: str | None
    last_login_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UserFilter:
    """Which accounts are wanted; empty values narrow nothing. Deleted accounts are in no list."""

    q: str = ""
    role: Role | None = None
    is_active: bool | None = None


# By a sort's name; never null, so that databases agree on the order.
SORTS: Mapping[str, ColumnElement[Any]] = {
    "id": User.__table__.c.id,
    "email": User.__table__.c.email,
    "name": User.__table__.c.name_folded,
    "created_at": User.__table__.c.created_at,
}
_COLUMNS = (
    User.id,
    User.email,
    User.first_name,
    User.last_name,
    User.role,
    User.is_active,
    User.is_confirmed,
    User.title,
    User.locale,
    User.time_zone,
    User.last_login_at,
    User.created_at,
)


def find_user(user_id: int) -> UserRow | None:
    """An account that was not deleted; None when there is none. One statement."""
    wanted = select(*_COLUMNS).where(User.id == user_id, User.anonymised_at.is_(None))
    row: Any = db.session.execute(wanted).one_or_none()
    return UserRow(*row) if row else None


def list_users(wanted: UserFilter, sort: str, offset: int, limit: int) -> Sequence[UserRow]:
    """A page of accounts; a minus before the name of the sort turns it round. One statement."""
    column = SORTS[sort.removeprefix("-")]
    keys = [column, SORTS["id"]]
    order = [key.desc() if sort.startswith("-") else key.asc() for key in keys]
    rows = db.session.execute(_filtered(select(*_COLUMNS), wanted).order_by(*order).offset(offset).limit(limit))
    return [UserRow(*row) for row in rows.all()]


def count_matching(wanted: UserFilter) -> int:
    """How many accounts a filter lets through. One statement."""
    return db.session.scalar(_filtered(select(func.count(User.id)), wanted)) or 0


def _filtered(statement: Select[*tuple[Any, ...]], wanted: UserFilter) -> Select[*tuple[Any, ...]]:
    conditions: list[ColumnElement[bool]] = [User.anonymised_at.is_(None)]
    if wanted.q:
        words = [User.name_folded.contains(word, autoescape=True) for word in fold(wanted.q).split()]
        begins = User.email.startswith(wanted.q.strip().lower(), autoescape=True)
        conditions.append(or_(begins, and_(*words)) if words else begins)
    if wanted.role is not None:
        conditions.append(User.role == wanted.role)
    if wanted.is_active is not None:
        conditions.append(User.is_active.is_(wanted.is_active))
    return statement.where(*conditions)
