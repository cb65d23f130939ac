"""What the tests of accounts share: what is sent."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from tests.support.letters import Sent, link_of, listening


@pytest.fixture
def sent() -> Iterator[Sent]:
    """The letters and notices that the portal announces during the test."""
    with listening() as sent:
        yield sent


@pytest.fixture
def link(app: Flask, sent: Sent) -> Callable[[], str]:
    """Gives the address in the mail that was sent last."""

    def do() -> str:
        with app.app_context():
            return link_of(sent.letters[-1])

    return do


@pytest.fixture
def ask(app: Flask, sent: Sent) -> Callable[[str], str | None]:
    """Asks for a link to set a password, as a stranger; gives the address in the mail, None when none is sent."""

    def do(email: str) -> str | None:
        before = len(sent.letters)
        assert app.test_client().post("/password/forgot", data={"email": email}).status_code == 200
        with app.app_context():
            return link_of(sent.letters[-1]) if len(sent.letters) > before else None

    return do
