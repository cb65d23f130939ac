"""Whose mail is refused, or came back."""

from sqlalchemy import delete, select

from portal import clock
from portal.extensions import db
from portal.notifications.models import MailRefusal

_LONGEST = 500


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


def forget_refusal(user_id: int) -> None:
    """Their mail is taken again."""
    forgotten = delete(MailRefusal).where(MailRefusal.user_id == user_id)
    db.session.execute(forgotten, execution_options={"synchronize_session": False})
