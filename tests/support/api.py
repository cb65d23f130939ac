"""Programs that talk to the JSON API, for tests."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from portal.accounts.jwt import issue_access_token
from portal.accounts.queries import find_person
from portal.accounts.services import refresh_tokens
from portal.accounts.services.refresh_tokens import Grant
from portal.audit.services import System
from portal.extensions import db
from tests.support.people import PASSWORD, Person


def tokens_of(app: Flask, person: Person) -> tuple[str, Grant]:
    """An access token of a person, and the refresh token that came with it."""
    with nullcontext() if has_app_context() else app.app_context():
        account = find_person(person.user_id)
        assert account is not None
        grant = refresh_tokens.begin_family(account.id, account.session_epoch, System())
        db.session.commit()
        return issue_access_token(grant, account.id, account.email, account.role).text, grant


def bearer_of(app: Flask, person: Person) -> str:
    """An access token of a person."""
    return tokens_of(app, person)[0]


class Program:
    """A client of the API without cookies, with the tokens of one person or none."""

    def __init__(self, app: Flask, person: Person | None = None) -> None:
        self.client: FlaskClient = app.test_client(use_cookies=False)
        self.token: str | None = None
        self.refresh_token = ""
        if person:
            self.token, grant = tokens_of(app, person)
            self.refresh_token = grant.token

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> TestResponse:
        """Ask; `body` is sent as JSON."""
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **more.pop("headers", {})}
        if body is not None:
            more["json"] = body
        return self.client.open(f"/api{path}", method=method, headers=headers, **more)


def sign_in(asks: Program, email: str, password: str = PASSWORD, **headers: str) -> TestResponse:
    """Sign in by the API; gives the answer."""
    return asks("POST", "/auth/login", {"email": email, "password": password}, headers=headers)


def signed_in(program: Callable[[], Program], email: str, password: str = PASSWORD) -> Program:
    """A program that has signed in with a password."""
    asks = program()
    asks.token = sign_in(asks, email, password).json["token"]
    return asks


def read(app: Flask, *columns: Any) -> Sequence[Any]:
    """Columns as they stand in the database."""
    with app.app_context():
        return db.session.execute(select(*columns)).all()
