"""Flask-Login: from the secret in the cookie to a person, and out again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flask import Flask, g, session

from portal import clock, pulses
from portal.accounts.queries import Person
from portal.accounts.queries.sessions import Present, find_present
from portal.accounts.services import hash_token
from portal.accounts.services import sessions as services
from portal.accounts.services.sessions import Begun
from portal.away import unless_away
from portal.config.present import present_settings
from portal.database import impatient
from portal.extensions import db, login_manager
from portal.web.bare import bare

# The key under which Flask-Login looks for whoever is signed in.
_SECRET = "_user_id"  # noqa: S105 (a key, not a secret)
_LONGEST_SECRET = 64
_NOTED_EVERY = timedelta(minutes=5)


def init_sessions(app: Flask) -> None:
    """Bind Flask-Login; the access guard does the refusing, so it needs no views of its own."""
    login_manager.session_protection = None
    login_manager.user_loader(_load)
    login_manager.init_app(app)
    app.teardown_request(_note_use)
    app.teardown_request(_without_pulses)


def start_anew() -> None:
    """Forget the present session, its row too, and what a stranger may have left in it; the language stays."""
    # The database first: should it turn the request away, the repeated one still finds the cookie's secret.
    if secret := session.get(_SECRET):
        services.end_by_secret(str(secret))
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    g.pop("session_present", None)
    g._login_user = login_manager.anonymous_user()


def be(person: Person, begun: Begun) -> None:
    """Make a person the one who is signed in, in this request and those that bring its cookie."""
    session[_SECRET] = begun.secret
    g._login_user = replace(person, session_id=begun.id)


def _load(kept: Any) -> Person | None:
    """The person whose session the cookie names, while it lasts."""
    secret = str(kept)
    if not secret.isascii() or len(secret) > _LONGEST_SECRET:
        return None
    present = find_present(hash_token(secret), present_settings().session_idle)
    g.session_present = present
    pulses.take(present.pulses if present else None)
    return present.person if present else None


def _without_pulses(_error: BaseException | None) -> None:
    """A thread serves many requests; none may go by the pulses of the one before."""
    pulses.take()


def _note_use(_error: BaseException | None) -> None:
    """Note every few minutes that a session is in use: book-keeping, for which nobody may wait or see a fault."""
    present: Present | None = bare(g).pop("session_present", None)
    if present is None:
        return
    idle = present_settings().session_idle
    if clock.now() - present.last_used_at < min(_NOTED_EVERY, idle / 4):
        return
    with unless_away(), impatient():
        db.session.rollback()
        services.note_use(present.person.session_id or 0, present.last_used_at)
        db.session.commit()
