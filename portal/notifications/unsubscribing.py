"""Links in mails by which people stop them without signing in (RFC 8058): signed, and good for ever.

A link names a person and groups, and can do no more than switch these off.
"""

from collections.abc import Collection
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeSerializer

_SALT = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants no more mail, and of which groups."""

    user_id: int
    groups: tuple[str, ...]


def sign_wish(secret: str, user_id: int, groups: Collection[str]) -> str:
    """The wish as part of an address."""
    return str(URLSafeSerializer(secret, salt=_SALT).dumps([user_id, *sorted(groups)]))


def read_wish(secret: str, token: str) -> Wish | None:
    """The wish of an address; None when the portal did not sign it."""
    try:
        user_id, *groups = URLSafeSerializer(secret, salt=_SALT).loads(token)
    except (BadSignature, ValueError, TypeError):
        return None
    return Wish(int(user_id), tuple(str(name) for name in groups))
