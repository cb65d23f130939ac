"""Proving who one is by a password, and being in."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update

from portal import clock
from portal.accounts import passwords, queries
from portal.accounts.models import SignInOutcome, User
from portal.accounts.queries import Person
from portal.accounts.services import sessions
from portal.accounts.services.attempts import add_success, address_key, settle
from portal.accounts.services.devices import Browser, Met, meet_device
from portal.accounts.services.sessions import Begun
from portal.errors import DomainError, lazy
from portal.extensions import db


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


@dataclass(frozen=True, slots=True)
class Entry:
    """How a person comes in: by which proof, with which browser, and as which attempt if that was noted before."""

    method: str
    browser: Browser
    attempt_id: int | None = None


def enter(person: Person, entry: Entry, *, lasts: timedelta, key: str) -> tuple[Begun, Met]:
    """Begin a session for a person who has shown every proof; `key` is the portal's secret key."""
    met = meet_device(person.id, entry.browser)
    if entry.attempt_id is None:
        add_success(person.id, address_key(person.email, key), entry.method, entry.browser, met.id)
    else:
        settle(entry.attempt_id, SignInOutcome.SUCCEEDED, met.id)
    last = update(User).where(User.id == person.id).values(last_login_at=clock.now())
    db.session.execute(last, execution_options={"synchronize_session": False})
    return sessions.begin(person, entry.method, entry.browser, device_id=met.id, lasts=lasts), met
