"""Passwords, and what goes wrong with them, as the API says it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from flask_babel import gettext as _

from portal.accounts.proving import Proved, prove_by_password
from portal.accounts.services.attempts import TooManyAttempts
from portal.api.errors import refuse
from portal.api.limits import say_no_limits
from portal.errors import DomainError


def prove(email: str, password: str) -> Proved:
    """Whose address and password these are. Ends with 401, the same whatever is wrong, 403 or 429."""
    try:
        return prove_by_password(email, password)
    except TooManyAttempts as error:
        _wait(error)
    except DomainError as error:
        if error.field == "email":  # the password was right, the address is not confirmed
            refuse(403, str(error))
        refuse(401, str(error))


def prove_again(email: str, password: str) -> Proved:
    """The same for someone who is in already; ends with 400 and the field `current_password`, or 429."""
    try:
        return prove_by_password(email, password)
    except TooManyAttempts as error:
        _wait(error)
    except DomainError:
        refuse(400, _("This is not your present password."), field="current_password")


def _wait(error: TooManyAttempts) -> NoReturn:
    say_no_limits()
    refuse(error.status, str(error), headers={"Retry-After": str(error.seconds)})


@contextmanager
def renamed(**names: str) -> Iterator[None]:
    """Faults within name their field as the API calls it."""
    try:
        yield
    except DomainError as error:
        error.field = names.get(error.field or "", error.field)
        raise
