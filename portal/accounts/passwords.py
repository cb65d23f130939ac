"""Hashing of passwords: bcrypt with 12 rounds, over a form in which every keyboard writes the same password alike."""

import unicodedata

import bcrypt

from portal.errors import DomainError, lazy

ROUNDS = 12
MIN_LENGTH = 10
# bcrypt reads no further, so a longer password would be cut without a word.
MAX_BYTES = 72

# More than any password of 72 bytes has; composing what is longer would only take time.
_LONGEST = 1000
_UNTYPED = frozenset({"Cc", "Cs"})

# What an unknown address is compared with, so that it takes as long as a known one.
_NOBODY = b"$2b$12$C6UzMDM.H6dfI/f/IKcEeO7ZBkS5pJ1Xx7nq0Qp0z0Gf3m6m5hQ2u"


def check_rules(password: str) -> None:
    """Raise DomainError on the field `password` when it is too short or too long, or holds what nobody types."""
    if any(unicodedata.category(letter) in _UNTYPED for letter in password[:_LONGEST]):
        raise DomainError(
            lazy("There is a character in it that no keyboard types. Type the password instead of pasting it."),
            "password",
        )
    if len(unicodedata.normalize("NFC", password[:_LONGEST])) < MIN_LENGTH:
        raise DomainError(lazy("Use at least %(count)s characters.", count=MIN_LENGTH), "password")
    if len(_composed(password)) > MAX_BYTES:
        raise DomainError(
            lazy(
                "Use at most %(count)s characters. Accented letters take the room of two, "
                "letters of other scripts of two or three, emoji of four or more.",
                count=MAX_BYTES,
            ),
            "password",
        )


def hash_password(password: str) -> str:
    """The bcrypt hash; raises DomainError as `check_rules` does. Takes about a quarter of a second."""
    check_rules(password)
    return hash_proved(password)


def hash_proved(password: str) -> str:
    """The bcrypt hash of a password that opens its account already, whatever the rules were when it was chosen."""
    return bcrypt.hashpw(_composed(password), bcrypt.gensalt(ROUNDS)).decode()


def matches(password: str, kept: str | None) -> bool:
    """Whether a password fits a hash; takes as long when there is none."""
    whole = _composed(password)
    sent = whole[:MAX_BYTES]
    if kept is None:
        bcrypt.checkpw(sent, _NOBODY)
        return False
    return bcrypt.checkpw(sent, kept.encode()) and len(whole) <= MAX_BYTES


def _composed(password: str) -> bytes:
    # Some keyboards send é as one character, others as e and an accent (RFC 8265 §4.2.2).
    return unicodedata.normalize("NFC", password[:_LONGEST]).encode(errors="replace")
