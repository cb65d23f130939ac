"""Proving who one is by a password."""

from sqlalchemy import update

from portal import clock
from portal.accounts import passwords, queries
from portal.accounts.models import User
from portal.accounts.queries import Person
from portal.audit.services import Actor, record
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


def note_sign_in(person: Person, by: Actor) -> None:
    """Record that someone signed in."""
    db.session.execute(update(User).where(User.id == person.id).values(last_login_at=clock.now()))
    record(by, "sign_in", "users", person.id)
