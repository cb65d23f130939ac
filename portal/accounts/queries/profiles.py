"""What a person sees and changes of their own account."""

from sqlalchemy import select

from portal.accounts.models import Identity
from portal.extensions import db


def has_identity(user_id: int) -> bool:
    """Whether the account is connected to one at another provider."""
    return db.session.scalar(select(Identity.id).where(Identity.user_id == user_id).limit(1)) is not None
