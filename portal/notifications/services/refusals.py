"""Whose mail is refused, or came back."""

from datetime import timedelta
from typing import cast

from sqlalchemy import Table, delete, func, or_, select

from portal import clock
from portal.database import IN_PLACE, insert_unless_there
from portal.extensions import db
from portal.notifications.models import MailRefusal

_LONGEST = 500
_REFUSALS = cast(Table, MailRefusal.__table__)
# Servers keep trying for up to five days (RFC 5321 §4.5.4.1) before they send a mail back.
_BELIEVED = timedelta(days=10)


def note_refusal(user_id: int, address: str, code: str, said: str, *, is_bounce: bool = False) -> None:
    """Keep that mail to somebody was refused for good."""
    now = clock.now()
    first = {
        "user_id": user_id, "address": address, "code": "", "said": "", "is_bounce": is_bounce, "times": 0,
        "refused_at": now, "created_at": now, "updated_at": now,
    }  # fmt: skip
    # Of two mails that are refused at one moment the second finds the row of the first.
    db.session.execute(insert_unless_there(db.engine.dialect.name, _REFUSALS, first))
    mine = select(MailRefusal).where(MailRefusal.user_id == user_id).with_for_update()
    kept = db.session.scalars(mine.execution_options(populate_existing=True)).one()
    kept.times = kept.times + 1 if kept.address == address else 1
    kept.address, kept.code, kept.said = address, code[:20], said[:_LONGEST]
    kept.is_bounce, kept.refused_at = is_bounce, now
    db.session.flush()


def forget_refusal(user_id: int, address: str) -> None:
    """Their mail is taken again. What came back is believed for some days: a server takes first and gives up later."""
    is_old = or_(MailRefusal.is_bounce.is_(False), MailRefusal.refused_at < clock.now() - _BELIEVED)
    forgotten = delete(MailRefusal).where(
        MailRefusal.user_id == user_id, or_(is_old, func.lower(MailRefusal.address) != address.lower())
    )
    db.session.execute(forgotten, execution_options=IN_PLACE)
