"""Walks along many addresses, signed in."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, request, request_finished
from flask.testing import FlaskClient

from portal.web import errors
from portal.web.access import SAFE
from tests.support.api import bearer_of
from tests.support.people import Person
from tests.support.web import session_of

_OK, _REFUSED = 200, 400


class SignIns:
    """Signs people in for a walk: to begin a session for each address would take longer than to ask for most of them.

    Whatever an answer may have ended is begun anew: only a page that was shown, a refusal and the way to the sign-in
    page leave things as they are. Should one of them end a session nevertheless, the next address tells.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._cookies: dict[int, str] = {}
        self._bearers: dict[int, str] = {}

    def set_cookie(self, client: FlaskClient, person: Person | None) -> None:
        """Have a client sign in with a cookie that holds nothing else; None signs out."""
        name = self._app.config["SESSION_COOKIE_NAME"]
        if person is None:
            client.delete_cookie(name)
            return
        if person.user_id not in self._cookies:
            signer: Any = self._app.session_interface.get_signing_serializer(self._app)  # type: ignore[attr-defined]
            self._cookies[person.user_id] = signer.dumps(session_of(person, self._app))
        client.set_cookie(name, self._cookies[person.user_id])

    def headers(self, person: Person) -> dict[str, str]:
        """What a program sends along for a person."""
        if person.user_id not in self._bearers:
            self._bearers[person.user_id] = bearer_of(self._app, person)
        return {"Authorization": f"Bearer {self._bearers[person.user_id]}"}

    def note(self, _app: Flask, response: Any, **_rest: Any) -> None:
        """Look at an answer."""
        shown = request.method in SAFE and response.status_code == _OK
        turned_away = response.headers.get("Location", "").startswith("/login") and request.path != "/logout"
        if not (shown or turned_away or response.status_code >= _REFUSED):
            self._cookies.clear()
            self._bearers.clear()


@pytest.fixture
def bare_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors come without the page that tells of them: a walk asks which it is; test_errors.py looks at the pages."""
    monkeypatch.setattr(errors, "render_template", lambda *_, **__: "")


@pytest.fixture
def sign_ins(app: Flask) -> Iterator[SignIns]:
    """Signs people in for many addresses."""
    found = SignIns(app)
    with request_finished.connected_to(found.note, sender=app):
        yield found


@pytest.fixture
def stay_signed_in(sign_ins: SignIns) -> Callable[[FlaskClient, Person | None], None]:
    """Has a client signed in as a person, whatever it asked for before."""
    return sign_ins.set_cookie
