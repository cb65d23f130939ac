"""Deleting an account: asked for by its owner, carried out by an administrator.

The row stays, since courses, logs and the audit point to it; everything that says whose it was goes. A name has to
stand there on pages of both languages, so it is a sign and the account's number ("— #42"), not a word of either.
"""

import re
from collections.abc import Sequence

from sqlalchemy import delete, select, update

from portal import clock
from portal.accounts.models import (
    ApiToken,
    Device,
    Facilitator,
    Identity,
    Manager,
    ManagerDepartment,
    OneTimeToken,
    RefreshToken,
    SignIn,
    Student,
    User,
    UserSession,
)
from portal.accounts.objections import list_objections
from portal.accounts.services.sessions import raise_epoch
from portal.accounts.signals import Former, Notice, person_left, tell
from portal.audit.models import AuditEvent
from portal.audit.redaction import removing_all_but, rewrite_changes
from portal.audit.services import Actor, record
from portal.database import IN_PLACE
from portal.errors import Conflict, NotFound, lazy
from portal.extensions import db
from portal.roles import Role

# What the audit may go on saying of someone who has left: none of it tells who they were.
KEPT_IN_AUDIT = frozenset({
    "role", "is_active", "is_confirmed", "is_available", "is_head", "status", "fte", "max_course_load", "department",
    "departments", "cohort_code", "locale", "session_epoch", "refresh_tokens", "user_id", "deletion_asked_at",
    "anonymised_at",
})  # fmt: skip
_GONE = (Identity, Device, OneTimeToken, RefreshToken, ApiToken)
# The domain is reserved for what must not exist (RFC 6761).
_FORMER_ADDRESS = re.compile(r"deleted-[0-9]+@deleted\.invalid")


def is_former_address(address: str) -> bool:
    """Whether an address is one that deleted accounts have; no mail system knows it, and nobody may choose it."""
    return _FORMER_ADDRESS.fullmatch(address) is not None


def ask_for_deletion(user_id: int, by: Actor) -> bool:
    """Keep that a person wants their account deleted, and tell the administrators; False when they have asked before.

    Raises Conflict to the only administrator.
    """
    user = _lock(user_id)
    if user.deletion_asked_at is not None or user.anonymised_at is not None:
        return False
    admins = db.session.scalars(_ADMINS).all()
    _check_not_alone(user_id, admins)
    now = clock.now()
    user.deletion_asked_at = now
    record(by, "ask_deletion", "users", user_id, deletion_asked_at=(None, now))
    db.session.flush()
    # The key tells them once a day, however often someone changes their mind.
    key = f"deletion_asked:{user_id}:{now.date()}"
    tell([Notice(admin, "deletion_asked", {"user_id": user_id}, key) for admin in admins])
    return True


def withdraw_deletion(user_id: int, by: Actor) -> bool:
    """Forget that a person wanted their account deleted; False when they did not, or it is done."""
    user = _lock(user_id)
    if user.deletion_asked_at is None or user.anonymised_at is not None:
        return False
    record(by, "withdraw_deletion", "users", user_id, deletion_asked_at=(user.deletion_asked_at, None))
    user.deletion_asked_at = None
    db.session.flush()
    return True


def anonymise(user_id: int, by: Actor) -> bool:
    """Delete an account for good: nothing that is left says whose it was. False when that was done before.

    All in the caller's transaction. Raises NotFound; Conflict for the only administrator, and while something stands
    against it, such as courses that the person still teaches.
    """
    # Whoever is just allocating a course to the person is waited for; they lock in this order too.
    db.session.execute(select(Facilitator.id).where(Facilitator.user_id == user_id).with_for_update())
    # All of them, always in this order: of two administrators who delete each other at once, the second is the last.
    admins = db.session.scalars(_ADMINS.with_for_update(key_share=True)).all()
    user = _lock(user_id)
    if user.anonymised_at is not None:
        return False
    _check_not_alone(user_id, admins)
    if objections := list_objections(user_id):
        raise Conflict(objections[0])
    _redact_audit(user_id)
    former = _take_numbers(user_id)
    _empty(user)
    _end_everything(user_id)
    person_left.send(None, former=former)
    record(by, "anonymise", "users", user_id, anonymised_at=(None, user.anonymised_at))
    return True


_ADMINS = select(User.id).where(User.role == Role.ADMIN, User.is_active).order_by(User.id)


def _lock(user_id: int) -> User:
    wanted = select(User).where(User.id == user_id).with_for_update()
    user = db.session.scalar(wanted.execution_options(populate_existing=True))
    if user is None:
        raise NotFound(lazy("There is no such account."))
    return user


def _check_not_alone(user_id: int, admins: Sequence[int]) -> None:
    if list(admins) == [user_id]:
        raise Conflict(lazy("This is the only administrator. Make someone else an administrator first."))


def _take_numbers(user_id: int) -> Former:
    """Put a neutral number in the place of the person's own in every profile, and free the old ones."""
    number = f"deleted-{user_id}"
    student = db.session.scalar(select(Student).where(Student.user_id == user_id).with_for_update())
    facilitator = db.session.scalar(select(Facilitator).where(Facilitator.user_id == user_id).with_for_update())
    manager = db.session.scalar(select(Manager).where(Manager.user_id == user_id).with_for_update())
    former = Former(
        user_id,
        number,
        student.student_number if student else None,
        facilitator.employee_id if facilitator else None,
    )
    if student:
        student.student_number = number
    if facilitator:
        facilitator.employee_id, facilitator.specialization, facilitator.is_available = number, None, False
    if manager:
        manager.employee_id = None
        own = ManagerDepartment.manager_id == manager.id
        db.session.execute(delete(ManagerDepartment).where(own), execution_options=IN_PLACE)
    db.session.flush()
    return former


def _empty(user: User) -> None:
    user.email = f"deleted-{user.id}@deleted.invalid"
    user.first_name, user.last_name = "—", f"#{user.id}"
    user.password_hash = user.title = user.bio = user.notification_email = user.time_zone = None
    user.last_login_at = None
    user.is_active = False
    user.anonymised_at = clock.now()
    db.session.flush()


def _end_everything(user_id: int) -> None:
    """Whatever opens the account, and where it was opened from; that it was, and when, stays."""
    raise_epoch(user_id)
    for model in _GONE:
        db.session.execute(delete(model).where(model.user_id == user_id), execution_options=IN_PLACE)
    nowhere = {"user_agent": None, "network_address": None}
    sessions = update(UserSession).where(UserSession.user_id == user_id).values(**nowhere)
    db.session.execute(sessions, execution_options=IN_PLACE)
    attempts = update(SignIn).where(SignIn.user_id == user_id).values(address_key="", **nowhere)
    db.session.execute(attempts, execution_options=IN_PLACE)


def _redact_audit(user_id: int) -> None:
    """Take who it was out of the changes of the account and all that belongs to it."""
    things: list[tuple[str, list[int]]] = [(User.__tablename__, [user_id])]
    for model in (Student, Facilitator, Manager, UserSession, *_GONE):
        ids = db.session.scalars(select(model.id).where(model.user_id == user_id)).all()
        things.append((model.__tablename__, list(ids)))
    for entity, ids in things:
        if ids:
            which = (AuditEvent.entity == entity) & AuditEvent.entity_id.in_(ids)
            rewrite_changes(which, removing_all_but(KEPT_IN_AUDIT))
