"""Secrets of endpoints as nobody can read them who has the database alone.

A secret signs messages, so it must come back: it is encrypted (Fernet) under a key that follows from SECRET_KEY. With
another SECRET_KEY none of them can be read any more; each endpoint then needs a new secret.
"""

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken


class SecretBox:
    """Seals and opens the secrets of endpoints."""

    def __init__(self, secret: str) -> None:
        key = hmac.digest(secret.encode(), b"webhooks.secret", hashlib.sha256)
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, plain: str) -> str:
        """A secret as it is kept."""
        return self._fernet.encrypt(plain.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """The secret; None when it was sealed under another SECRET_KEY."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except (InvalidToken, ValueError):
            return None


@lru_cache(maxsize=4)
def box_of(secret: str) -> SecretBox:
    """The box of a portal's SECRET_KEY."""
    return SecretBox(secret)
