"""Accounts at other providers, and whose they are here."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.accounts.models import Identity, User
from portal.accounts.queries.people import PERSON, Person
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class Owner:
    """The account that an identity opens."""

    person: Person
    is_confirmed: bool


def find_owner(issuer: str, subject: str) -> Owner | None:
    """Whose identity this is; None when nobody has connected it. One statement."""
    wanted = PERSON.add_columns(User.is_confirmed, Identity.issuer, Identity.subject)
    wanted = wanted.join(Identity, Identity.user_id == User.id)
    row = db.session.execute(wanted.where(Identity.issuer == issuer, Identity.subject == subject)).one_or_none()
    # MariaDB takes a text with spaces at its end for the one without.
    if row is None or (row.issuer, row.subject) != (issuer, subject):
        return None
    return Owner(Person(*row[:-3]), row.is_confirmed)


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """An identity as its owner sees it."""

    id: int
    issuer: str
    email: str | None
    created_at: datetime


def list_identities(user_id: int) -> list[IdentityRow]:
    """A person's identities, in the order in which they were connected. One statement."""
    wanted = select(Identity.id, Identity.issuer, Identity.email, Identity.created_at)
    rows = db.session.execute(wanted.where(Identity.user_id == user_id).order_by(Identity.id))
    return [IdentityRow(*row) for row in rows]


def has_password(user_id: int) -> bool:
    """Whether an account can be opened by a password."""
    return bool(db.session.scalar(select(User.password_hash.is_not(None)).where(User.id == user_id)))
