"""Sessions: a secret in a person's cookie, its hash in a row that can be ended from elsewhere."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from portal import clock
from portal.accounts.models import User, UserSession
from portal.accounts.queries import Person
from portal.accounts.queries.sessions import has_session, list_sessions
from portal.accounts.services.devices import Browser
from portal.accounts.services.locking import lock_account
from portal.accounts.services.tokens import hash_token
from portal.audit.services import Actor, record
from portal.database import IN_PLACE
from portal.errors import NotFound, lazy
from portal.extensions import db

__all__ = [
    "Begun",
    "begin",
    "end",
    "end_by_method",
    "end_by_secret",
    "end_from_list",
    "end_others_from_list",
    "end_sessions",
    "list_sessions",
    "note_use",
    "raise_epoch",
]


_BEGIN = insert(cast(Table, UserSession.__table__))


@dataclass(frozen=True, slots=True)
class Begun:
    """A new session: the id of its row, and the secret that belongs in the cookie alone."""

    id: int
    secret: str


def begin(person: Person, method: str, browser: Browser, *, device_id: int | None, lasts: timedelta) -> Begun:
    """A new session of a person as they were when they proved who they are.

    Should their epoch have been raised meanwhile, it is over before it begins.
    """
    secret, now = secrets.token_urlsafe(32), clock.now()
    row = {
        "user_id": person.id,
        "token_hash": hash_token(secret),
        "epoch": person.session_epoch,
        "method": method,
        "device_id": device_id,
        "user_agent": browser.user_agent,
        "network_address": browser.network_address,
        "last_used_at": now,
        "expires_at": now + lasts,
    }
    written: Any = db.session.execute(_BEGIN, row)
    return Begun(written.inserted_primary_key[0], secret)


def end(user_id: int, session_id: int) -> bool:
    """End one session of a person; False when it has ended before or is not theirs."""
    return _end(UserSession.user_id == user_id, UserSession.id == session_id) > 0


def end_from_list(user_id: int, session_id: int, by: Actor) -> None:
    """End one session of a person at their own wish. Raises NotFound when it is not theirs; ending it twice is fine."""
    lock_account(user_id)
    if end(user_id, session_id):
        record(by, "end_session", "user_sessions", session_id)
    elif not has_session(user_id, session_id):
        raise NotFound(lazy("There is no such session."))


def end_others_from_list(user_id: int, keep: int, by: Actor) -> int:
    """End all sessions of a person but the one that they are in, at their own wish; gives how many those were."""
    lock_account(user_id)
    ended = end_sessions(user_id, keep)
    if ended:
        record(by, "end_other_sessions", "users", user_id)
    return ended


def end_by_secret(secret: str) -> bool:
    """End the session that a cookie names."""
    return _end(UserSession.token_hash == hash_token(secret)) > 0


def end_sessions(user_id: int, keep: int | None = None) -> int:
    """End all sessions of a person but the one to keep; gives how many those were."""
    mine = UserSession.user_id == user_id
    return _end(mine) if keep is None else _end(mine, UserSession.id != keep)


def end_by_method(user_id: int, method: str, keep: int | None) -> None:
    """End the sessions of a person that began with one way to sign in, but the one to keep."""
    _end(UserSession.user_id == user_id, UserSession.method == method, UserSession.id != (keep or 0))


def raise_epoch(user_id: int, keep: int | None = None) -> None:
    """End every session and token of a person at once; the session to keep goes on under the new epoch.

    For a new password, role or address, and for a deactivation; who calls it records that deed.
    """
    raised = update(User).where(User.id == user_id).values(session_epoch=User.session_epoch + 1)
    db.session.execute(raised, execution_options=IN_PLACE)
    end_sessions(user_id, keep)
    if keep is not None:
        new = select(User.session_epoch).where(User.id == user_id).scalar_subquery()
        kept = update(UserSession).where(
            UserSession.id == keep, UserSession.user_id == user_id, UserSession.ended_at.is_(None)
        )
        db.session.execute(kept.values(epoch=new), execution_options=IN_PLACE)


def note_use(session_id: int, seen: datetime) -> None:
    """Note that a session is in use, unless another request has just done so or holds its row.

    `seen` is the moment that stood there when the request began.
    """
    row = select(UserSession.id).where(UserSession.id == session_id, UserSession.last_used_at == seen)
    if db.session.scalar(row.with_for_update(skip_locked=True)) is not None:
        used = update(UserSession).where(UserSession.id == session_id).values(last_used_at=clock.now())
        db.session.execute(used, execution_options=IN_PLACE)


def _end(*which: ColumnElement[bool]) -> int:
    """End sessions by their ids, so that of two who end one the second waits; who ends several locks the account first.

    By another index MariaDB locks its entry before the row, and whoever has the row must change that entry.
    """
    ids = db.session.scalars(select(UserSession.id).where(UserSession.ended_at.is_(None), *which)).all()
    rows = (UserSession.id.in_(ids), UserSession.ended_at.is_(None))
    if not ids:
        return 0
    ended = update(UserSession).where(*rows).values(ended_at=clock.now())
    return db.write(ended, execution_options=IN_PLACE)
