"""Looking after accounts: roles, access, names and addresses. Who may do what to whom is decided here.

Nobody changes their own role or shuts themselves out, and there is always an administrator who can sign in: the
rows of all administrators are locked first, in the same order, so that of two who remove each other one is the last.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Facilitator, Manager, Student, User
from portal.accounts.objections import list_objections
from portal.accounts.queries.account import mark_of
from portal.accounts.services.people import NAME_LIMIT, UserDraft, add_profile, check_email, create_user
from portal.accounts.services.profiles import referring
from portal.accounts.services.sessions import end_sessions, raise_epoch
from portal.accounts.services.texts import tidy_line
from portal.accounts.services.tokens import end_tokens
from portal.accounts.signals import Notice, tell
from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, NotAllowed, NotFound, lazy
from portal.extensions import db
from portal.roles import Role

# Whom managers look after; everyone else is the administrators' business.
OF_MANAGERS = frozenset({Role.FACILITATOR, Role.STUDENT})
_NUMBER_LIMIT = 40
_PROFILES: dict[Role, type[Manager | Facilitator | Student]] = {
    Role.MANAGER: Manager,
    Role.FACILITATOR: Facilitator,
    Role.STUDENT: Student,
}
_ADMINS = select(User).where(User.role == Role.ADMIN, User.is_active).order_by(User.id)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Someone who is to get an account.

    `number` is the employee id or student number, `department` a facilitator's, `cohort_id` a student's.
    """

    user: UserDraft
    number: str = ""
    department: str = ""
    cohort_id: int | None = None


@dataclass(frozen=True, slots=True)
class Identification:
    """The name and address of someone; `seen` is the `mark_of` those that were shown."""

    email: str
    first_name: str
    last_name: str
    seen: str | None = None


def check_may_look_after(acting: Role, whom: Role) -> None:
    """Raise NotAllowed when someone with the first role has no say over someone with the second."""
    if acting is not Role.ADMIN and whom not in OF_MANAGERS:
        raise NotAllowed(lazy("Managers and administrators are looked after by administrators alone."))


def role_of(user_id: int) -> Role:
    """The role of an account. Raises NotFound."""
    role = db.session.scalar(select(User.role).where(User.id == user_id))
    if role is None:
        raise NotFound(lazy("There is no such account."))
    return role


def add_person(wanted: NewPerson, acting: Role, by: Actor) -> User:
    """A new account without a password. Raises as `create_user` does, NotAllowed for a role beyond one's own say,
    Conflict on `number` when somebody has it, DomainError on `cohort_id` for a cohort that is not there any more."""
    check_may_look_after(acting, wanted.user.role)
    _check_number(wanted.number)
    first, last = _names(wanted.user.first_name, wanted.user.last_name)
    user = create_user(replace(wanted.user, first_name=first, last_name=last), by)
    if wanted.number or wanted.department or wanted.cohort_id:
        _fill_profile(user, wanted, by)
    return user


def _names(first: str, last: str) -> tuple[str, str]:
    """Both names in their stored form. Raises DomainError on the field."""
    tidy = tidy_line(first, "first_name", NAME_LIMIT), tidy_line(last, "last_name", NAME_LIMIT)
    if not tidy[0]:
        raise DomainError(lazy("Enter a name."), "first_name")
    return tidy


def _check_number(number: str) -> None:
    if len(number) > _NUMBER_LIMIT:
        raise DomainError(lazy("Numbers hold %(limit)s characters; this one is longer.", limit=_NUMBER_LIMIT), "number")


def _fill_profile(user: User, wanted: NewPerson, by: Actor) -> None:
    """Put the number, a facilitator's department or a student's cohort into the profile that was just made."""
    profile = _PROFILES.get(user.role)
    if profile is None:
        return
    row: Any = db.session.scalars(select(profile).where(profile.user_id == user.id)).one()
    number_of = "student_number" if isinstance(row, Student) else "employee_id"
    values: dict[str, str | int | None] = {number_of: wanted.number} if wanted.number else {}
    if isinstance(row, Facilitator):
        values["department"] = wanted.department or None
    elif isinstance(row, Student):
        values["cohort_id"] = wanted.cohort_id
    changed = {name: (getattr(row, name), value) for name, value in values.items() if getattr(row, name) != value}
    # One after the other: only so is it known which of them the database refused.
    with _unique("number", lazy("Somebody has the number %(number)s already.", number=wanted.number)):
        setattr(row, number_of, values.pop(number_of, getattr(row, number_of)))
    with referring("cohort_id"):
        for name, value in values.items():
            setattr(row, name, value)
    record(by, "update", profile.__tablename__, row.id, **changed)


@contextmanager
def _unique(field: str, taken: object) -> Iterator[None]:
    """Changes that the database may refuse because somebody has the same; then Conflict, and nothing of them holds."""
    try:
        with db.session.begin_nested():
            yield
    except IntegrityError as error:
        raise Conflict(taken, field) from error


def identify(user_id: int, wanted: Identification, acting: Role, by: Actor) -> bool:
    """Give someone another name or address; False when nothing differs.

    A new address ends all sessions and open links. Raises NotFound, NotAllowed, DomainError and Conflict on a field;
    Conflict without a field when it was changed since it was seen.
    """
    user = _lock(user_id)
    check_may_look_after(acting, user.role)
    _check_is_there(user)
    if wanted.seen not in (None, mark_of(user.email, user.first_name, user.last_name)):
        raise Conflict(lazy("Somebody has changed this name or address meanwhile. Look at it again."))
    email = check_email(wanted.email)
    first, last = _names(wanted.first_name, wanted.last_name)
    new = {"email": email, "first_name": first, "last_name": last}
    changed = {name: (getattr(user, name), value) for name, value in new.items() if getattr(user, name) != value}
    if not changed:
        return False
    with _unique("email", lazy("There is an account with the address %(email)s already.", email=email)):
        for name, (_before, after) in changed.items():
            setattr(user, name, after)
    if "email" in changed:
        raise_epoch(user_id)
        end_tokens([user_id])
    record(by, "update", User.__tablename__, user_id, **changed)
    return True


def change_role(user_id: int, role: Role, seen: Role, by: Actor) -> bool:
    """Give someone another role, with the profile that belongs to it; False when it is theirs already.

    `seen` is the role that was shown when this was decided. All their sessions and tokens end. Raises NotAllowed for
    one's own role, Conflict for the last administrator, for a role that was changed meanwhile, and when someone who
    still teaches is to be a student.
    """
    check_not_oneself(user_id, by, lazy("Nobody changes their own role. Ask another administrator."))
    # Whoever is just allocating a course to the person is waited for; they lock in this order too.
    db.session.execute(select(Facilitator.id).where(Facilitator.user_id == user_id).with_for_update())
    user = _lock_with_admins(user_id)
    _check_is_there(user)
    if user.role is role:
        return False
    if user.role is not seen:
        raise Conflict(lazy("Somebody has changed this role meanwhile. Look at it again."), "role")
    _check_not_last(user)
    # Managers and administrators may teach besides; students do not.
    if role is Role.STUDENT and (objections := list_objections(user_id)):
        raise Conflict(objections[0], "role")
    user.role = role
    _add_missing_profile(user)
    raise_epoch(user_id)
    record(by, "change_role", User.__tablename__, user_id, role=(seen, role))
    key = f"role_changed:{clock.now().isoformat()}"
    tell([Notice(user_id, "role_changed", {"before": seen.value, "after": role.value}, key)])
    return True


def deactivate(user_id: int, by: Actor) -> bool:
    """Shut someone out: sessions, tokens and open links end at once. False when they were shut out already."""
    check_not_oneself(user_id, by, lazy("Nobody deactivates themselves. Ask another administrator."))
    user = _lock_with_admins(user_id)
    if not user.is_active:
        return False
    _check_not_last(user)
    user.is_active = False
    raise_epoch(user_id)
    end_tokens([user_id])
    record(by, "deactivate", User.__tablename__, user_id, is_active=(True, False))
    return True


def reactivate(user_id: int, by: Actor) -> bool:
    """Let someone in again with the password they had; False when nothing kept them out. Raises NotFound."""
    user = _lock(user_id)
    _check_is_there(user)
    if user.is_active:
        return False
    user.is_active = True
    db.session.flush()
    record(by, "reactivate", User.__tablename__, user_id, is_active=(False, True))
    return True


def end_all_sessions(user_id: int, by: Actor) -> int:
    """Sign someone out everywhere, integrations too; gives how many sessions that were. Raises NotFound."""
    _lock(user_id)
    ended = end_sessions(user_id)
    raise_epoch(user_id)
    record(by, "end_sessions", User.__tablename__, user_id)
    return ended


def let_teach(user_id: int, employee_id: str, by: Actor) -> None:
    """Give a manager or administrator the facilitator's places besides. Raises Conflict when the number is taken."""
    user = _lock(user_id)
    _check_is_there(user)
    number = employee_id.strip()
    _check_number(number)
    if not number:
        raise DomainError(lazy("Enter an employee id."), "number")
    if user.role not in {Role.MANAGER, Role.ADMIN}:
        raise NotAllowed(lazy("Only managers and administrators teach besides."))
    profile = Facilitator(user_id=user_id, employee_id=number)
    with _unique("number", lazy("Somebody has the number %(number)s already.", number=number)):
        db.session.add(profile)
    record(by, "add_profile", Facilitator.__tablename__, profile.id, employee_id=(None, number))


def _lock(user_id: int) -> User:
    wanted = select(User).where(User.id == user_id).with_for_update()
    user = db.session.scalar(wanted.execution_options(populate_existing=True))
    if user is None:
        raise NotFound(lazy("There is no such account."))
    return user


def _lock_with_admins(user_id: int) -> User:
    """The account, when the rows of all active administrators are ours until the end of the transaction."""
    db.session.scalars(_ADMINS.with_for_update(key_share=True)).all()
    return _lock(user_id)


def _check_not_last(user: User) -> None:
    if user.role is Role.ADMIN and user.is_active:
        others = db.session.scalars(_ADMINS.with_only_columns(User.id).where(User.id != user.id)).all()
        if not others:
            raise Conflict(lazy("This is the only administrator. Make someone else an administrator first."))


def check_not_oneself(user_id: int, by: Actor, words: object) -> None:
    """Raise NotAllowed, in these words, when the account is the actor's own."""
    if by.user_id == user_id:
        raise NotAllowed(words)


def _check_is_there(user: User) -> None:
    if user.anonymised_at is not None:
        raise Conflict(lazy("This account was deleted."))


def _add_missing_profile(user: User) -> None:
    """The profile of the present role, if it is not there from earlier."""
    profile = _PROFILES.get(user.role)
    if profile and db.session.scalar(select(profile.id).where(profile.user_id == user.id)) is None:
        add_profile(user)
    db.session.flush()
