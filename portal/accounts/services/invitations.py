"""Invitations: a link for the first password of an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, or_, select, update

from portal import clock
from portal.accounts import passwords, queries
from portal.accounts.models import Identity, OneTimeToken, User
from portal.accounts.queries import Person
from portal.accounts.services.administration import OF_MANAGERS
from portal.accounts.services.tokens import (
    Issued,
    Purpose,
    end_tokens,
    hash_token,
    issue_token,
    issue_tokens,
    use_token,
)
from portal.accounts.signals import Letter, send_letters
from portal.accounts.strength import check_strength
from portal.audit.services import Actor, Change, record, record_many
from portal.bulk import in_chunks
from portal.database import IN_PLACE
from portal.errors import NotFound, lazy
from portal.extensions import db
from portal.roles import Role

# A second click, or a second tab, sends no second mail.
_AT_ONCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class InvitationPlan:
    """Who of a choice of people would be invited, and how many would not and why.

    `fresh` have no open invitation, `again` have one, which a new one would replace. The rest have signed in already,
    are shut out or were deleted (`closed`), or are not the business of whoever invites (`not_theirs`).
    """

    fresh: tuple[int, ...]
    again: tuple[int, ...]
    signed_in: int
    closed: int
    not_theirs: int


def plan_invitations(user_ids: Sequence[int], acting: Role) -> InvitationPlan:
    """What inviting these people would do. One statement for each 500."""
    fresh: list[int] = []
    again: list[int] = []
    signed_in = closed = not_theirs = 0
    for part in in_chunks(user_ids):
        columns = (User.id, User.role, _is_closed(), _can_sign_in(), _has_open_invitation())
        for user_id, role, is_closed, can_sign_in, is_invited in db.session.execute(
            select(*columns).where(User.id.in_(part)).order_by(User.name_folded, User.id)
        ):
            if acting is not Role.ADMIN and role not in OF_MANAGERS:
                not_theirs += 1
            elif is_closed:
                closed += 1
            elif can_sign_in:
                signed_in += 1
            else:
                (again if is_invited else fresh).append(user_id)
    return InvitationPlan(tuple(fresh), tuple(again), signed_in, closed, not_theirs)


def invite_people(user_ids: Sequence[int], acting: Role, key: str, by: Actor, *, renew: bool) -> int:
    """Send invitations to those of these people who need one, and give how many were sent.

    With `renew` open invitations are replaced too, unless they were sent within the last minute.
    """
    wanted = _wanted(user_ids, acting, renew)
    # Of two who invite the same people at one moment, the second finds them invited.
    for part in in_chunks(sorted(wanted)):
        db.session.execute(select(User.id).where(User.id.in_(part)).order_by(User.id).with_for_update())
    wanted = _wanted(wanted, acting, renew)
    for part in in_chunks(wanted):
        issued = issue_tokens(part, Purpose.INVITATION, key)
        send_letters([Letter(user_id, Purpose.INVITATION, token_id) for user_id, token_id in issued.items()])
        record_many(by, [Change("invite", "users", user_id, {}) for user_id in issued])
    return len(wanted)


def withdraw_invitation(user_id: int, by: Actor) -> bool:
    """Make the open invitation of an account work no more; False when there is none."""
    ended = end_tokens([user_id], Purpose.INVITATION)
    if ended:
        record(by, "withdraw_invitation", "users", user_id)
    return ended > 0


def _wanted(user_ids: Sequence[int], acting: Role, renew: bool) -> list[int]:
    plan = plan_invitations(user_ids, acting)
    return [*plan.fresh, *(_not_just_invited(plan.again) if renew else ())]


def _not_just_invited(user_ids: Sequence[int]) -> list[int]:
    recent: set[int] = set()
    for part in in_chunks(user_ids):
        newest = select(OneTimeToken.user_id).where(
            OneTimeToken.user_id.in_(part), *_is_open(), OneTimeToken.created_at > clock.now() - _AT_ONCE
        )
        recent.update(db.session.scalars(newest))
    return [user_id for user_id in user_ids if user_id not in recent]


def _is_open() -> tuple[ColumnElement[bool], ...]:
    return (OneTimeToken.purpose == Purpose.INVITATION, OneTimeToken.used_at.is_(None))


def _has_open_invitation() -> ColumnElement[bool]:
    mine = OneTimeToken.user_id == User.id
    return exists().where(mine, *_is_open(), OneTimeToken.expires_at > clock.now())


def _can_sign_in() -> ColumnElement[bool]:
    return or_(User.password_hash.is_not(None), exists().where(Identity.user_id == User.id))


def _is_closed() -> ColumnElement[bool]:
    return or_(~User.is_active, User.anonymised_at.is_not(None))


def invite(email: str, key: str, by: Actor, *, by_mail: bool = True) -> Issued:
    """A new invitation for an account, sent to it unless told otherwise; works once within seven days.

    Earlier invitations of the account stop working. Raises NotFound for an unknown or inactive address.
    """
    address = email.strip().lower()
    user = db.session.scalar(select(User).where(User.email == address, User.is_active))
    if user is None or user.email != address:  # MariaDB finds "jose" for "josé" too
        raise NotFound(lazy("There is no active account with the address %(email)s.", email=email), "email")
    issued = issue_token(user.id, Purpose.INVITATION, key)
    record(by, "invite", "users", user.id)
    if by_mail:
        send_letters([Letter(user.id, Purpose.INVITATION, issued.id)])
    return issued


def accept_invitation(token: str, password: str, language: str, by: Actor, about: Sequence[str] = ()) -> Person:
    """Set the first password and the language of an invited account and use the invitation up; ends its other sessions.

    `about` is what else the password should not be made of. Raises DomainError on `password` when it
    will not do, NotFound when the invitation is over.
    """
    found = queries.find_open_token(hash_token(token), Purpose.INVITATION)
    if found is not None:
        check_strength(password, (found.first_name, found.last_name, found.email, *about))
    # As in `authenticate`: no transaction stays open while bcrypt works.
    db.session.rollback()
    hashed = passwords.hash_password(password)
    found = queries.find_open_token(hash_token(token), Purpose.INVITATION)
    if found is None or not use_token(found.token_id, found.user_id):
        raise NotFound(lazy("This invitation was used already or is too old. Ask your academic office for a new one."))
    db.session.execute(
        update(User)
        .where(User.id == found.user_id)
        .values(password_hash=hashed, locale=language, session_epoch=User.session_epoch + 1, is_confirmed=True)
        .execution_options(**IN_PLACE)
    )
    record(by, "accept_invitation", "users", found.user_id)
    person = queries.find_person(found.user_id)
    assert person is not None  # noqa: S101 (the row was just written)
    return person
