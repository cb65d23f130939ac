"""The people of the institution as a list: who they are, what they are, and how far each has come with signing in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal, or_, select, true

from portal import clock
from portal.accounts.models import Facilitator, Identity, OneTimeToken, Student, User
from portal.accounts.names import full_name
from portal.extensions import db
from portal.folding import fold
from portal.paging import Page, PageRequest, fitting, make_page, slice_by_key
from portal.roles import Role

# As `Purpose` in services/tokens.py, which stands above this.
INVITATION = "invitation"


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
# Listed only when asked for.
_HIDDEN = AccountState.ANONYMISED


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
    cohort_id: int | None
    teaches: bool
    last_login_at: datetime | None
    invited_until: datetime | None

    @property
    def full_name(self) -> str:
        """First and last name."""
        return full_name(self.first_name, self.last_name)


@dataclass(frozen=True, slots=True)
class PeopleCounts:
    """How many people each choice of a filter would show, and how many the present one does."""

    total: int
    roles: Mapping[Role, int]
    states: Mapping[AccountState, int]
    departments: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Order:
    """What a list is ordered by before the id, and whether the greatest comes first."""

    keys: tuple[ColumnElement[Any], ...]
    descending: bool = False


# Whoever never signed in has been away longest, since the account was made.
_SEEN = (case((User.last_login_at.is_(None), 0), else_=1), func.coalesce(User.last_login_at, User.created_at))
_ORDERS: Mapping[str, _Order] = {
    "name": _Order((User.__table__.c.name_folded,)),
    "seen": _Order(_SEEN, descending=True),
    "away": _Order(_SEEN),
    "newest": _Order((), descending=True),
}
SORTS = tuple(_ORDERS)


def page_of_people(wanted: PeopleFilter, page: PageRequest, total: int) -> Page[PersonRow]:
    """The people that a filter lets through; the sort, one of `SORTS`, decides the direction. One statement."""
    order = _ORDERS[page.sort]
    page = fitting(replace(page, descending=order.descending), order.keys)
    keyed = _people(wanted).add_columns(*order.keys)
    found = db.session.execute(slice_by_key(keyed, order.keys, User.__table__.c.id, page)).all()
    rows = [_row(*row[:_WIDTH]) for row in found]
    return make_page(rows, [(*row[_WIDTH:], row.id) for row in found], page, total)


def count_people(wanted: PeopleFilter) -> PeopleCounts:
    """What each role, state and department would show beside the rest of the filter. One statement."""
    columns = (User.role, _state().label("state"), _department().label("department"))
    # Counted from within: PostgreSQL takes an expression with parameters for another one when it is grouped by.
    people = _filtered(select(*columns), PeopleFilter(q=wanted.q), every_state=True).subquery()
    kinds = (people.c.role, people.c.state, people.c.department)
    total, roles, states, departments = 0, Counter[Role](), Counter[AccountState](), Counter[str]()
    for role, named, department, count in db.session.execute(select(*kinds, func.count()).group_by(*kinds)):
        state = AccountState(named)
        fits_role = wanted.role in (None, role)
        fits_state = state is wanted.state if wanted.state else state is not _HIDDEN
        fits_department = not wanted.department or _is_same(department, wanted.department)
        total += count * (fits_role and fits_state and fits_department)
        roles[role] += count * (fits_state and fits_department)
        states[state] += count * (fits_role and fits_department)
        departments[department or ""] += count * (fits_role and fits_state)
    del departments[""]
    return PeopleCounts(total, roles, states, departments)


def _is_same(one: str | None, other: str) -> bool:
    """As the database compares: MariaDB takes "engi" for "ENGI"."""
    if db.session.get_bind().dialect.name in {"mysql", "mariadb"}:
        return one is not None and fold(one) == fold(other)
    return one == other


def list_ids(wanted: PeopleFilter) -> Sequence[int]:
    """The ids of all people that a filter lets through, by name. One statement."""
    return db.session.scalars(_filtered(select(User.id), wanted).order_by(User.name_folded, User.id)).all()


def list_departments() -> Sequence[str]:
    """The departments of those who teach, as they are written. One statement."""
    wanted = select(Facilitator.department).where(Facilitator.department.is_not(None)).distinct()
    return [name for name in db.session.scalars(wanted.order_by(Facilitator.department)) if name]


def list_never_invited(role: Role | None) -> Sequence[int]:
    """The ids of all who wait for their first invitation, by name: nobody withdrew one from them. One statement."""
    ever = exists().where(OneTimeToken.user_id == User.id, OneTimeToken.purpose == INVITATION)
    waiting = _filtered(select(User.id), PeopleFilter(role=role, state=AccountState.WAITING))
    return db.session.scalars(waiting.where(~ever).order_by(User.name_folded, User.id)).all()


def state_of(user_id: int) -> AccountState | None:
    """How far a person has come; None when there is no such account. One statement."""
    found = db.session.scalar(select(_state()).where(User.id == user_id))
    return AccountState(found) if found else None


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
        _department().label("department"),
        Student.cohort_id,
        User.last_login_at,
        _invited_until(),
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
        conditions.append(_department() == wanted.department)
    if wanted.state:
        conditions.append(_state() == wanted.state.value)
    elif not every_state:
        conditions.append(User.anonymised_at.is_(None))
    return joined.where(*conditions)


def _department() -> Any:
    """The department; whoever studies now belongs to none, whatever they taught."""
    return case((User.role != Role.STUDENT, Facilitator.department))


def _named(text: str) -> Any:
    """Every word stands in the name, or the text begins the address or one of the numbers."""
    words = [User.name_folded.contains(word, autoescape=True) for word in fold(text).split()]
    begun = (User.email, Facilitator.employee_id, Student.student_number)
    starts = [func.lower(column).startswith(text.lower(), autoescape=True) for column in begun]
    return or_(*starts, and_(true(), *words)) if words else or_(*starts)


def _open_invitations() -> tuple[Any, ...]:
    """Invitations of the person that were neither used nor withdrawn; some may be too old."""
    ours = (OneTimeToken.purpose == INVITATION, OneTimeToken.used_at.is_(None))
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


# How many of the columns of a statement make a row; what the list is ordered by follows.
_WIDTH = 12


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
    department, cohort_id, last_login_at, invited_until = rest
    studies = role is Role.STUDENT
    number = student_number if studies else employee_id or student_number
    teaches = employee_id is not None and role in {Role.MANAGER, Role.ADMIN}
    named = (user_id, first_name, last_name, email, role, AccountState(state), number)
    return PersonRow(*named, department, cohort_id if studies else None, teaches, last_login_at, invited_until)
