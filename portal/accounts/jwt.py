"""Access tokens of the JSON API: what a client holds for a day and shows with each request.

A token says which family of tokens it came of, and the database says on each request whether that family still holds
and who the person is by now. What else it says (address, role) is for the client to read; nothing here believes it.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import uuid4

from flask import current_app

from portal import clock
from portal.accounts.services.refresh_tokens import Grant
from portal.config.present import present_settings
from portal.roles import Role

ISSUER = "course-management-platform"
AUDIENCE = "course-management-users"
_ALGORITHM = "HS256"
_CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp", "email", "role"]
# One of ours has some 500 letters, with the longest address 1,000.
_LONGEST = 2000
# How far the clocks of two machines may differ, in seconds.
_LEEWAY = 10
# The settings with the keys: the present one, and the one before.
_SECRETS = ("JWT_SECRET", "JWT_SECRET_PREVIOUS")
_FAMILY = re.compile(r"[0-9a-f-]{36}", re.ASCII)


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token as it goes to the client, and for how many seconds it is good."""

    text: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Claims:
    """What an intact token says. Without a user id it waits for its address to be confirmed."""

    user_id: int | None
    family: str


def issue_access_token(grant: Grant, user_id: int | None, email: str, role: Role) -> AccessToken:
    """A token for a family; with `user_id` None it does not tell whether there is an account behind it."""
    now = clock.now()
    expires = min(now + present_settings().jwt_expire, grant.expires_at)
    claims = {
        "id": user_id,
        "email": email,
        "role": role.value,
        "sub": "" if user_id is None else str(user_id),
        "sid": grant.family,
        "jti": str(uuid4()),
        "iat": now,
        "exp": expires,
        "iss": ISSUER,
        "aud": AUDIENCE,
    }
    import jwt  # see read_with

    secret = current_app.config["JWT_SECRET"]
    text = jwt.encode(claims, secret, algorithm=_ALGORITHM, headers={"kid": key_id(secret)})
    return AccessToken(text, int((expires - now).total_seconds()))


def read_access_token(text: str) -> Claims | None:
    """What a token says; None for one that is forged, altered, over, from the future, or of another make."""
    return read_with(text, current_app.config)


def read_with(text: str, config: Mapping[str, Any]) -> Claims | None:
    """The same by the keys of a configuration."""
    import jwt  # brings half of cryptography along; neither a command nor the worker asks for it

    if len(text) > _LONGEST or not text.isascii():
        return None
    try:
        claims, begins, ends = _verified(text, *(config[name] for name in _SECRETS))
    # Not only what the library calls an invalid token: whatever it trips over is none of ours.
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
        return None
    return claims if begins - _LEEWAY <= clock.now().timestamp() < ends + _LEEWAY else None


@lru_cache(maxsize=1000)
def _verified(text: str, present: str, previous: str) -> tuple[Claims | None, float, float]:
    """What a token says, and from when to when it is good. A program sends the same one for a day.

    Raises for most faults.
    """
    import jwt

    # The key that it names; the present one for a token that names none, or one that is not known.
    named = jwt.get_unverified_header(text).get("kid")
    claims = jwt.decode(
        text,
        previous if previous and named == key_id(previous) else present,
        algorithms=[_ALGORITHM],
        issuer=ISSUER,
        audience=AUDIENCE,
        leeway=_LEEWAY,
        options={"require": _CLAIMS, "strict_aud": True},
    )
    return _understood(claims), claims["iat"], claims["exp"]


def key_id(secret: str) -> str:
    """The name of a key, which says nothing of the key."""
    return hashlib.sha256(f"kid:{secret}".encode()).hexdigest()[:8]


def _understood(claims: dict[str, Any]) -> Claims | None:
    user_id, family = claims.get("id"), claims["sid"]
    if user_id is not None and type(user_id) is not int:
        return None
    if claims["sub"] != ("" if user_id is None else str(user_id)):
        return None
    if not isinstance(family, str) or not _FAMILY.fullmatch(family):
        return None
    return Claims(user_id, family)
