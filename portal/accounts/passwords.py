"""Hashing of passwords: bcrypt with 12 rounds."""

import bcrypt

from portal.errors import DomainError, lazy

ROUNDS = 12
MIN_LENGTH = 10
# bcrypt reads no further, so a longer password would be cut without a word.
MAX_BYTES = 72

# What an unknown address is compared with, so that it takes as long as a known one.
_NOBODY = b"$2b$12$C6UzMDM.H6dfI/f/IKcEeO7ZBkS5pJ1Xx7nq0Qp0z0Gf3m6m5hQ2u"


def check_rules(password: str) -> None:
    """Raise DomainError on the field `password` when it is too short or too long."""
    if len(password) < MIN_LENGTH:
        raise DomainError(lazy("Use at least %(count)s characters.", count=MIN_LENGTH), "password")
    if len(password.encode()) > MAX_BYTES:
        raise DomainError(
            lazy("Use at most %(count)s characters; accented letters count twice.", count=MAX_BYTES), "password"
        )


def hash_password(password: str) -> str:
    """The bcrypt hash; raises DomainError as `check_rules` does. Takes about a quarter of a second."""
    check_rules(password)
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(ROUNDS)).decode()


def matches(password: str, kept: str | None) -> bool:
    """Whether a password fits a hash; takes as long when there is none."""
    whole = password.encode(errors="replace")
    sent = whole[:MAX_BYTES]
    if kept is None:
        bcrypt.checkpw(sent, _NOBODY)
        return False
    return bcrypt.checkpw(sent, kept.encode()) and len(whole) <= MAX_BYTES
