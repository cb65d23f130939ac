"""Making and ending the address of a calendar."""

import secrets

from sqlalchemy import delete

from portal.accounts.services import hash_token
from portal.accounts.services.locking import lock_account
from portal.audit.services import Actor, record
from portal.database import IN_PLACE
from portal.exchange.feeds.models import CalendarFeed
from portal.extensions import db


def make_feed(user_id: int, by: Actor) -> str:
    """A new address: its secret part, which nobody can read again. The one before no longer works."""
    token = secrets.token_urlsafe(32)
    lock_account(user_id)  # of two clicks the second waits here, and ends the address of the first
    _delete(user_id)
    db.session.add(CalendarFeed(user_id=user_id, token_hash=hash_token(token)))
    db.session.flush()
    record(by, "update", "users", user_id, calendar_feed=(None, "open"))
    return token


def end_feed(user_id: int, by: Actor) -> bool:
    """Make the address work no more; False when there was none."""
    lock_account(user_id)
    ended = _delete(user_id)
    if ended:
        record(by, "update", "users", user_id, calendar_feed=("open", "ended"))
    return ended


def forget(user_id: int) -> None:
    """What is left when somebody leaves."""
    _delete(user_id)


def _delete(user_id: int) -> bool:
    done = db.write(delete(CalendarFeed).where(CalendarFeed.user_id == user_id), execution_options=IN_PLACE)
    return bool(done)
