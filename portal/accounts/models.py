"""Accounts, the profiles beside them, and the tokens that open them."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Numeric, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal.database import Timestamps, UtcDateTime, enum_column
from portal.extensions import Model
from portal.folding import fold
from portal.roles import Role


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
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), index=True)


class RefreshToken(Timestamps, Model):
    """One link of a chain of refresh tokens; using an old one again revokes its family."""

    __tablename__ = "refresh_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    family: Mapped[str] = mapped_column(String(36), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class OneTimeToken(Timestamps, Model):
    """A link that works once: an invitation or a new password. Only its SHA-256 is kept."""

    __tablename__ = "one_time_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApiToken(Timestamps, Model):
    """A long-lived token for an integration."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
