"""Rules and writes of accounts."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts import passwords, queries
from portal.accounts.models import Facilitator, Manager, ManagerDepartment, OneTimeToken, Student, User
from portal.accounts.queries import Person
from portal.audit.services import Actor, Change, record, record_many
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.roles import Role

INVITATION = "invitation"
NAME_LIMIT = 100
INVITATION_LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class UserDraft:
    """An account as someone wants it."""

    email: str
    role: Role
    first_name: str = ""
    last_name: str = ""
    locale: str = "en"


def authenticate(email: str, password: str) -> Person:
    """The person with this address and password.

    Raises DomainError, the same and in the same time whatever is wrong.
    """
    found = queries.find_person_by_email(email)
    # bcrypt takes a quarter of a second: no transaction stays open meanwhile.
    db.session.rollback()
    if passwords.matches(password, found[1] if found else None) and found and found[0].is_active:
        return found[0]
    raise DomainError(lazy("Email or password is wrong. Check both and try again."), "password")


def note_sign_in(person: Person, by: Actor) -> None:
    """Record that someone signed in."""
    db.session.execute(update(User).where(User.id == person.id).values(last_login_at=clock.now()))
    record(by, "sign_in", "users", person.id)


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
    _add_profile(user)
    record(by, "create", "users", user.id, email=(None, email), role=(None, draft.role))
    return user


def check_names(draft: UserDraft) -> None:
    """Raise DomainError on the field `first_name` or `last_name` when it is longer than an account can hold."""
    for field, name in (("first_name", draft.first_name), ("last_name", draft.last_name)):
        if len(name) > NAME_LIMIT:
            raise DomainError(lazy("Names hold %(limit)s characters; this one is longer.", limit=NAME_LIMIT), field)


def check_email(address: str) -> str:
    """The address in its stored form, lower-case. Raises DomainError on the field `email`."""
    try:
        return validate_email(address.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise DomainError(lazy("%(email)s is not an email address.", email=address.strip()[:100]), "email") from None


def _add_profile(user: User) -> None:
    if user.role is Role.MANAGER:
        db.session.add(Manager(user_id=user.id))
    elif user.role is Role.FACILITATOR:
        db.session.add(Facilitator(user_id=user.id, employee_id=f"U{user.id:06d}"))
    elif user.role is Role.STUDENT:
        db.session.add(Student(user_id=user.id, student_number=f"U{user.id:06d}"))
    db.session.flush()


def give_password(emails: Sequence[str], password: str, by: Actor) -> None:
    """Set one password for several accounts, hashed once, and end their sessions. Raises as `hash_password` does."""
    hashed = passwords.hash_password(password)
    changed = User.email.in_(emails)
    db.session.execute(
        update(User)
        .where(changed)
        .values(password_hash=hashed, session_epoch=User.session_epoch + 1)
        .execution_options(synchronize_session=False)
    )
    user_ids = db.session.scalars(select(User.id).where(changed))
    record_many(by, [Change("set_password", "users", user_id, {}) for user_id in user_ids])


def set_departments(email: str, department_ids: Sequence[int], by: Actor) -> None:
    """Make a manager answer for exactly these departments; for all when there are none. Raises NotFound."""
    wanted = select(Manager.id).join(User, User.id == Manager.user_id).where(User.email == email.strip().lower())
    manager_id = db.session.scalar(wanted)
    if manager_id is None:
        raise NotFound(lazy("There is no manager with the address %(email)s.", email=email), "email")
    own = ManagerDepartment.manager_id == manager_id
    before = sorted(db.session.scalars(select(ManagerDepartment.department_id).where(own)))
    db.session.execute(delete(ManagerDepartment).where(own))
    db.session.add_all(ManagerDepartment(manager_id=manager_id, department_id=one) for one in department_ids)
    record(by, "update", "managers", manager_id, departments=(before, sorted(department_ids)))
    db.session.flush()


def invite(email: str, by: Actor) -> str:
    """A new invitation for an account: the token of its link, which works once within seven days.

    Earlier invitations of the account stop working. Raises NotFound for an unknown or inactive address.
    """
    address = email.strip().lower()
    user = db.session.scalar(select(User).where(User.email == address, User.is_active))
    if user is None or user.email != address:  # MariaDB finds "jose" for "josé" too
        raise NotFound(lazy("There is no active account with the address %(email)s.", email=email), "email")
    now = clock.now()
    _end_tokens(user.id, INVITATION)
    token = secrets.token_urlsafe(32)
    db.session.add(
        OneTimeToken(
            user_id=user.id, token_hash=hash_token(token), purpose=INVITATION, expires_at=now + INVITATION_LASTS
        )
    )
    record(by, "invite", "users", user.id)
    return token


def accept_invitation(token: str, password: str, language: str, by: Actor) -> Person:
    """Set the first password and the language of an invited account and use the invitation up; ends its other sessions.

    Raises DomainError on `password` when it breaks the rules, NotFound when the invitation is over.
    """
    # As in `authenticate`: no transaction stays open while bcrypt works.
    db.session.rollback()
    hashed = passwords.hash_password(password)
    found = queries.find_open_token(hash_token(token), INVITATION)
    if found is None or not _use_token(found.token_id):
        raise NotFound(lazy("This invitation was used already or is too old. Ask your academic office for a new one."))
    db.session.execute(
        update(User)
        .where(User.id == found.user_id)
        .values(password_hash=hashed, locale=language, session_epoch=User.session_epoch + 1)
        .execution_options(synchronize_session=False)
    )
    record(by, "accept_invitation", "users", found.user_id)
    person = queries.find_person(found.user_id)
    assert person is not None  # noqa: S101 (the row was just written)
    return person


def choose_language(user_id: int, language: str, by: Actor) -> None:
    """Keep the language in which a person wants pages and mails; nothing is written when it is theirs already."""
    before = db.session.scalar(select(User.locale).where(User.id == user_id))
    if before != language:
        db.session.execute(update(User).where(User.id == user_id).values(locale=language))
        record(by, "choose_language", "users", user_id, locale=(before, language))


def _use_token(token_id: int) -> bool:
    """Use a one-time token up; False when someone else just did."""
    used = db.session.execute(
        update(OneTimeToken)
        .where(OneTimeToken.id == token_id, OneTimeToken.used_at.is_(None))
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]


def _end_tokens(user_id: int, purpose: str) -> None:
    db.session.execute(
        update(OneTimeToken)
        .where(OneTimeToken.user_id == user_id, OneTimeToken.purpose == purpose, OneTimeToken.used_at.is_(None))
        .values(used_at=clock.now())
    )


def hash_token(token: str) -> str:
    """What is kept of a one-time token: its SHA-256, since the token itself is 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()
