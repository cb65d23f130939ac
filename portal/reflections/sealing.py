"""Drafts as nobody can read them who has the database alone: neither whose they are, nor what they say."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken

Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody has written so far: answers by the keys of their questions, and the language they read."""

    answers: Answers
    language: str


class Sealer:
    """Seals and opens drafts with the portal's secret."""

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(), b"reflections.owner", hashlib.sha256)
        sealing = hmac.digest(secret.encode(), b"reflections.draft", hashlib.sha256)
        self._fernet = Fernet(base64.urlsafe_b64encode(sealing))

    def owner_key(self, user_id: int) -> str:
        """What stands for a person in the table of drafts."""
        return hmac.digest(self._key, str(user_id).encode(), hashlib.sha256).hex()

    def seal(self, written: Written) -> str:
        """A draft as it is kept. All begin at the same moment: when it was written is nobody's business."""
        plain = json.dumps([written.language, dict(written.answers)]).encode()
        return self._fernet.encrypt_at_time(plain, 0).decode()

    def open(self, body: str) -> Written | None:
        """What a draft says; None when it was sealed with another secret."""
        try:
            language, answers = json.loads(self._fernet.decrypt(body.encode()))
        except (InvalidToken, ValueError):
            return None
        return Written(answers, language)


@lru_cache(maxsize=4)
def sealer_of(secret: str) -> Sealer:
    """The sealer of a portal's secret."""
    return Sealer(secret)
