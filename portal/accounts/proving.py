"""The first proof that most people bring: their password. Pages and the JSON API ask for it alike."""

import time
from dataclasses import dataclass

from flask import current_app, g

from portal.accounts.devices import present_browser
from portal.accounts.models import SignInOutcome
from portal.accounts.queries import Person
from portal.accounts.services.attempts import Attempt, TooManyAttempts, check_attempt, note_attempt, settle
from portal.accounts.services.guessing import read_allowances
from portal.accounts.services.signing_in import fits, send_confirmation_again, upgrade_hash
from portal.accounts.timing import answer_no_sooner_than
from portal.config.present import present_settings
from portal.errors import DomainError, lazy
from portal.extensions import db
from portal.web.access import Actor


@dataclass(frozen=True, slots=True)
class Proved:
    """Whose password it was, and the row of the attempt, which whoever lets them in settles."""

    person: Person
    attempt_id: int


def prove_by_password(email: str, password: str) -> Proved:
    """The person with this address and password; commits what is noted of the attempt.

    Raises TooManyAttempts without having looked at the password; DomainError, the same and in the same
    time whatever is wrong; and another one, to who has the right password, when the address is to be confirmed first.
    """
    began = time.perf_counter()
    attempt = _reserve(email)
    if not fits(attempt.account, password) or attempt.account is None:
        settle(attempt.id, SignInOutcome.FAILED)
        db.session.commit()
        answer_no_sooner_than(began)
        raise DomainError(lazy("Email or password is wrong. Check both and try again."), "password")
    person = attempt.account.person
    if not attempt.account.is_confirmed:
        settle(attempt.id, SignInOutcome.REFUSED)
        send_confirmation_again(person.id, current_app.config["SECRET_KEY"])
        db.session.commit()
        answer_no_sooner_than(began)
        raise DomainError(
            lazy("Confirm your email address first: follow the link in the mail that we sent you."), "email"
        )
    upgrade_hash(attempt.account, password, Actor(person.id, g.get("request_id")))
    return Proved(person, attempt.id)


def _reserve(email: str) -> Attempt:
    """A noted attempt that may be made now. No transaction is open after it: bcrypt takes a quarter of a second."""
    allowed: Attempt | None = g.get("allowed_attempt")
    if allowed is not None:  # The request is repeated after a deadlock, and must not count against itself.
        return allowed
    attempt = note_attempt(email, current_app.config["SECRET_KEY"], present_browser())
    db.session.commit()
    settings = present_settings()
    if settings.ratelimit_enabled:
        seconds = check_attempt(attempt, read_allowances(settings.ratelimit_auth))
        db.session.commit()
        if seconds > 0:
            raise TooManyAttempts(seconds)
    g.allowed_attempt = attempt
    return attempt
