"""Another address for what the portal tells a person: used only once the link that was sent to it was followed."""

from datetime import timedelta

from sqlalchemy import func, select, update

from portal import clock
from portal.accounts.models import OneTimeToken, User
from portal.accounts.queries.profiles import find_address_link, find_pending_address
from portal.accounts.services.people import check_email
from portal.accounts.services.tokens import Purpose, end_tokens, hash_token, issue_token, use_token
from portal.accounts.signals import Letter, send_letters
from portal.audit.services import Actor, record
from portal.errors import DomainError, NotFound, lazy
from portal.extensions import db

# Whoever could have mails sent to any address could annoy its owner.
_MOST_LETTERS = 5
_WITHIN = timedelta(days=1)
_PURPOSE = Purpose.NOTIFICATION_ADDRESS


def choose_address(user_id: int, typed: str, key: str, by: Actor) -> str | None:
    """Have a link sent to a new address, which is given; None when there is nothing to prove.

    That is for the address in use, and for none or the account's own, which count from now on. `key` is
    the portal's secret key. Raises DomainError on `address`.
    """
    user = _lock(user_id)
    address = check_typed(typed)
    if address in {"", user.email}:
        end_tokens([user_id], _PURPOSE)
        _use(user, None, by)
        return None
    if address == user.notification_email:
        end_tokens([user_id], _PURPOSE)
        return None
    _send(user_id, address, key, by)
    return address


def check_typed(typed: str) -> str:
    """A typed address in its stored form, or nothing. Raises DomainError on `address`."""
    if not typed.strip():
        return ""
    try:
        return check_email(typed)
    except DomainError as error:
        raise DomainError(error.message, "address") from None


def send_again(user_id: int, key: str, by: Actor) -> str:
    """Another letter to the address that waits for its proof; the earlier link stops working.

    Raises NotFound when none waits any more, DomainError on `address` after too many letters.
    """
    _lock(user_id)
    pending = find_pending_address(user_id, _PURPOSE)
    if pending is None:
        raise NotFound(lazy("No address waits for its confirmation any more."))
    _send(user_id, pending.address, key, by)
    return pending.address


def withdraw(user_id: int, by: Actor) -> bool:
    """Let the link that was sent to a new address work no more; False when none waited."""
    _lock(user_id)
    pending = find_pending_address(user_id, _PURPOSE)
    ended = end_tokens([user_id], _PURPOSE)
    if pending and ended:
        record(by, "withdraw_notification_address", "users", user_id, pending_address=(pending.address, None))
    return bool(ended)


def confirm(token: str, by: Actor) -> str:
    """Use the address whose link this is from now on, and give it. Raises NotFound when the link is over."""
    link = find_address_link(hash_token(token), _PURPOSE)
    if link is None or not use_token(link.token_id, link.user_id):
        raise NotFound(lazy("This link was used already or is too old."))
    _use(_lock(link.user_id), link.address, by)
    return link.address


def _lock(user_id: int) -> User:
    user = db.session.scalar(select(User).where(User.id == user_id, User.is_active).with_for_update())
    if user is None:
        raise NotFound(lazy("There is no such account."))
    return user


def _send(user_id: int, address: str, key: str, by: Actor) -> None:
    sent = select(func.count()).where(
        OneTimeToken.user_id == user_id,
        OneTimeToken.purpose == _PURPOSE,
        OneTimeToken.created_at > clock.now() - _WITHIN,
    )
    if (db.session.scalar(sent) or 0) >= _MOST_LETTERS:
        raise DomainError(
            lazy("You had %(count)s letters sent within a day. Try again tomorrow.", count=_MOST_LETTERS), "address"
        )
    issued = issue_token(user_id, _PURPOSE, key, address=address)
    record(by, "ask_notification_address", "users", user_id, pending_address=(None, address))
    send_letters([Letter(user_id, _PURPOSE, issued.id)])


def _use(user: User, address: str | None, by: Actor) -> None:
    before = user.notification_email
    if before != address:
        changed = update(User).where(User.id == user.id).values(notification_email=address)
        db.session.execute(changed)
        record(by, "choose_notification_address", "users", user.id, notification_email=(before, address))
