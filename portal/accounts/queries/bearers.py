"""Who is behind a token of the JSON API."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, or_, select

from portal import clock
from portal.accounts.models import ApiToken, RefreshToken, User
from portal.accounts.queries.people import PERSON, Person
from portal.extensions import db
from portal.pulses import PULSES_NOW


@dataclass(frozen=True, slots=True)
class Bearer:
    """A person and whether they have confirmed their address; without that nothing opens."""

    person: Person
    is_confirmed: bool
    pulses: str | None = None


@dataclass(frozen=True, slots=True)
class TokenBearer:
    """A person whose personal token came with a request, what it is for, and when its use was last noted."""

    person: Person
    token_id: int
    scopes: frozenset[str]
    last_used_at: datetime | None
    pulses: str | None = None


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A personal token as its owner sees it."""

    id: int
    name: str
    ending: str
    scopes: Sequence[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


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


# Built once: every request of a program begins with one of these two, and asks past the session, which would look for
# entities among the columns.
_BEARER = (
    PERSON.add_columns(User.is_confirmed, PULSES_NOW)
    .join(RefreshToken, RefreshToken.user_id == User.id)
    .where(
        RefreshToken.family == bindparam("family"),
        RefreshToken.used_at.is_(None),
        RefreshToken.revoked_at.is_(None),
        RefreshToken.expires_at > bindparam("now"),
        RefreshToken.epoch == User.session_epoch,
        User.is_active,
    )
)
_TOKEN_BEARER = (
    PERSON.add_columns(ApiToken.id, ApiToken.scopes, ApiToken.last_used_at, PULSES_NOW)
    .join(ApiToken, ApiToken.user_id == User.id)
    .where(
        ApiToken.token_hash == bindparam("token_hash"),
        ApiToken.revoked_at.is_(None),
        or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > bindparam("now")),
        ApiToken.epoch == User.session_epoch,
        User.is_active,
        User.is_confirmed,
    )
)
_WIDTH = len(PERSON.selected_columns)


def find_bearer(family: str) -> Bearer | None:
    """The active person whose family of tokens still holds; None when it was ended, by whatever. One statement."""
    row: Any = db.session.connection().execute(_BEARER, {"family": family, "now": clock.now()}).one_or_none()
    return Bearer(Person(*row[:_WIDTH]), row[_WIDTH], row[_WIDTH + 1]) if row else None


def find_token_bearer(token_hash: str) -> TokenBearer | None:
    """The active person whose personal token this is; None when it is over. One statement."""
    row: Any = (
        db.session.connection().execute(_TOKEN_BEARER, {"token_hash": token_hash, "now": clock.now()}).one_or_none()
    )
    if row is None:
        return None
    token_id, scopes, last_used_at, word = row[_WIDTH:]
    return TokenBearer(Person(*row[:_WIDTH]), token_id, frozenset(scopes), last_used_at, word)


def list_tokens(user_id: int) -> list[TokenRow]:
    """A person's tokens that hold, the newest first. One statement."""
    now = clock.now()
    wanted = (
        select(ApiToken.id, ApiToken.name, ApiToken.ending, ApiToken.scopes, ApiToken.created_at,
               ApiToken.expires_at, ApiToken.last_used_at)
        .join(User, User.id == ApiToken.user_id)
        .where(ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None), ApiToken.epoch == User.session_epoch,
               or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now))
        .order_by(ApiToken.id.desc())
    )  # fmt: skip
    return [TokenRow(*row) for row in db.session.execute(wanted)]


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
