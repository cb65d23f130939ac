"""Proving who one is by a password, and being in."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update

from portal import clock
from portal.accounts import passwords
from portal.accounts.models import SignInOutcome, User
from portal.accounts.queries import Person
from portal.accounts.queries.sign_ins import Account
from portal.accounts.services import sessions
from portal.accounts.services.attempts import add_success, address_key, settle
from portal.accounts.services.devices import Browser, Met, meet_device
from portal.accounts.services.links import send_link
from portal.accounts.services.sessions import Begun
from portal.accounts.services.tokens import Purpose
from portal.audit.services import Actor, System, record
from portal.database import IN_PLACE
from portal.extensions import db
from portal.pulses import QUIET

# Tests sign in with hashes of fewer rounds, and would wait for each to be made anew.
FEWEST_ROUNDS = passwords.ROUNDS
_LETTER_EVERY = timedelta(minutes=10)


def fits(account: Account | None, password: str) -> bool:
    """Whether a password opens an account; takes as long when there is none. To be asked outside of a transaction."""
    right = passwords.matches(password, account.password_hash if account else None)
    return right and account is not None and account.person.is_active


def upgrade_hash(account: Account, password: str, by: Actor) -> None:
    """Hash a proved password anew, if its hash is of an older kind. To be called outside of a transaction."""
    kept = account.password_hash or ""
    if kept.startswith("$2b$") and int(kept[4:6]) >= FEWEST_ROUNDS:
        return
    hashed = passwords.hash_proved(password)
    # Not where the password was changed meanwhile.
    mine = update(User).where(User.id == account.person.id, User.password_hash == kept).values(password_hash=hashed)
    done = db.write(mine, execution_options=IN_PLACE)
    if done:
        record(by, "upgrade_password_hash", "users", account.person.id)


def send_confirmation_again(user_id: int, key: str) -> None:
    """Send someone who has not confirmed their address a new link, unless they were sent one within ten minutes."""
    send_link(user_id, Purpose.CONFIRMATION, key, System(), every=_LETTER_EVERY)


@dataclass(frozen=True, slots=True)
class Entry:
    """How a person comes in: by which proof, with which browser, and as which attempt if that was noted before."""

    method: str
    browser: Browser
    attempt_id: int | None = None


def enter(person: Person, entry: Entry, *, lasts: timedelta, key: str) -> tuple[Begun, Met]:
    """Begin a session for a person who has shown every proof; `key` is the portal's secret key."""
    met = note_entry(person, entry, key)
    return sessions.begin(person, entry.method, entry.browser, device_id=met.id, lasts=lasts), met


def note_entry(person: Person, entry: Entry, key: str) -> Met:
    """Keep that a person has shown every proof, and with which browser, which must have a secret."""
    # First, so that whoever signs in to the same account at the same moment waits here: MariaDB locks the account
    # for each row that refers to it, and two that hold it so could not both write it afterwards.
    last = update(User).where(User.id == person.id).values(last_login_at=clock.now())
    db.session.execute(last, execution_options=IN_PLACE | {QUIET: True})
    met = meet_device(person.id, entry.browser)
    if entry.attempt_id is None:
        add_success(person.id, address_key(person.email, key), entry.method, entry.browser, met.id)
    else:
        settle(entry.attempt_id, SignInOutcome.SUCCEEDED, met.id)
    return met
