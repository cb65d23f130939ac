"""Forgotten and changed passwords."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select, update

from portal import clock
from portal.accounts import passwords, queries
from portal.accounts.models import Device, User
from portal.accounts.queries import Person
from portal.accounts.queries.passwords import has_unused_link
from portal.accounts.queries.profiles import has_identity
from portal.accounts.queries.sign_ins import Account, find_account
from portal.accounts.services.links import send_link
from portal.accounts.services.sessions import raise_epoch
from portal.accounts.services.tokens import Purpose, end_tokens, hash_token, use_token
from portal.accounts.signals import Notice, tell
from portal.accounts.strength import check_strength
from portal.audit.services import Actor, record
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db

LETTER_EVERY = timedelta(minutes=5)


def ask_for_reset(email: str, key: str, by: Actor) -> None:
    """Send the owner of this address a link to set a new password, if there is such an owner; says to nobody whether.

    An account that was invited and never opened gets its invitation again.
    """
    account = find_account(email, None)
    if account is None or not account.person.is_active:
        return
    if is_unopened(account):
        invite_again(account, key, by)
    else:
        send_link(account.person.id, Purpose.RESET, key, by, every=LETTER_EVERY)


def is_unopened(account: Account) -> bool:
    """Whether an account waits for its owner to accept an invitation: nothing opens it yet."""
    return account.password_hash is None and not has_identity(account.person.id)


def invite_again(account: Account, key: str, by: Actor) -> None:
    """Send an invitation once more that was not used; one that was withdrawn, or never sent, is the office's affair."""
    if has_unused_link(account.person.id, Purpose.INVITATION):
        send_link(account.person.id, Purpose.INVITATION, key, by, every=LETTER_EVERY)


def reset_password(token: str, password: str, by: Actor, about: Sequence[str] = ()) -> Person:
    """Set a new password by the link that was sent for it; `about` is what else the password should not be made of.

    Ends every session, token and other link of the account and forgets its browsers: whoever had got
    in is out. Following the link proves the address, so it confirms the account too. Raises
    DomainError on `password` when it will not do, NotFound when the link is over.
    """
    found = queries.find_open_token(hash_token(token), Purpose.RESET)
    if found is not None:
        check_strength(password, (found.first_name, found.last_name, found.email, *about))
    # As in `accept_invitation`: no transaction stays open while bcrypt works.
    db.session.rollback()
    hashed = passwords.hash_password(password)
    found = queries.find_open_token(hash_token(token), Purpose.RESET)
    if found is None or not use_token(found.token_id, found.user_id):
        raise NotFound(lazy("This link was used already or is too old. Ask for a new one."))
    owner = User.id == found.user_id
    db.session.execute(
        update(User).where(owner).values(password_hash=hashed, is_confirmed=True),
        execution_options=IN_PLACE,
    )
    end_tokens([found.user_id])
    db.session.execute(delete(Device).where(Device.user_id == found.user_id), execution_options=IN_PLACE)
    _close(found.user_id, "reset_password", by)
    person = queries.find_person(found.user_id)
    assert person is not None  # noqa: S101 (the row was just written)
    return person


def change_password(person: Person, present: str, new: str, by: Actor, about: Sequence[str] = ()) -> None:
    """Set a new password for someone who has just proved the `present` one; the session they are in goes on alone.

    Raises DomainError on `password` when it will not do, Conflict when their session was ended meanwhile.
    """
    check_strength(new, (person.first_name, person.last_name, person.email, *about))
    if new == present:
        raise DomainError(lazy("This is your present password. Choose another one."), "password")
    db.session.rollback()
    hashed = passwords.hash_password(new)
    # A session that was ended while bcrypt worked, such as by a reset, must not have the last word.
    mine = update(User).where(User.id == person.id, User.session_epoch == person.session_epoch, User.is_active)
    done = db.write(mine.values(password_hash=hashed), execution_options=IN_PLACE)
    if not done:
        raise Conflict(lazy("Your password was changed elsewhere a moment ago. Sign in again."))
    end_tokens([person.id], Purpose.RESET)
    _close(person.id, "change_password", by, keep=person.session_id)


def _close(user_id: int, action: str, by: Actor, keep: int | None = None) -> None:
    """End the sessions but one to keep, and leave word of the new password."""
    raise_epoch(user_id, keep)
    record(by, action, "users", user_id)
    epoch = db.session.scalar(select(User.session_epoch).where(User.id == user_id))
    facts = {"at": clock.now().isoformat()}
    tell([Notice(user_id, "password_changed", facts, f"password_changed:{user_id}:{epoch}")])
