"""Who is signed in where."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, func, select

from portal import clock
from portal.accounts.models import Device, User, UserSession
from portal.accounts.queries.people import PERSON, Person
from portal.extensions import db
from portal.pulses import PULSES_NOW

MOST_SESSIONS = 100

_IS_LIVE = (
    UserSession.ended_at.is_(None),
    UserSession.epoch == User.session_epoch,
    UserSession.expires_at > bindparam("now"),
    UserSession.last_used_at > bindparam("used_after"),
)
# Built once, and asked past the session, which would look for entities among the columns: every page begins with it.
_PRESENT = (
    PERSON.add_columns(UserSession.id, UserSession.last_used_at, PULSES_NOW)
    .join(UserSession, UserSession.user_id == User.id)
    .where(UserSession.token_hash == bindparam("token_hash"), User.is_active, *_IS_LIVE)
)


@dataclass(frozen=True, slots=True)
class Present:
    """Someone signed in, when their session was last noted as used, and the pulses of this moment."""

    person: Person
    last_used_at: datetime
    pulses: str | None = None


def find_present(token_hash: str, idle: timedelta) -> Present | None:
    """Whose session this is; None when it has ended in any way. One statement, once a request."""
    asked = {"token_hash": token_hash, **_present_times(idle)}
    row = db.session.connection().execute(_PRESENT, asked).one_or_none()
    if row is None:
        return None
    *person, last_used_at, word = row
    return Present(Person(*person), last_used_at, word)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One of a person's sessions, for a list."""

    id: int
    method: str
    user_agent: str | None
    network_address: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


def list_sessions(user_id: int, idle: timedelta) -> list[SessionRow]:
    """A person's live sessions, the latest used first, and no more of them than a page can show. One statement."""
    wanted = (
        select(
            UserSession.id,
            UserSession.method,
            UserSession.user_agent,
            UserSession.network_address,
            UserSession.created_at,
            UserSession.last_used_at,
            UserSession.expires_at,
        )
        .join(User, User.id == UserSession.user_id)
        .where(UserSession.user_id == user_id, *_IS_LIVE)
        .order_by(UserSession.last_used_at.desc(), UserSession.id.desc())
        .limit(MOST_SESSIONS)
    )
    return [SessionRow(*row) for row in db.session.execute(wanted, _present_times(idle))]


def has_session(user_id: int, session_id: int) -> bool:
    """Whether a session is, or was, this person's."""
    mine = select(UserSession.id).where(UserSession.id == session_id, UserSession.user_id == user_id)
    return db.session.scalar(mine) is not None


def find_device(user_id: int, token_hash: str | None) -> tuple[int | None, bool]:
    """The device of a person with this hash, and whether they have any at all. One statement."""
    wanted = select(func.count(), func.max(case((Device.token_hash == token_hash, Device.id))))
    count, device_id = db.session.execute(wanted.where(Device.user_id == user_id)).one()
    return device_id, bool(count)


def _present_times(idle: timedelta) -> dict[str, datetime]:
    """What _IS_LIVE asks with."""
    now = clock.now()
    return {"now": now, "used_after": now - idle}
