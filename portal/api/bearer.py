"""Who is behind a request of the API: whoever holds the token that it bears."""

from enum import Enum

from flask import Flask, g, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from portal import clock, pulses
from portal.accounts.jwt import Claims, read_access_token
from portal.accounts.queries.bearers import TokenBearer, find_bearer, find_token_bearer
from portal.accounts.queries.people import Person
from portal.accounts.services import hash_token
from portal.accounts.services.api_tokens import NOTED_EVERY, PREFIX, note_token_use
from portal.api.errors import error_answer
from portal.api.scopes import scope_of
from portal.away import unless_away
from portal.database import impatient
from portal.extensions import db
from portal.web.bare import bare

_INVALID = 'Bearer realm="teaching-portal", error="invalid_token", error_description="The token does not hold"'
_LONGEST_TOKEN = 100
# In the environ of a request: the error of a database that need not be asked again.
AWAY = "portal.database_away"


class Standing(Enum):
    """What came of the token of a request."""

    ABSENT = "absent"
    INVALID = "invalid"
    UNCONFIRMED = "unconfirmed"
    GOOD = "good"


def init_bearers(app: Flask) -> None:
    """Note, now and then, that a personal token is in use."""
    app.teardown_request(_note_use)


def recognise() -> Person | None:
    """The person whose token the request bears, as they are by now. One statement, none without an intact token."""
    here, asked = bare(g), bare(request)
    here.api_standing, here.api_family, here.api_token = Standing.ABSENT, None, None
    if error := asked.environ.get(AWAY):  # whoever asked before this found the database away, after a while
        raise error
    text = borne_token()
    if text is None:
        return None
    here.api_standing = Standing.INVALID
    if text.startswith(PREFIX):
        return _person_of_token(text)
    claims = read_access_token(text)
    return _person_of(claims) if claims else None


def borne_token() -> str | None:
    """The text of the token that the request bears; None without any."""
    scheme, _space, text = bare(request).environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None


def _person_of(claims: Claims) -> Person | None:
    bearer = find_bearer(claims.family)
    waits = claims.user_id is None
    if (bearer is None and waits) or (bearer is not None and not bearer.is_confirmed):
        # Whoever registered gets the same answer whether or not there was an account before.
        g.api_standing = Standing.UNCONFIRMED
        return None
    if bearer is None or claims.user_id not in {None, bearer.person.id}:
        return None
    here = bare(g)
    here.api_standing, here.api_family = Standing.GOOD, claims.family
    pulses.take(bearer.pulses)
    return bearer.person


def _person_of_token(text: str) -> Person | None:
    found = find_token_bearer(hash_token(text)) if text.isascii() and len(text) <= _LONGEST_TOKEN else None
    if found is None:
        return None
    g.api_standing, g.api_token = Standing.GOOD, found
    pulses.take(found.pulses)
    return found.person


def standing() -> Standing:
    """What came of the token of this request."""
    found: Standing = g.api_standing
    return found


def present_family() -> str | None:
    """The family that the token of this request belongs to; None without a good one."""
    found: str | None = g.api_family
    return found


def present_token() -> TokenBearer | None:
    """The personal token of this request; None for the tokens of a sign-in, and without any."""
    found: TokenBearer | None = bare(g).get("api_token")
    return found


def turn_away() -> Response:
    """The answer where a token is needed and there is none that holds."""
    if standing() is Standing.UNCONFIRMED:
        return error_answer(
            403, [_("Confirm your email address first: follow the link in the mail that was sent to it.")]
        )
    if standing() is Standing.INVALID:
        said = _("This token is not valid: it has expired, was ended, or is not one of ours. Sign in again.")
        return error_answer(401, [said], headers={"WWW-Authenticate": _INVALID})
    return error_answer(401)


def check_scope() -> Response | None:
    """The refusal of a personal token that is not for this; None where it is, and for the tokens of a sign-in."""
    token = present_token()
    if token is None or request.url_rule is None:
        return None
    wanted = scope_of(request.url_rule.rule, request.method)
    if wanted in token.scopes:
        return None
    if wanted is None:
        return error_answer(403, [_("A personal token does not open this. Sign in with your password.")])
    challenge = f'Bearer realm="teaching-portal", error="insufficient_scope", scope="{wanted}"'
    said = _("This token is not for that: it lacks the scope %(scope)s.", scope=wanted)
    return error_answer(403, [said], headers={"WWW-Authenticate": challenge})


def _note_use(_error: BaseException | None) -> None:
    """Book-keeping, for which nobody may wait or see a fault."""
    token: TokenBearer | None = bare(g).pop("api_token", None)
    if token is None or (token.last_used_at and clock.now() - token.last_used_at < NOTED_EVERY):
        return
    with unless_away(), impatient():
        db.session.rollback()
        note_token_use(token.token_id, token.last_used_at)
        db.session.commit()
