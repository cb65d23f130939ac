"""Whose mail is refused, or came back."""

from datetime import timedelta

from sqlalchemy import delete, func, or_, select

from portal import clock
from portal.extensions import db
from portal.notifications.models import MailRefusal

_LONGEST = 500
# Servers keep trying for up to five days (RFC 5321 §4.5.4.1) before they send a mail back.
_BELIEVED = timedelta(days=10)


def note_refusal(user_id: int, address: str, code: str, said: str, *, is_bounce: bool = False) -> None:
    """Keep that mail to somebody was refused for good."""
    kept = db.session.scalar(select(MailRefusal).where(MailRefusal.user_id == user_id).with_for_update())
    if kept is None:
        kept = MailRefusal(user_id=user_id, times=0)
        db.session.add(kept)
    kept.times = kept.times + 1 if kept.address == address else 1
    kept.address, kept.code, kept.said = address, code[:20], said[:_LONGEST]
    kept.is_bounce, kept.refused_at = is_bounce, clock.now()
    db.session.flush()


def forget_refusal(user_id: int, address: str) -> None:
    """Their mail is taken again. What came back is believed for some days: a server takes first and gives up later."""
    is_old = or_(MailRefusal.is_bounce.is_(False), MailRefusal.refused_at < clock.now() - _BELIEVED)
    forgotten = delete(MailRefusal).where(
        MailRefusal.user_id == user_id, or_(is_old, func.lower(MailRefusal.address) != address.lower())
    )
    db.session.execute(forgotten, execution_options={"synchronize_session": False})
