"""Accounts, the profiles beside them, and the tokens that open them."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal.database import Timestamps, UtcDateTime, enum_column
from portal.extensions import Model
from portal.folding import fold
from portal.roles import Role

# MariaDB takes "abc" for "ABC" otherwise, and those are two people at a provider.
_EXACT = String(255).with_variant(mysql.VARCHAR(255, collation="utf8mb4_bin"), "mysql", "mariadb")


class SignInOutcome(StrEnum):
    """How an attempt to sign in ended."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REFUSED = "refused"


class User(Timestamps, Model):
    """A person's account. `password_hash` is empty until they set one or for single sign-on alone."""

    __tablename__ = "users"
    __table_args__ = (Index(None, "role", "is_active"), Index(None, "name_folded"))

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(100))
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    # "last first" folded: search and sort by it are the same on every database.
    name_folded: Mapped[str] = mapped_column(String(210), default="")
    role: Mapped[Role] = mapped_column(enum_column(Role, "role"))
    locale: Mapped[str] = mapped_column(String(5), default="en")
    time_zone: Mapped[str | None] = mapped_column(String(60))
    title: Mapped[str | None] = mapped_column(String(100))
    bio: Mapped[str | None] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    # Raising it ends every session and token of the person.
    session_epoch: Mapped[int] = mapped_column(default=0)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # False while someone who registered has not followed the link that was sent to their address.
    is_confirmed: Mapped[bool] = mapped_column(Boolean, default=True)
    # Where what is not about signing in goes; empty for the address above.
    notification_email: Mapped[str | None] = mapped_column(String(255))
    deletion_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    anonymised_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @validates("email")
    def _lower(self, _key: str, value: str) -> str:
        return value.strip().lower()

    @validates("first_name", "last_name")
    def _fold_name(self, key: str, value: str) -> str:
        first = value if key == "first_name" else self.first_name or ""
        last = value if key == "last_name" else self.last_name or ""
        self.name_folded = folded_name(first, last)
        return value


def folded_name(first: str, last: str) -> str:
    """What `users.name_folded` holds for a name."""
    return fold(f"{last} {first}")[:210]


class Manager(Timestamps, Model):
    """The profile of someone in the academic office."""

    __tablename__ = "managers"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), unique=True)
    employee_id: Mapped[str | None] = mapped_column(String(40), unique=True)
    is_head: Mapped[bool] = mapped_column(Boolean, default=False)


class ManagerDepartment(Timestamps, Model):
    """For which departments a manager answers; without any they answer for all."""

    __tablename__ = "manager_departments"

    manager_id: Mapped[int] = mapped_column(
        ForeignKey("managers.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    department_id: Mapped[int] = mapped_column(
        ForeignKey("departments.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True, index=True
    )


class Facilitator(Timestamps, Model):
    """The profile of someone who teaches. `max_course_load` is in courses at one time."""

    __tablename__ = "facilitators"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), unique=True)
    employee_id: Mapped[str] = mapped_column(String(40), unique=True)
    department: Mapped[str | None] = mapped_column(String(100), index=True)
    specialization: Mapped[str | None] = mapped_column(String(200))
    fte: Mapped[Decimal] = mapped_column(Numeric(4, 2), default=Decimal(1))
    max_course_load: Mapped[int] = mapped_column(default=4)
    is_available: Mapped[bool] = mapped_column(Boolean, default=True)

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class Student(Timestamps, Model):
    """The profile of someone who studies."""

    __tablename__ = "students"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), unique=True)
    student_number: Mapped[str] = mapped_column(String(40), unique=True)
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id", onupdate="CASCADE"), index=True)
    status: Mapped[str] = mapped_column(String(20), default="active")

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class Identity(Timestamps, Model):
    """An account at another sign-in provider, keyed on issuer and subject as OpenID Connect asks."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issuer: Mapped[str] = mapped_column(_EXACT)
    subject: Mapped[str] = mapped_column(_EXACT)
    # The address that the provider gave, to tell two identities apart.
    email: Mapped[str | None] = mapped_column(String(255))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), index=True)


class RefreshToken(Timestamps, Model):
    """One link of a chain of refresh tokens; using an old one again revokes its family."""

    __tablename__ = "refresh_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    family: Mapped[str] = mapped_column(String(36), index=True)
    # `users.session_epoch` when the family began: it holds only while both are the same.
    epoch: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OneTimeToken(Timestamps, Model):
    """A link that works once. Only its SHA-256 is kept, and what it is derived from together with the portal's key."""

    __tablename__ = "one_time_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # The mail that carries the link makes it again from this; see services/tokens.py.
    nonce: Mapped[str | None] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(20))
    # The address that following the link proves, where that is not the account's own.
    address: Mapped[str | None] = mapped_column(String(255))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiToken(Timestamps, Model):
    """A long-lived token for an integration, made by a person, with which it may do some of what they may."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    # `users.session_epoch` when it was made: it holds only while both are the same.
    epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    # Its last letters, by which people tell their tokens apart.
    ending: Mapped[str] = mapped_column(String(8), default="", server_default="")
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UserSession(Timestamps, Model):
    """Someone signed in on one device, from `created_at` until it ends; its cookie holds what is hashed here."""

    __tablename__ = "user_sessions"
    __table_args__ = (Index(None, "user_id", "ended_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # `users.session_epoch` when it began: it holds only while both are the same.
    epoch: Mapped[int]
    # How the person proved who they are: password, invitation, reset, the name of a provider.
    method: Mapped[str] = mapped_column(String(20))
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id", onupdate="CASCADE", ondelete="SET NULL"))
    user_agent: Mapped[str | None] = mapped_column(String(300))
    network_address: Mapped[str | None] = mapped_column(String(45))
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Device(Timestamps, Model):
    """A browser in which a person has signed in before; its cookie holds what is hashed here."""

    __tablename__ = "devices"
    __table_args__ = (UniqueConstraint("user_id", "token_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(300))
    last_used_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SignIn(Timestamps, Model):
    """One attempt to sign in, for the history and for the delay that grows with failures."""

    __tablename__ = "sign_ins"
    __table_args__ = (
        Index(None, "address_key", "created_at"),
        Index(None, "user_id", "created_at"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # Empty when nobody has the address that was typed.
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"))
    # The typed address under the portal's key: attempts at addresses that nobody has are counted without keeping them.
    address_key: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[SignInOutcome] = mapped_column(enum_column(SignInOutcome, "outcome"))
    method: Mapped[str] = mapped_column(String(20), default="password")
    # Set when the browser had signed in to this account before.
    device_id: Mapped[int | None] = mapped_column(ForeignKey("devices.id", onupdate="CASCADE", ondelete="SET NULL"))
    user_agent: Mapped[str | None] = mapped_column(String(300))
    network_address: Mapped[str | None] = mapped_column(String(45))
