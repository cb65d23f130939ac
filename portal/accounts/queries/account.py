"""One account in full, for those who look after it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import (
    Facilitator,
    Manager,
    ManagerDepartment,
    OneTimeToken,
    SignIn,
    SignInOutcome,
    Student,
    User,
)
from portal.accounts.names import full_name
from portal.accounts.queries.directory import INVITATION
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.paging import Cursor, Page, PageRequest, fitting, make_page, slice_by_key
from portal.roles import Role

MOST_CHANGES = 20
MOST_INVITATIONS = 5
_NEWEST = (SignIn.__table__.c.created_at,)


def mark_of(email: str, first_name: str, last_name: str) -> str:
    """A mark that differs once one of them does: forms send it back, so that nobody overwrites what they never saw."""
    return hashlib.sha256(f"{email}\0{first_name}\0{last_name}".encode()).hexdigest()[:16]


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
    cohort_id: int | None
    is_head: bool | None

    @property
    def full_name(self) -> str:
        """First and last name."""
        return full_name(self.first_name, self.last_name)

    @property
    def seen(self) -> str:
        """The mark of name and address."""
        return mark_of(self.email, self.first_name, self.last_name)


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt to sign in."""

    at: datetime
    outcome: SignInOutcome
    method: str
    user_agent: str | None
    network_address: str | None


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """One link for a first password; `ended_at` is when it was used, replaced or withdrawn."""

    sent_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it works."""
        return self.ended_at is None and self.expires_at > clock.now()


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
        Student.cohort_id,
        Manager.is_head,
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


def page_of_attempts(user_id: int, cursor: Cursor | None) -> Page[AttemptRow]:
    """Attempts to sign in to an account, newest first. Two statements."""
    page = fitting(PageRequest("newest", descending=True, cursor=cursor), _NEWEST)
    mine = SignIn.user_id == user_id
    columns = (SignIn.created_at, SignIn.outcome, SignIn.method, SignIn.user_agent, SignIn.network_address, SignIn.id)
    statement: Any = select(*columns).where(mine)
    found = db.session.execute(slice_by_key(statement, _NEWEST, SignIn.__table__.c.id, page)).all()
    total = db.session.scalar(select(func.count()).select_from(SignIn).where(mine)) or 0
    ends = [(row.created_at, row.id) for row in found]
    return make_page([AttemptRow(*row[:-1]) for row in found], ends, page, total)


def list_invitations(user_id: int) -> Sequence[InvitationRow]:
    """The newest invitations of an account. One statement."""
    columns = (OneTimeToken.created_at, OneTimeToken.expires_at, OneTimeToken.used_at)
    mine = (OneTimeToken.user_id == user_id, OneTimeToken.purpose == INVITATION)
    wanted = select(*columns).where(*mine).order_by(OneTimeToken.id.desc()).limit(MOST_INVITATIONS)
    return [InvitationRow(*row) for row in db.session.execute(wanted)]


def list_departments(user_id: int) -> Sequence[int]:
    """The ids of the departments for which a manager answers; all of them when there are none. One statement."""
    wanted = select(ManagerDepartment.department_id).join(Manager, Manager.id == ManagerDepartment.manager_id)
    return db.session.scalars(wanted.where(Manager.user_id == user_id).order_by(ManagerDepartment.department_id)).all()


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
