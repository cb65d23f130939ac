"""What accounts keep of one person, for the document that they may take with them; no hash and no secret is read."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Select, and_, or_, select

from portal.accounts.models import (
    ApiToken,
    Device,
    Facilitator,
    Identity,
    Manager,
    OneTimeToken,
    RefreshToken,
    SignIn,
    Student,
    User,
    UserSession,
)
from portal.audit.models import AuditEvent
from portal.extensions import db

Fields = dict[str, Any]


def list_of(wanted: Select[*tuple[Any, ...]]) -> list[Fields]:
    """The rows of a statement as plain dicts. One statement."""
    return [dict(row) for row in db.session.execute(wanted).mappings()]


def one_of(wanted: Select[*tuple[Any, ...]]) -> Fields | None:
    """The only row of a statement as a plain dict; None when there is none. One statement."""
    row = db.session.execute(wanted).mappings().one_or_none()
    return dict(row) if row else None


_ACCOUNT = select(
    User.id, User.email, User.first_name, User.last_name, User.title, User.bio, User.role, User.locale,
    User.time_zone, User.notification_email, User.is_active, User.is_confirmed, User.created_at, User.updated_at,
    User.last_login_at, User.deletion_asked_at, User.anonymised_at,
)  # fmt: skip
_STUDENT = select(Student.student_number, Student.status, Student.created_at, Student.updated_at)
_FACILITATOR = select(
    Facilitator.employee_id, Facilitator.department, Facilitator.specialization, Facilitator.fte,
    Facilitator.max_course_load, Facilitator.is_available, Facilitator.created_at, Facilitator.updated_at,
)  # fmt: skip
_MANAGER = select(Manager.employee_id, Manager.is_head, Manager.created_at, Manager.updated_at)
_IDENTITIES = select(Identity.issuer, Identity.subject, Identity.email, Identity.created_at)
_SESSIONS = select(
    UserSession.created_at, UserSession.last_used_at, UserSession.expires_at, UserSession.ended_at,
    UserSession.method, UserSession.user_agent, UserSession.network_address,
)  # fmt: skip
_DEVICES = select(Device.user_agent, Device.created_at, Device.last_used_at)
_SIGN_INS = select(SignIn.created_at, SignIn.outcome, SignIn.method, SignIn.user_agent, SignIn.network_address)
_LINKS = select(
    OneTimeToken.purpose, OneTimeToken.address, OneTimeToken.created_at, OneTimeToken.expires_at, OneTimeToken.used_at
)
_REFRESH_TOKENS = select(
    RefreshToken.created_at, RefreshToken.expires_at, RefreshToken.used_at, RefreshToken.revoked_at
)
_API_TOKENS = select(
    ApiToken.name, ApiToken.scopes, ApiToken.created_at, ApiToken.expires_at, ApiToken.revoked_at
)  # fmt: skip


def _about(user_id: int) -> list[Fields]:
    """Changes of the account and its profiles. Of who made them it says only whether it was the person."""
    profiles = (Student, Facilitator, Manager)
    of_profiles = [
        and_(
            AuditEvent.entity == profile.__tablename__,
            AuditEvent.entity_id.in_(select(profile.id).where(profile.user_id == user_id)),
        )
        for profile in profiles
    ]
    of_account = and_(AuditEvent.entity == User.__tablename__, AuditEvent.entity_id == user_id)
    wanted = select(
        AuditEvent.created_at,
        AuditEvent.action,
        AuditEvent.entity,
        AuditEvent.changes,
        (AuditEvent.actor_id == user_id).label("by_themselves"),
    )
    rows = list_of(wanted.where(or_(of_account, *of_profiles)).order_by(AuditEvent.id))
    return [row | {"by_themselves": bool(row["by_themselves"])} for row in rows]


def _deeds(user_id: int) -> list[Fields]:
    """What the person changed elsewhere. The values may be about other people, so only the fields are named."""
    wanted = select(
        AuditEvent.created_at, AuditEvent.action, AuditEvent.entity, AuditEvent.entity_id, AuditEvent.changes
    )
    rows = list_of(wanted.where(AuditEvent.actor_id == user_id).order_by(AuditEvent.id))
    return [{**row, "changes": sorted(row["changes"])} for row in rows]


SECTIONS: Mapping[str, Callable[[int], Any]] = {
    "account": lambda user_id: one_of(_ACCOUNT.where(User.id == user_id)),
    "student": lambda user_id: one_of(_STUDENT.where(Student.user_id == user_id)),
    "facilitator": lambda user_id: one_of(_FACILITATOR.where(Facilitator.user_id == user_id)),
    "manager": lambda user_id: one_of(_MANAGER.where(Manager.user_id == user_id)),
    "identities": lambda user_id: list_of(_IDENTITIES.where(Identity.user_id == user_id).order_by(Identity.id)),
    "sessions": lambda user_id: list_of(_SESSIONS.where(UserSession.user_id == user_id).order_by(UserSession.id)),
    "devices": lambda user_id: list_of(_DEVICES.where(Device.user_id == user_id).order_by(Device.id)),
    "sign_ins": lambda user_id: list_of(_SIGN_INS.where(SignIn.user_id == user_id).order_by(SignIn.id)),
    "links": lambda user_id: list_of(_LINKS.where(OneTimeToken.user_id == user_id).order_by(OneTimeToken.id)),
    "refresh_tokens": lambda user_id: list_of(
        _REFRESH_TOKENS.where(RefreshToken.user_id == user_id).order_by(RefreshToken.id)
    ),
    "api_tokens": lambda user_id: list_of(_API_TOKENS.where(ApiToken.user_id == user_id).order_by(ApiToken.id)),
    "changes_of_account": _about,
    "deeds": _deeds,
}
