"""Accounts that people make for themselves.

Anyone may type anyone's address, and a password with it. So that nobody waits in an account for
its owner to confirm it, the link in the mail is not enough: confirming means signing in with the
password of the registration. Who does not know it, because somebody else registered their address,
sets a new one by "forgotten password", which goes to the same mailbox, confirms the account and
throws the stranger's password away. An account that is not confirmed can be used by nobody.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts import passwords, queries
from portal.accounts.models import User, UserSession
from portal.accounts.queries import Person
from portal.accounts.queries.sign_ins import Account, find_account
from portal.accounts.services.deletion import anonymise
from portal.accounts.services.links import send_link
from portal.accounts.services.passwords import invite_again, is_unopened
from portal.accounts.services.people import NAME_LIMIT, UserDraft, check_email, create_user
from portal.accounts.services.texts import tidy_line
from portal.accounts.services.tokens import Purpose, end_tokens, hash_token, use_token
from portal.accounts.signals import Notice, find_needed, tell
from portal.accounts.strength import check_strength
from portal.audit.services import Actor, Change, System, record, record_many
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db

CONFIRM_WITHIN = timedelta(days=30)
_LETTER_EVERY = timedelta(minutes=5)
_AT_ONCE = 200


def register(draft: UserDraft, password: str, key: str, by: Actor, about: Sequence[str] = ()) -> int | None:
    """Make an account that waits for its address to be confirmed, and send the link; `key` is the portal's secret key.

    Where the address has an account already, only its owner is told. Which of both happened cannot be
    seen from outside, neither by what is raised, DomainError for what is wrong with the input, nor by the time:
    what this gives, the id of a new account or None, is for nobody's eyes.
    """
    draft = replace(
        draft,
        email=check_email(draft.email),
        first_name=tidy_line(draft.first_name, "first_name", NAME_LIMIT),
        last_name=tidy_line(draft.last_name, "last_name", NAME_LIMIT),
    )
    check_strength(password, (draft.first_name, draft.last_name, draft.email, *about))
    # Before anything is asked, so that it takes its quarter of a second in either case, and outside of a transaction.
    db.session.rollback()
    hashed = passwords.hash_password(password)
    account = find_account(draft.email, None)
    if account is None:
        try:
            return _add(draft, hashed, key, by)
        except Conflict:  # somebody registered the same address a moment ago
            account = find_account(draft.email, None)
    if account is not None:
        _tell_owner(account, key, by)
    return None


def _add(draft: UserDraft, hashed: str, key: str, by: Actor) -> int:
    user = create_user(draft, by)
    user.password_hash, user.is_confirmed = hashed, False
    db.session.flush()
    send_link(user.id, Purpose.CONFIRMATION, key, by, every=_LETTER_EVERY)
    return user.id


def _tell_owner(account: Account, key: str, by: Actor) -> None:
    """What the owner of an address hears when somebody registers it again. Nothing that was typed is taken over."""
    person = account.person
    if not person.is_active:
        return
    if not account.is_confirmed:
        send_link(person.id, Purpose.CONFIRMATION, key, by, every=_LETTER_EVERY)
    elif is_unopened(account):
        invite_again(account, key, by)
    else:
        tell([Notice(person.id, "already_registered", {}, f"already_registered:{clock.now():%Y-%m-%d}")])


def confirm(token: str, password: str, by: Actor) -> Person:
    """Confirm an account by the link that was sent to its address and the password that it was registered with.

    Raises DomainError on `password` when it is another one, NotFound when the link is over.
    """
    found = queries.find_open_token(hash_token(token), Purpose.CONFIRMATION)
    account = find_account(found.email, None) if found else None
    db.session.rollback()
    if found is None or account is None:
        raise _over()
    if not passwords.matches(password, account.password_hash):
        raise DomainError(lazy("This is not the password that was typed at registration."), "password")
    if not use_token(found.token_id, found.user_id):
        raise _over()
    # Not with a password that was changed meanwhile, nor for someone who was deactivated.
    same = (User.id == found.user_id, User.password_hash == account.password_hash, User.is_active)
    done = db.write(update(User).where(*same).values(is_confirmed=True), execution_options=IN_PLACE)
    if not done:
        raise _over()
    end_tokens([found.user_id], Purpose.CONFIRMATION)
    record(by, "confirm_address", "users", found.user_id, is_confirmed=(False, True))
    return account.person


def _over() -> NotFound:
    return NotFound(lazy("This link was used already or is too old. Sign in to be sent a new one."))


def delete_some_unconfirmed() -> int:
    """Delete accounts that nobody confirmed within 30 days; gives how many, 0 when there are none left.

    To be committed after each call. An account that was ever used, or that somebody works with, stays.
    """
    ids = _list_unconfirmed(clock.now() - CONFIRM_WITHIN)
    needed = find_needed(ids) if ids else set()
    deleted = [user_id for user_id in ids if user_id not in needed and _delete(user_id)]
    record_many(System(), [Change("delete_unconfirmed", "users", user_id, {}) for user_id in deleted])
    return len(deleted)


def _list_unconfirmed(before: datetime) -> Sequence[int]:
    has_session = select(UserSession.id).where(UserSession.user_id == User.id).exists()
    wanted = select(User.id).where(
        User.is_confirmed.is_(False), User.created_at < before, User.last_login_at.is_(None), ~has_session
    )
    return db.session.scalars(wanted.order_by(User.id).limit(_AT_ONCE)).all()


def _delete(user_id: int) -> bool:
    """Whether it could be deleted: its owner may have confirmed it a moment ago, and other tables may refer to it."""
    still = select(User.id).where(User.id == user_id, User.is_confirmed.is_(False)).with_for_update()
    try:
        with db.session.begin_nested():
            if db.session.scalar(still) is None:
                return False
            # First as every account is deleted: the audit and the mails name nobody afterwards.
            anonymise(user_id, System())
            db.session.execute(delete(User).where(User.id == user_id), execution_options=IN_PLACE)
    except (IntegrityError, Conflict):
        return False
    return True
