"""By what an account is opened."""

from sqlalchemy import select

from portal.accounts.models import OneTimeToken, User
from portal.extensions import db


def has_password(user_id: int) -> bool:
    """Whether an account has a password; without one it is opened by single sign-on, or waits for its owner."""
    return db.session.scalar(select(User.password_hash.is_not(None)).where(User.id == user_id)) or False


def has_unused_link(user_id: int, purpose: str) -> bool:
    """Whether an account was sent a link that was neither used nor withdrawn; it may have become too old."""
    sent = select(OneTimeToken.id).where(
        OneTimeToken.user_id == user_id, OneTimeToken.purpose == purpose, OneTimeToken.used_at.is_(None)
    )
    return db.session.scalar(sent.limit(1)) is not None
