"""The people of the institution as a list: who they are, what they are, and how far each has come with signing in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, case, exists, func, literal, or_, select, true

from portal import clock
from portal.accounts.models import Facilitator, Identity, OneTimeToken, Student, User
from portal.extensions import db
from portal.folding import fold
from portal.paging import Page, PageRequest, fitting, make_page, slice_by_key
from portal.roles import Role

# As in services/tokens.py, which stands above this.
_INVITATION = "invitation"


class AccountState(StrEnum):
    """How far someone has come with signing in; the first that fits holds."""

    ANONYMISED = "anonymised"
    DEACTIVATED = "deactivated"
    LEAVING = "leaving"
    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    INVITED = "invited"
    EXPIRED = "expired"
    WAITING = "waiting"


# Whom an invitation helps.
INVITABLE = frozenset({AccountState.INVITED, AccountState.EXPIRED, AccountState.WAITING})


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which people are wanted; empty values narrow nothing. Deleted accounts are listed only when asked for."""

    q: str = ""
    role: Role | None = None
    state: AccountState | None = None
    department: str = ""

    @property
    def narrows(self) -> bool:
        """Whether anyone is left out."""
        return self != PeopleFilter()


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the list. `number` is the employee id or student number; `invited_until` ends an open invitation."""

    id: int
    first_name: str
    last_name: str
    email: str
    role: Role
    state: AccountState
    number: str | None
    department: str | None
    teaches: bool
    last_login_at: datetime | None
    invited_until: datetime | None

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """How many people each choice of a filter would show, and how many the present one does."""

    total: int
    roles: Mapping[Role, int]
    states: Mapping[AccountState, int]


SORTS = {"name": User.name_folded, "newest": None}


def page_of_people(wanted: PeopleFilter, page: PageRequest, total: int) -> Page[PersonRow]:
    """The people that a filter lets through. One statement."""
    column = SORTS.get(page.sort)
    keys: list[Any] = [] if column is None else [column]
    page = fitting(page, keys)
    statement = slice_by_key(_people(wanted), keys, User.__table__.c.id, page)
    found = db.session.execute(statement).all()
    rows = [_row(*row) for row in found]
    ends = [(row.name_folded, row.id) if keys else (row.id,) for row in found]
    return make_page(rows, ends, page, total)


def count_people(wanted: PeopleFilter) -> PeopleCounts:
    """What each role and each state would show beside the rest of the filter. Two statements."""
    states = _counts(_state(), replace(wanted, state=None))
    shown = {state: states.get(state, 0) for state in AccountState}
    roles = _counts(User.role, replace(wanted, role=None))
    total = shown[wanted.state] if wanted.state else sum(shown.values()) - shown[AccountState.ANONYMISED]
    by_state = {AccountState(state): count for state, count in shown.items()}
    return PeopleCounts(total, {role: roles.get(role, 0) for role in Role}, by_state)


def list_ids(wanted: PeopleFilter) -> Sequence[int]:
    """The ids of all people that a filter lets through, by name. One statement."""
    return db.session.scalars(_filtered(select(User.id), wanted).order_by(User.name_folded, User.id)).all()


def list_departments() -> Sequence[str]:
    """The departments that people belong to, as they are written. One statement."""
    wanted = select(Facilitator.department).where(Facilitator.department.is_not(None)).distinct()
    return [name for name in db.session.scalars(wanted.order_by(Facilitator.department)) if name]


def state_of(user_id: int) -> AccountState | None:
    """How far a person has come; None when there is no such account. One statement."""
    found = db.session.scalar(select(_state()).where(User.id == user_id))
    return AccountState(found) if found else None


def _counts(column: Any, wanted: PeopleFilter) -> dict[Any, int]:
    """By value of a column; the deleted are counted only where the state is what is counted."""
    inner = _filtered(select(User.id, column.label("value")), wanted, every_state=column is not User.role).subquery()
    rows = db.session.execute(select(inner.c.value, func.count()).group_by(inner.c.value))
    return dict(rows.all())


def _people(wanted: PeopleFilter) -> Select[*tuple[Any, ...]]:
    columns = (
        User.id,
        User.first_name,
        User.last_name,
        User.email,
        User.role,
        _state().label("state"),
        Student.student_number,
        Facilitator.employee_id,
        Facilitator.department,
        User.last_login_at,
        _invited_until(),
        User.name_folded,
    )
    return _filtered(select(*columns), wanted)


def _filtered(
    statement: Select[*tuple[Any, ...]], wanted: PeopleFilter, *, every_state: bool = False
) -> Select[*tuple[Any, ...]]:
    joined = statement.outerjoin(Facilitator, Facilitator.user_id == User.id).outerjoin(
        Student, Student.user_id == User.id
    )
    conditions: list[Any] = [_named(wanted.q)] if wanted.q else []
    if wanted.role:
        conditions.append(User.role == wanted.role)
    if wanted.department:
        conditions.append(Facilitator.department == wanted.department)
    if wanted.state:
        conditions.append(_state() == wanted.state.value)
    elif not every_state:
        conditions.append(User.anonymised_at.is_(None))
    return joined.where(*conditions)


def _named(text: str) -> Any:
    """Every word stands in the name, or the text begins the address or one of the numbers."""
    words = [User.name_folded.contains(word, autoescape=True) for word in fold(text).split()]
    begun = (User.email, Facilitator.employee_id, Student.student_number)
    starts = [func.lower(column).startswith(text.lower(), autoescape=True) for column in begun]
    return or_(*starts, and_(true(), *words)) if words else or_(*starts)


def _open_invitations() -> tuple[Any, ...]:
    """Invitations of the person that were neither used nor withdrawn; some may be too old."""
    ours = (OneTimeToken.purpose == _INVITATION, OneTimeToken.used_at.is_(None))
    return (OneTimeToken.user_id == User.id, *ours)


def _invited_until() -> Any:
    open_ones = (*_open_invitations(), OneTimeToken.expires_at > clock.now())
    return select(func.max(OneTimeToken.expires_at)).where(*open_ones).correlate(User).scalar_subquery()


def _state() -> Any:
    """The state of the account, worked out by the database so that it can be filtered and counted."""
    state, now = AccountState, clock.now()
    mine = _open_invitations()
    can_sign_in = or_(User.password_hash.is_not(None), exists().where(Identity.user_id == User.id))
    return case(
        (User.anonymised_at.is_not(None), literal(state.ANONYMISED.value)),
        (~User.is_active, literal(state.DEACTIVATED.value)),
        (User.deletion_asked_at.is_not(None), literal(state.LEAVING.value)),
        (~User.is_confirmed, literal(state.UNCONFIRMED.value)),
        (can_sign_in, literal(state.ACTIVE.value)),
        (exists().where(*mine, OneTimeToken.expires_at > now), literal(state.INVITED.value)),
        (exists().where(*mine), literal(state.EXPIRED.value)),
        else_=literal(state.WAITING.value),
    )


def _row(
    user_id: int,
    first_name: str,
    last_name: str,
    email: str,
    role: Role,
    state: str,
    student_number: str | None,
    employee_id: str | None,
    *rest: Any,
) -> PersonRow:
    department, last_login_at, invited_until, _name = rest
    number = student_number if role is Role.STUDENT else employee_id or student_number
    teaches = employee_id is not None and role is not Role.FACILITATOR
    named = (user_id, first_name, last_name, email, role, AccountState(state), number)
    return PersonRow(*named, department, teaches, last_login_at, invited_until)
