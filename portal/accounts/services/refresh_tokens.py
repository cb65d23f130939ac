"""Refresh tokens: opaque, kept as hashes, each good for one use, in families that begin with a sign-in.

Using one again means that two hold it, and nobody can tell which of them is the thief: the family ends, and with it
the access tokens that came of it. That holds for two uses at the same moment too, so a client refreshes in one place.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import delete, update

from portal import clock
from portal.accounts.models import RefreshToken
from portal.accounts.queries.bearers import KeptToken, find_refresh_token
from portal.accounts.services.tokens import hash_token
from portal.audit.services import Actor, System, record
from portal.database import IN_PLACE
from portal.extensions import db

# From the sign-in on: refreshing does not lengthen it.
LASTS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Grant:
    """A new refresh token and the family that it belongs to; `user_id` is empty for one that opens nothing."""

    user_id: int | None
    family: str
    token: str
    expires_at: datetime


def begin_family(user_id: int, epoch: int, by: Actor) -> Grant:
    """The first token of a new family; what is left of the account's expired ones is cleared away."""
    old = (RefreshToken.user_id == user_id, RefreshToken.expires_at < clock.now())
    db.session.execute(delete(RefreshToken).where(*old).execution_options(**IN_PLACE))
    grant = _new_grant(user_id, str(uuid4()), clock.now() + LASTS)
    _keep(grant, user_id, epoch, "issue", by)
    return grant


def make_decoy() -> Grant:
    """For someone who registers an address that has an account: it looks like any other grant and opens nothing."""
    return _new_grant(None, str(uuid4()), clock.now() + LASTS)


def rotate(token: str, by: Actor) -> Grant | None:
    """Use a token up for the next one of its family; None when it is not good, and then its family may have ended.

    Commit in both cases. Two who use the same token at once: one gets the next token, the other ends the family.
    """
    kept = find_refresh_token(hash_token(token))
    if kept is None or kept.is_revoked or kept.expires_at <= clock.now():
        return None
    # Whoever holds the token acts for its owner.
    holder = System(kept.user_id, by.request_id)
    if kept.is_used or (kept.is_account_open and not _use(kept.id)):
        _revoke(kept, "reuse", System(None, by.request_id))
        return None
    if not kept.is_account_open:
        return None
    grant = _new_grant(kept.user_id, kept.family, kept.expires_at)
    _keep(grant, kept.user_id, kept.epoch, "renew", holder)
    return grant


def revoke(token: str, by: Actor) -> None:
    """End the family of a token; one that is not known is as good as ended."""
    kept = find_refresh_token(hash_token(token))
    if kept is not None and not kept.is_revoked:
        _revoke(kept, "revoke", System(kept.user_id, by.request_id))


def revoke_family(family: str, user_id: int, by: Actor) -> None:
    """End a family of a person."""
    if _end_family(family):
        record(by, "revoke", "users", user_id, refresh_tokens=("open", "ended"))


def _new_grant(user_id: int | None, family: str, expires_at: datetime) -> Grant:
    return Grant(user_id, family, secrets.token_urlsafe(32), expires_at)


def _keep(grant: Grant, user_id: int, epoch: int, action: str, by: Actor) -> None:
    row = RefreshToken(
        user_id=user_id,
        token_hash=hash_token(grant.token),
        family=grant.family,
        epoch=epoch,
        expires_at=grant.expires_at,
    )
    db.session.add(row)
    db.session.flush()
    record(by, action, "refresh_tokens", row.id, user_id=(None, user_id))


def _use(token_id: int) -> bool:
    """Use a token up; False when someone else just did, or ended its family."""
    used = db.write(
        update(RefreshToken)
        .where(RefreshToken.id == token_id, RefreshToken.used_at.is_(None), RefreshToken.revoked_at.is_(None))
        .values(used_at=clock.now())
        .execution_options(**IN_PLACE)
    )
    return bool(used)


def _revoke(kept: KeptToken, action: str, by: Actor) -> None:
    if _end_family(kept.family):
        record(by, action, "refresh_tokens", kept.id, user_id=(kept.user_id, kept.user_id), family=("open", "ended"))


def _end_family(family: str) -> bool:
    ended = db.write(
        update(RefreshToken)
        .where(RefreshToken.family == family, RefreshToken.revoked_at.is_(None))
        .values(revoked_at=clock.now())
        .execution_options(**IN_PLACE)
    )
    return bool(ended)
