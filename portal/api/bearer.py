"""Who is behind a request of the API: whoever holds the token that it bears."""

from enum import Enum

from flask import g, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal.accounts.jwt import Claims, read_access_token
from portal.accounts.queries.bearers import find_bearer
from portal.accounts.queries.people import Person
from portal.api.errors import error_answer

_INVALID = 'Bearer realm="teaching-portal", error="invalid_token", error_description="The token does not hold"'


class Standing(Enum):
    """What came of the token of a request."""

    ABSENT = "absent"
    INVALID = "invalid"
    UNCONFIRMED = "unconfirmed"
    GOOD = "good"


def recognise() -> Person | None:
    """The person whose token the request bears, as they are by now. One statement, none without an intact token."""
    g.api_standing, g.api_family = Standing.ABSENT, None
    scheme, _space, text = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer":
        return None
    claims = read_access_token(text.strip())
    g.api_standing = Standing.INVALID
    return _person_of(claims) if claims else None


def _person_of(claims: Claims) -> Person | None:
    bearer = find_bearer(claims.family)
    waits = claims.user_id is None
    if (bearer is None and waits) or (bearer is not None and not bearer.is_confirmed):
        # Whoever registered gets the same answer whether or not there was an account before.
        g.api_standing = Standing.UNCONFIRMED
        return None
    if bearer is None or claims.user_id not in {None, bearer.person.id}:
        return None
    g.api_standing, g.api_family = Standing.GOOD, claims.family
    return bearer.person


def standing() -> Standing:
    """What came of the token of this request."""
    found: Standing = g.api_standing
    return found


def present_family() -> str | None:
    """The family that the token of this request belongs to; None without a good one."""
    found: str | None = g.api_family
    return found


def turn_away() -> Response:
    """The answer where a token is needed and there is none that holds."""
    if standing() is Standing.UNCONFIRMED:
        return error_answer(
            403, [_("Confirm your email address first: follow the link in the mail that was sent to it.")]
        )
    if standing() is Standing.INVALID:
        said = _("This token does not hold: it is too old, was ended, or is not one of ours. Sign in again.")
        return error_answer(401, [said], headers={"WWW-Authenticate": _INVALID})
    return error_answer(401)
