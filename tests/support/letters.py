"""What accounts send: links, and facts that people are told."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts.models import OneTimeToken
from portal.accounts.services.tokens import derive_token
from portal.accounts.signals import Letter, Notice, letters_due, notices_due
from portal.extensions import db

PATHS = {
    "reset": "/password/reset/",
    "confirmation": "/confirm/",
    "invitation": "/invitations/",
}
# Who registers in tests, and with what.
ALINE = {"first_name": "Aline", "last_name": "Uwase", "email": "aline@example.org"}
CHOSEN = "four words in a row"
_PASSING = re.compile(r'nonce="[^"]*"|name="csrf-token" content="[^"]*"|name="csrf_token"[^>]*|\?v=\w+')


@dataclass(slots=True)
class Sent:
    """What was announced, in its order."""

    letters: list[Letter] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def purposes(self) -> list[tuple[int, str]]:
        """To whom which link was sent."""
        return [(letter.user_id, str(letter.purpose)) for letter in self.letters]

    def kinds(self) -> list[tuple[int, str]]:
        """Who was told what."""
        return [(notice.user_id, notice.kind) for notice in self.notices]


@contextmanager
def listening() -> Iterator[Sent]:
    """Collects what accounts announce within."""
    sent = Sent()

    def keep_letters(_sender: object, letters: list[Letter]) -> None:
        sent.letters.extend(letters)

    def keep_notices(_sender: object, notices: list[Notice]) -> None:
        sent.notices.extend(notices)

    with letters_due.connected_to(keep_letters), notices_due.connected_to(keep_notices):
        yield sent


def link_of(letter: Letter) -> str:
    """The address in the mail; needs an application context."""
    nonce = db.session.scalar(select(OneTimeToken.nonce).where(OneTimeToken.id == letter.token_id))
    token = derive_token(current_app.config["SECRET_KEY"], letter.purpose, nonce or "")
    return PATHS[letter.purpose] + token


def seen(answer: TestResponse, address: str) -> tuple[int, str, dict[str, str]]:
    """What a stranger can tell of an answer, without what differs each time and the address that they typed."""
    text = _PASSING.sub("", answer.text).replace(address, "ADDRESS")
    headers = {name: value for name, value in answer.headers if name not in {"X-Request-ID", "Content-Length", "Date"}}
    headers.pop("Content-Security-Policy", None)
    headers.pop("Set-Cookie", None)
    return answer.status_code, text, headers


def register(client: FlaskClient, password: str = CHOSEN, **typed: Any) -> TestResponse:
    """Send the form of registration."""
    return client.post("/register", data=ALINE | {"password": password, "again": password} | typed)


def set_password(client: FlaskClient, address: str, password: str = CHOSEN, again: str | None = None) -> TestResponse:
    """Send the form behind a link to set a password."""
    return client.post(address, data={"password": password, "again": password if again is None else again})


def sign_in_by_form(client: FlaskClient, email: str, password: str) -> TestResponse:
    """Send the form of the sign-in page."""
    return client.post("/login", data={"email": email, "password": password})
