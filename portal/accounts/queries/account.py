"""One account in full, for those who look after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.accounts.models import Facilitator, Manager, SignIn, SignInOutcome, Student, User
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.roles import Role

MOST_ATTEMPTS = 50
MOST_CHANGES = 20


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account with the profiles beside it."""

    id: int
    email: str
    first_name: str
    last_name: str
    role: Role
    locale: str
    title: str | None
    is_active: bool
    created_at: datetime
    last_login_at: datetime | None
    deletion_asked_at: datetime | None
    anonymised_at: datetime | None
    has_password: bool
    employee_id: str | None
    department: str | None
    student_number: str | None
    is_manager: bool

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt to sign in."""

    at: datetime
    outcome: SignInOutcome
    method: str
    user_agent: str | None
    network_address: str | None


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One change of the account: when, by whom (None for the portal itself), what, and field by field."""

    at: datetime
    actor: str | None
    action: str
    changes: Mapping[str, Sequence[Any]]


def find_row(user_id: int) -> AccountRow | None:
    """An account; None when there is none. One statement."""
    columns = (
        User.id,
        User.email,
        User.first_name,
        User.last_name,
        User.role,
        User.locale,
        User.title,
        User.is_active,
        User.created_at,
        User.last_login_at,
        User.deletion_asked_at,
        User.anonymised_at,
        User.password_hash.is_not(None),
        Facilitator.employee_id,
        Facilitator.department,
        Student.student_number,
        Manager.id.is_not(None),
    )
    wanted = (
        select(*columns)
        .outerjoin(Facilitator, Facilitator.user_id == User.id)
        .outerjoin(Student, Student.user_id == User.id)
        .outerjoin(Manager, Manager.user_id == User.id)
        .where(User.id == user_id)
    )
    row: Any = db.session.execute(wanted).one_or_none()
    return AccountRow(*row) if row else None


def list_attempts(user_id: int) -> Sequence[AttemptRow]:
    """The newest attempts to sign in to an account. One statement."""
    columns = (SignIn.created_at, SignIn.outcome, SignIn.method, SignIn.user_agent, SignIn.network_address)
    wanted = select(*columns).where(SignIn.user_id == user_id).order_by(SignIn.created_at.desc(), SignIn.id.desc())
    return [AttemptRow(*row) for row in db.session.execute(wanted.limit(MOST_ATTEMPTS))]


def list_changes(user_id: int) -> Sequence[ChangeRow]:
    """The newest changes of an account. One statement."""
    columns = (AuditEvent.created_at, User.first_name, User.last_name, AuditEvent.action, AuditEvent.changes)
    wanted = (
        select(*columns)
        .outerjoin(User, User.id == AuditEvent.actor_id)
        .where(AuditEvent.entity == User.__tablename__, AuditEvent.entity_id == user_id)
        .order_by(AuditEvent.id.desc())
        .limit(MOST_CHANGES)
    )
    rows: Any = db.session.execute(wanted)
    return [
        ChangeRow(at, f"{first} {last}".strip() if first is not None else None, action, changes)
        for at, first, last, action, changes in rows
    ]
