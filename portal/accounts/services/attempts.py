"""The record of sign-ins: every attempt is noted before its password is looked at, and how it ended after."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update

from portal import clock
from portal.accounts.models import SignIn, SignInOutcome
from portal.accounts.queries.sign_ins import Account, find_account, list_failures
from portal.accounts.services.devices import Browser
from portal.accounts.services.guessing import Allowance, Lane, seconds_to_wait
from portal.database import IN_PLACE
from portal.errors import DomainError, lazy_plural
from portal.extensions import db

_MINUTE = 60


class TooManyAttempts(DomainError):
    """The attempt comes too early; it may be made again after so many `seconds`."""

    status = 429

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        if seconds <= _MINUTE:
            words = lazy_plural(
                "Too many attempts. Wait %(num)s second, then try again.",
                "Too many attempts. Wait %(num)s seconds, then try again.",
                seconds,
            )
        else:
            words = lazy_plural(
                "Too many attempts. Wait %(num)s minute, then try again.",
                "Too many attempts. Wait %(num)s minutes, then try again.",
                -(-seconds // _MINUTE),
            )
        super().__init__(words, "password")


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was noted: its row, the account that it is for, if there is one, and where it comes from."""

    id: int
    account: Account | None
    address_key: str
    lane: Lane


def address_key(email: str, key: str) -> str:
    """What is kept of an address that someone typed; only the portal's key leads from an address to it."""
    typed = f"address:{email.strip().lower()}".encode(errors="replace")
    return hmac.new(key.encode(), typed, hashlib.sha256).hexdigest()


def note_attempt(email: str, key: str, browser: Browser) -> Attempt:
    """Note that someone is about to try a password. To be committed before `check_attempt`.

    So each of many attempts at one moment sees those that were noted before it, and counts them as failures.
    """
    account = find_account(email, browser.device_hash)
    row = SignIn(
        user_id=account.person.id if account else None,
        address_key=address_key(email, key),
        outcome=SignInOutcome.STARTED,
        device_id=account.device_id if account else None,
        user_agent=browser.user_agent,
        network_address=browser.network_address,
    )
    db.session.add(row)
    db.session.flush()
    return Attempt(row.id, account, row.address_key, Lane(row.device_id, row.network_address))


def check_attempt(attempt: Attempt, allowances: Sequence[Allowance]) -> int:
    """How many seconds an attempt has to wait; 0 when it may be made. One that must wait is settled as refused."""
    now = clock.now()
    longest = max(allowed.within for allowed in allowances)
    failures = list_failures(attempt.address_key, now - longest, attempt.id)
    seconds = seconds_to_wait(failures, attempt.lane, allowances, now)
    if seconds > 0:
        settle(attempt.id, SignInOutcome.REFUSED)
    return seconds


def settle(attempt_id: int, outcome: SignInOutcome, device_id: int | None = None) -> None:
    """Keep how an attempt ended, and with which device."""
    settled = update(SignIn).where(SignIn.id == attempt_id).values(outcome=outcome)
    if device_id is not None:
        settled = settled.values(device_id=device_id)
    db.session.execute(settled, execution_options=IN_PLACE)


def add_success(user_id: int, key: str, method: str, browser: Browser, device_id: int) -> None:
    """Keep a sign-in by something that cannot be guessed, such as a link."""
    db.session.add(
        SignIn(
            user_id=user_id,
            address_key=key,
            outcome=SignInOutcome.SUCCEEDED,
            method=method,
            device_id=device_id,
            user_agent=browser.user_agent,
            network_address=browser.network_address,
        )
    )
