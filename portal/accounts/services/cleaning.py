"""What nobody will ask for any more: old attempts, sessions that are over, browsers that nobody uses."""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, or_, select

from portal import clock
from portal.accounts.models import Device, SignIn, UserSession
from portal.database import IN_PLACE
from portal.extensions import db

SIGN_INS_KEPT = timedelta(days=180)
SESSIONS_KEPT = timedelta(days=30)
DEVICES_KEPT = timedelta(days=365)
_AT_ONCE = 200

Old = type[SignIn] | type[UserSession] | type[Device]


def delete_some_old() -> int:
    """Delete a few hundred rows that are past their time; gives how many, 0 when there are none left.

    To be committed after each call, so that nobody waits for a long deletion.
    """
    now = clock.now()
    over = or_(UserSession.ended_at <= now - SESSIONS_KEPT, UserSession.expires_at <= now - SESSIONS_KEPT)
    old: tuple[tuple[Old, ColumnElement[bool]], ...] = (
        (SignIn, SignIn.created_at <= now - SIGN_INS_KEPT),
        # What has not been used lately is all that can be over for so long, and stands in an index.
        (UserSession, (UserSession.last_used_at <= now - SESSIONS_KEPT) & over),
        (Device, Device.last_used_at <= now - DEVICES_KEPT),
    )
    return sum(_delete_some(model, which) for model, which in old)


def _delete_some(model: Old, which: ColumnElement[bool]) -> int:
    ids = db.session.scalars(select(model.id).where(which).order_by(model.id).limit(_AT_ONCE)).all()
    if ids:
        db.session.execute(delete(model).where(model.id.in_(ids)), execution_options=IN_PLACE)
    return len(ids)
