"""Rules and writes of accounts."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute

from portal.accounts import passwords
from portal.accounts.models import Facilitator, Manager, ManagerDepartment, Student, User
from portal.accounts.services.profiles import referring
from portal.audit.services import Actor, Change, record, record_many
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.roles import Role

NAME_LIMIT = 100
# Of such an address only the domain has to be looked at closely, and a school has few of them.
_PLAIN = re.compile(r"(?P<name>[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*)@(?P<domain>[A-Za-z0-9.-]{1,100})", re.ASCII)
_SHORT = 64


@dataclass(frozen=True, slots=True)
class UserDraft:
    """An account as someone wants it."""

    email: str
    role: Role
    first_name: str = ""
    last_name: str = ""
    locale: str = "en"


def create_user(draft: UserDraft, by: Actor, password: str | None = None) -> User:
    """A new account with the profile of its role. Raises DomainError on a bad address, Conflict on a known one."""
    email = check_email(draft.email)
    check_names(draft)
    hashed = passwords.hash_password(password) if password is not None else None
    name = email.partition("@")[0]
    user = User(
        email=email,
        role=draft.role,
        first_name=draft.first_name or name,
        last_name=draft.last_name,
        locale=draft.locale,
        password_hash=hashed,
    )
    try:
        with db.session.begin_nested():
            db.session.add(user)
    except IntegrityError as error:
        known = lazy("There is an account with the address %(email)s already.", email=email)
        raise Conflict(known, "email") from error
    add_profile(user)
    record(by, "create", "users", user.id, email=(None, email), role=(None, draft.role))
    return user


def check_names(draft: UserDraft) -> None:
    """Raise DomainError on the field `first_name` or `last_name` when it is longer than an account can hold."""
    for field, name in (("first_name", draft.first_name), ("last_name", draft.last_name)):
        if len(name) > NAME_LIMIT:
            raise DomainError(lazy("Names hold %(limit)s characters; this one is longer.", limit=NAME_LIMIT), field)


def check_email(address: str) -> str:
    """The address in its stored form, lower-case. Raises DomainError on the field `email`."""
    from email_validator import EmailNotValidError, validate_email  # takes long to import, and few requests need it

    plain = _PLAIN.fullmatch(address.strip())
    try:
        if plain and len(plain["name"]) <= _SHORT:
            return f"{plain['name']}@{_check_domain(plain['domain'])}".lower()
        return validate_email(address.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise DomainError(lazy("%(email)s is not an email address.", email=address.strip()[:100]), "email") from None


@lru_cache(maxsize=200)
def _check_domain(name: str) -> str:
    """A domain as addresses are stored with it. Raises EmailNotValidError."""
    from email_validator import validate_email

    return validate_email(f"a@{name}", check_deliverability=False).domain


def add_profile(user: User) -> None:
    """The profile that belongs to the account's role; administrators have none."""
    if user.role is Role.MANAGER:
        db.session.add(Manager(user_id=user.id))
    elif user.role is Role.FACILITATOR:
        number = _free_number(Facilitator.employee_id, user.id)
        db.session.add(Facilitator(user_id=user.id, employee_id=number))
    elif user.role is Role.STUDENT:
        number = _free_number(Student.student_number, user.id)
        db.session.add(Student(user_id=user.id, student_number=number))
    db.session.flush()


def _free_number(column: InstrumentedAttribute[str], user_id: int) -> str:
    """The number that the portal gives itself; another one where a file of another portal gave it to somebody."""
    number = f"U{user_id:06d}"
    is_taken = db.session.scalar(select(column).where(column == number)) is not None
    return f"{number}-{secrets.token_hex(4)}" if is_taken else number


def give_password(emails: Sequence[str], password: str, by: Actor) -> None:
    """Set one password for several accounts, hashed once, and end their sessions. Raises as `hash_password` does."""
    hashed = passwords.hash_password(password)
    changed = User.email.in_(emails)
    db.session.execute(
        update(User)
        .where(changed)
        .values(password_hash=hashed, session_epoch=User.session_epoch + 1)
        .execution_options(**IN_PLACE)
    )
    user_ids = db.session.scalars(select(User.id).where(changed))
    record_many(by, [Change("set_password", "users", user_id, {}) for user_id in user_ids])


def set_departments(email: str, department_ids: Sequence[int], by: Actor) -> None:
    """Make a manager answer for exactly these departments; for all when there are none.

    Raises NotFound, and DomainError on "departments" when one of them is not there any more.
    """
    wanted = select(Manager.id).join(User, User.id == Manager.user_id).where(User.email == email.strip().lower())
    manager_id = db.session.scalar(wanted)
    if manager_id is None:
        raise NotFound(lazy("There is no manager with the address %(email)s.", email=email), "email")
    own = ManagerDepartment.manager_id == manager_id
    before = sorted(db.session.scalars(select(ManagerDepartment.department_id).where(own)))
    db.session.execute(delete(ManagerDepartment).where(own))
    gone = lazy("One of these departments is not there any more. Choose again.")
    with referring("departments", gone):
        db.session.add_all(ManagerDepartment(manager_id=manager_id, department_id=one) for one in department_ids)
    record(by, "update", "managers", manager_id, departments=(before, sorted(department_ids)))
    db.session.flush()


def choose_language(user_id: int, language: str, by: Actor) -> None:
    """Keep the language in which a person wants pages and mails; nothing is written when it is theirs already."""
    before = db.session.scalar(select(User.locale).where(User.id == user_id))
    if before != language:
        db.session.execute(update(User).where(User.id == user_id).values(locale=language))
        record(by, "choose_language", "users", user_id, locale=(before, language))
