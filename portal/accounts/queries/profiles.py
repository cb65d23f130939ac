"""What a person sees and changes of their own account."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from portal import clock
from portal.accounts.models import Identity, OneTimeToken, User
from portal.accounts.names import full_name
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as its owner sees it."""

    email: str
    first_name: str
    last_name: str
    title: str | None
    bio: str | None
    locale: str
    time_zone: str | None
    notification_email: str | None
    deletion_asked_at: datetime | None
    has_password: bool


def find_profile(user_id: int) -> Profile | None:
    """What an account says of its owner. One statement."""
    wanted = select(
        User.email,
        User.first_name,
        User.last_name,
        User.title,
        User.bio,
        User.locale,
        User.time_zone,
        User.notification_email,
        User.deletion_asked_at,
        User.password_hash.is_not(None),
    )
    row: Any = db.session.execute(wanted.where(User.id == user_id)).one_or_none()
    return Profile(*row) if row else None


@dataclass(frozen=True, slots=True)
class AddressLink:
    """An address that waits until the link that was sent to it is followed, and the account that it is for."""

    token_id: int
    user_id: int
    address: str
    sent_at: datetime
    email: str
    first_name: str
    last_name: str

    @property
    def full_name(self) -> str:
        """First and last name."""
        return full_name(self.first_name, self.last_name)


def find_pending_address(user_id: int, purpose: str) -> AddressLink | None:
    """The address that a person wants to use and has not proved yet. One statement."""
    row: Any = db.session.execute(_open_links(purpose).where(User.id == user_id)).first()
    return AddressLink(*row) if row else None


def find_address_link(token_hash: str, purpose: str) -> AddressLink | None:
    """Whose link this is; None when it was used, is too old, unknown, or its account is inactive."""
    row: Any = db.session.execute(_open_links(purpose).where(OneTimeToken.token_hash == token_hash)).one_or_none()
    return AddressLink(*row) if row else None


def _open_links(purpose: str) -> Select[*tuple[Any, ...]]:
    columns = (User.id, OneTimeToken.address, OneTimeToken.created_at, User.email, User.first_name, User.last_name)
    return (
        select(OneTimeToken.id, *columns)
        .join(User, User.id == OneTimeToken.user_id)
        .where(
            OneTimeToken.purpose == purpose,
            OneTimeToken.address.is_not(None),
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > clock.now(),
            User.is_active,
        )
        .order_by(OneTimeToken.id.desc())
    )


def has_identity(user_id: int) -> bool:
    """Whether the account is connected to one at another provider."""
    return db.session.scalar(select(Identity.id).where(Identity.user_id == user_id).limit(1)) is not None
