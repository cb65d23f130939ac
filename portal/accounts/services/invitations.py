"""Invitations: a link for the first password of an account."""

from collections.abc import Sequence

from sqlalchemy import select, update

from portal.accounts import passwords, queries
from portal.accounts.models import User
from portal.accounts.queries import Person
from portal.accounts.services.tokens import Issued, Purpose, hash_token, issue_token, use_token
from portal.accounts.signals import Letter, send_letters
from portal.accounts.strength import check_strength
from portal.audit.services import Actor, record
from portal.errors import NotFound, lazy
from portal.extensions import db


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
    if found is None or not use_token(found.token_id):
        raise NotFound(lazy("This invitation was used already or is too old. Ask your academic office for a new one."))
    db.session.execute(
        update(User)
        .where(User.id == found.user_id)
        .values(password_hash=hashed, locale=language, session_epoch=User.session_epoch + 1, is_confirmed=True)
        .execution_options(synchronize_session=False)
    )
    record(by, "accept_invitation", "users", found.user_id)
    person = queries.find_person(found.user_id)
    assert person is not None  # noqa: S101 (the row was just written)
    return person
