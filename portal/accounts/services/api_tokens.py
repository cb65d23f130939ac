"""Personal tokens for integrations: shown once, kept as hashes, ended by whatever ends a person's sessions."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from portal import clock
from portal.accounts.models import ApiToken, User
from portal.accounts.queries import find_person
from portal.accounts.services.tokens import hash_token
from portal.audit.services import Actor, record
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.roles import Role

# By it a token is told from the others at a glance, also by programs that look for secrets where none belong.
PREFIX = "portal_"
MAX_NAME, MOST = 100, 20
# What is offered; None lasts until it is revoked.
LASTS: Mapping[str, timedelta | None] = {
    "30": timedelta(days=30), "90": timedelta(days=90), "365": timedelta(days=365), "": None,
}  # fmt: skip
# A use is noted no more often than that.
NOTED_EVERY = timedelta(hours=1)
_ENDING = 4
_OFFICE = frozenset({Role.ADMIN, Role.MANAGER})
_STAFF = _OFFICE | {Role.FACILITATOR}
# Whom a scope opens anything to; those that are not named, everybody.
_OPENS_TO: Mapping[str, frozenset[Role]] = {
    "catalogue:write": _OFFICE,
    "logs:read": _STAFF,
    "logs:write": _STAFF,
    "people:read": _OFFICE,
    "people:write": _OFFICE,
    "reflections:write": frozenset({Role.STUDENT}),
    "webhooks:read": frozenset({Role.ADMIN}),
    "webhooks:write": frozenset({Role.ADMIN}),
}
GROUPS = ("catalogue", "courses", "lessons", "logs", "notifications", "people", "reflections", "webhooks")
SCOPES = ("profile:read", *(f"{group}:{deed}" for group in GROUPS for deed in ("read", "write")))


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token that was just made; nobody sees `text` a second time."""

    id: int
    text: str


def scopes_for(roles: frozenset[Role]) -> list[str]:
    """The scopes with which somebody of these roles can do anything."""
    return [scope for scope in SCOPES if _OPENS_TO.get(scope, roles) & roles]


def make_token(user_id: int, name: str, scopes: Sequence[str], lasts: str, by: Actor) -> NewToken:
    """A token for a person. Raises DomainError on "name", "scopes" or "lasts", Conflict for one token too many."""
    _check(name, scopes, lasts)
    # Locked until the commit, so that two made at one time are counted one after the other.
    epoch = db.session.scalar(select(User.session_epoch).where(User.id == user_id).with_for_update())
    person = find_person(user_id)
    if epoch is None or person is None:
        raise NotFound(lazy("There is no such account."))
    if not set(scopes) <= set(scopes_for(person.roles)):
        raise DomainError(lazy("A token can do no more than you can: choose from what is offered."), "scopes")
    holds = (ApiToken.user_id == user_id, ApiToken.revoked_at.is_(None), ApiToken.epoch == epoch)
    if (db.session.scalar(select(func.count()).select_from(ApiToken).where(*holds)) or 0) >= MOST:
        raise Conflict(lazy("You have %(most)s tokens. Revoke one that is not used any more.", most=MOST), "name")
    text = PREFIX + secrets.token_urlsafe(32)
    after = LASTS[lasts]
    token = ApiToken(
        user_id=user_id, token_hash=hash_token(text), name=name, scopes=sorted(scopes), epoch=epoch,
        ending=text[-_ENDING:], expires_at=clock.now() + after if after else None,
    )  # fmt: skip
    db.session.add(token)
    db.session.flush()
    record(by, "issue", ApiToken.__tablename__, token.id, name=(None, name), scopes=(None, ", ".join(sorted(scopes))),
           expires_at=(None, token.expires_at))  # fmt: skip
    return NewToken(token.id, text)


def _check(name: str, scopes: Sequence[str], lasts: str) -> None:
    if not name.strip() or len(name) > MAX_NAME:
        raise DomainError(lazy("Give it a name of at most %(most)s characters.", most=MAX_NAME), "name")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise DomainError(lazy("Choose what the token may do."), "scopes")
    if lasts not in LASTS:
        raise DomainError(lazy("Choose how long it is good."), "lasts")


def revoke_token(user_id: int, token_id: int, by: Actor) -> bool:
    """End a person's token; False when it had ended. Raises NotFound for one that is not theirs."""
    mine = (ApiToken.id == token_id, ApiToken.user_id == user_id)
    name = db.session.scalar(select(ApiToken.name).where(*mine))
    if name is None:
        raise NotFound(lazy("There is no such token."))
    ended = db.write(
        update(ApiToken).where(*mine, ApiToken.revoked_at.is_(None)).values(revoked_at=clock.now()),
        execution_options=IN_PLACE,
    )
    if ended:
        record(by, "revoke", ApiToken.__tablename__, token_id, name=(name, name), revoked_at=(None, clock.now()))
    return bool(ended)


def note_token_use(token_id: int, noted: datetime | None) -> None:
    """Note that a token is in use, unless another request did since `noted`."""
    seen = ApiToken.last_used_at.is_(None) if noted is None else ApiToken.last_used_at == noted
    stamp = update(ApiToken).where(ApiToken.id == token_id, seen).values(last_used_at=clock.now())
    db.session.execute(stamp, execution_options=IN_PLACE)
