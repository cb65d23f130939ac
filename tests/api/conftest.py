"""Programs that talk to the API."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.accounts import passwords
from portal.accounts.jwt import issue_access_token
from portal.accounts.queries import find_person
from portal.accounts.services import refresh_tokens
from portal.audit.services import System
from portal.extensions import db
from tests.support.letters import Sent, listening
from tests.support.people import Person


class Program:
    """A client of the API without cookies, with the tokens of one person or none."""

    def __init__(self, app: Flask, person: Person | None = None) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client(use_cookies=False)
        self.token: str | None = None
        self.refresh_token = ""
        self.family = ""
        if person:
            self._take_tokens(person)

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        """Ask; `body` is sent as JSON."""
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **more.pop("headers", {})}
        if body is not None:
            more["json"] = body
        return self.client.open(f"/api{path}", method=method, headers=headers, **more)

    def _take_tokens(self, person: Person) -> None:
        with nullcontext() if has_app_context() else self.app.app_context():
            account = find_person(person.user_id)
            assert account is not None
            grant = refresh_tokens.begin_family(account.id, account.session_epoch, System())
            db.session.commit()
            self.token = issue_access_token(grant, account.id, account.email, account.role).text
        self.refresh_token, self.family = grant.token, grant.family


@pytest.fixture
def program(app: Flask) -> Callable[..., Program]:
    """`program(person)` gives a client with that person's tokens, `program()` one without; `over=` another app."""
    return lambda person=None, over=None: Program(over or app, person)


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """New hashes of the fewest rounds that bcrypt allows."""
    monkeypatch.setattr(passwords, "ROUNDS", 4)


@pytest.fixture
def sent() -> Iterator[Sent]:
    """The letters and notices that the portal announces during the test."""
    with listening() as sent:
        yield sent


@pytest.fixture
def offering(app: Flask) -> Iterator[Callable[[str], None]]:
    """Lets strangers register with these roles."""
    before = app.config["PORTAL"]

    def do(roles: str) -> None:
        app.config["PORTAL"] = before.model_copy(update={"registration_roles": roles})

    yield do
    app.config["PORTAL"] = before
