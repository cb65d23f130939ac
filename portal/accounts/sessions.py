"""Flask-Login: from the cookie to a person, and out again."""

from typing import Any

from flask import Flask, session
from flask_login import login_user, logout_user

from portal.accounts import queries
from portal.accounts.queries import Person
from portal.extensions import login_manager


def init_sessions(app: Flask) -> None:
    """Bind Flask-Login; the access guard does the refusing, so it needs no views of its own."""
    login_manager.session_protection = None
    login_manager.user_loader(_load)
    login_manager.init_app(app)


def begin_session(person: Person) -> None:
    """Sign a person in with a new session; what a stranger left in the old one is gone, but for the language."""
    kept = session.get("language")
    session.clear()
    if kept:
        session["language"] = kept
    login_user(person)


def end_session() -> None:
    """Sign out and forget everything but the language."""
    kept = session.get("language")
    logout_user()
    session.clear()
    if kept:
        session["language"] = kept


def _load(kept: Any) -> Person | None:
    """The active person whose epoch is still the one in the cookie."""
    user_id, _, epoch = str(kept).partition(".")
    if not (_is_number(user_id) and _is_number(epoch)):
        return None
    person = queries.find_person(int(user_id))
    return person if person and person.is_active and person.session_epoch == int(epoch) else None


def _is_number(text: str) -> bool:
    """Whether this is a number that a column can hold."""
    return text.isascii() and text.isdigit() and len(text) < 10
