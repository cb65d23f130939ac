"""The private address of a person's calendar."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps
from portal.extensions import Model


class CalendarFeed(Timestamps, Model):
    """Whoever has the address reads the calendar; only its hash is kept, and a new one ends the one before."""

    __tablename__ = "calendar_feeds"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
