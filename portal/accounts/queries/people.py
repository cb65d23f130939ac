"""Who is who: the person behind a request, by id and by address, and whose a link is."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select

from portal import clock
from portal.accounts.models import Facilitator, OneTimeToken, User
from portal.accounts.names import full_name
from portal.extensions import db
from portal.roles import Role

# RFC 5321 as amended: what a mail server must take.
LONGEST_EMAIL = 254


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as plain values: one row, read once a request."""

    id: int
    email: str
    first_name: str
    last_name: str
    role: Role
    locale: str
    time_zone: str | None
    is_active: bool
    session_epoch: int
    facilitator_id: int | None
    # The row in `user_sessions` behind this request; None outside of a page's session.
    session_id: int | None = None

    is_authenticated = True
    is_anonymous = False

    @property
    def full_name(self) -> str:
        """First and last name."""
        return full_name(self.first_name, self.last_name)

    @property
    def initials(self) -> str:
        """Two letters for the account menu."""
        return (self.first_name[:1] + self.last_name[:1]).upper()

    @property
    def roles(self) -> frozenset[Role]:
        """Their role, and the facilitator's places besides when they teach too."""
        # A profile from earlier days opens nothing to someone who studies now.
        may_teach = self.facilitator_id is not None and self.role is not Role.STUDENT
        teaches = {Role.FACILITATOR} if may_teach else set()
        return frozenset({self.role} | teaches)


# The columns of a Person, in its order.
PERSON = select(
    User.id,
    User.email,
    User.first_name,
    User.last_name,
    User.role,
    User.locale,
    User.time_zone,
    User.is_active,
    User.session_epoch,
    Facilitator.id.label("facilitator_id"),
).outerjoin(Facilitator, Facilitator.user_id == User.id)
_OF_ID = PERSON.where(User.id == bindparam("user_id"))


def find_person(user_id: int) -> Person | None:
    """An account as a signed-in person; None when there is none. One statement."""
    row: Any = db.session.execute(_OF_ID, {"user_id": user_id}).one_or_none()
    return Person(*row) if row else None


def typed_address(email: str) -> str | None:
    """An address as it is stored; None for what no address can hold.

    That is more than 254 characters, or a NUL, which PostgreSQL refuses.
    """
    address = email.strip().lower()
    return address if len(address) <= LONGEST_EMAIL and address.isprintable() else None


def find_person_by_email(email: str) -> tuple[Person, str | None] | None:
    """An account by address, with its password hash (None until one is set)."""
    address = typed_address(email)
    if address is None:
        return None
    row = db.session.execute(PERSON.add_columns(User.password_hash).where(User.email == address)).one_or_none()
    # MariaDB finds "jose" for "josé" too, and each spelling would have wrong guesses of its own.
    return (Person(*row[:-1]), row[-1]) if row and row.email == address else None


@dataclass(frozen=True, slots=True)
class Invited:
    """Whose one-time token it is: the token's id and the account behind it."""

    token_id: int
    user_id: int
    email: str
    first_name: str
    last_name: str

    @property
    def full_name(self) -> str:
        """First and last name."""
        return full_name(self.first_name, self.last_name)


def find_open_token(token_hash: str, purpose: str) -> Invited | None:
    """Whose one-time token this is; None when it was used, is too old, unknown, or its account is inactive."""
    wanted = (
        select(OneTimeToken.id, User.id, User.email, User.first_name, User.last_name)
        .join(User, User.id == OneTimeToken.user_id)
        .where(
            OneTimeToken.token_hash == token_hash,
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > clock.now(),
            User.is_active,
        )
    )
    row = db.session.execute(wanted).one_or_none()
    return Invited(*row) if row else None


def list_accounts_at(ending: str) -> dict[str, int]:
    """The ids of the accounts whose address ends like this (`@example.org`), by address. One statement."""
    wanted = select(User.email, User.id).where(User.email.endswith(ending, autoescape=True))
    return dict(db.session.execute(wanted).all())


def count_users() -> int:
    """How many accounts there are."""
    return db.session.scalar(select(func.count(User.id))) or 0
