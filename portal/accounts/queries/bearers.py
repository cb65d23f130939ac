"""Who is behind a token of the JSON API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.accounts.models import RefreshToken, User
from portal.accounts.queries.people import PERSON, Person
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class Bearer:
    """A person and whether they have confirmed their address; without that nothing opens."""

    person: Person
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class KeptToken:
    """A refresh token as it is kept, with the state of its account."""

    id: int
    user_id: int
    family: str
    epoch: int
    expires_at: datetime
    is_used: bool
    is_revoked: bool
    is_account_open: bool


def find_bearer(family: str) -> Bearer | None:
    """The active person whose family of tokens still holds; None when it was ended, by whatever. One statement."""
    wanted = (
        PERSON.add_columns(User.is_confirmed)
        .join(RefreshToken, RefreshToken.user_id == User.id)
        .where(
            RefreshToken.family == family,
            RefreshToken.used_at.is_(None),
            RefreshToken.revoked_at.is_(None),
            RefreshToken.expires_at > clock.now(),
            RefreshToken.epoch == User.session_epoch,
            User.is_active,
        )
    )
    row: Any = db.session.execute(wanted).one_or_none()
    return Bearer(Person(*row[:-1]), row[-1]) if row else None


def find_refresh_token(token_hash: str) -> KeptToken | None:
    """A refresh token by its hash, whatever has become of it."""
    wanted = (
        select(
            RefreshToken.id,
            RefreshToken.user_id,
            RefreshToken.family,
            RefreshToken.epoch,
            RefreshToken.expires_at,
            RefreshToken.used_at.is_not(None),
            RefreshToken.revoked_at.is_not(None),
            User.is_active & User.is_confirmed & (User.session_epoch == RefreshToken.epoch),
        )
        .join(User, User.id == RefreshToken.user_id)
        .where(RefreshToken.token_hash == token_hash)
    )
    row: Any = db.session.execute(wanted).one_or_none()
    return KeptToken(*row) if row else None
