"""Clients, people and mail for tests of pages."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import wraps
from typing import Any

import pytest
import redis
import time_machine
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from flask import Flask, current_app, has_app_context
from flask.testing import FlaskClient

from portal.accounts import passwords
from portal.accounts.queries import find_person
from portal.accounts.services import sessions, signing_in
from portal.accounts.services.devices import Browser
from portal.extensions import db
from tests.support import learning, people, reflecting, servers, sql, teaching
from tests.support.keeping import together
from tests.support.people import Person
from tests.support.reading_mail import read_mail, read_message

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NOON = datetime(2026, 10, 14, 12, tzinfo=UTC)  # a Wednesday


class Maker:
    """The makers of people, teaching, learning and reflecting beside this without `make_`, each in its own context."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Callable[..., Any]:
        homes = (people, teaching, learning, reflecting)
        make = next(found for home in homes if (found := getattr(home, f"make_{name}", None)))

        @wraps(make)
        def made(*args: Any, **kwargs: Any) -> Any:
            with nullcontext() if has_app_context() else self._app.app_context(), together():
                return make(*args, **kwargs)

        return made


@pytest.fixture
def make(app: Flask) -> Maker:
    """Factories on the database of `app`: `make.facilitator()`, `make.offering(facilitator=…)`, …"""
    return Maker(app)


@pytest.fixture
def make_fresh(fresh_app: Flask) -> Maker:
    """The same on the database of `fresh_app`."""
    return Maker(fresh_app)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript."""
    return app.test_client()


@pytest.fixture
def new_client(app: Flask) -> Callable[[], FlaskClient]:
    """Makes further clients, for further people."""
    return app.test_client


def session_of(person: Person, app: Flask | None = None) -> dict[str, Any]:
    """What the cookie of a signed-in person holds; `app` may be left out within its context. Makes their session."""
    with nullcontext() if has_app_context() else (app or current_app).app_context():
        account = find_person(person.user_id)
        assert account is not None
        lasts = current_app.config["PORTAL"].session_lifetime
        begun = sessions.begin(account, "password", Browser(FIREFOX, "127.0.0.1"), device_id=None, lasts=lasts)
        db.session.commit()
    return {"_user_id": begun.secret}


@pytest.fixture
def sign_in() -> Callable[[FlaskClient, Person | None], None]:
    """Signs a person in without their password; None signs out."""

    def do(client: FlaskClient, person: Person | None) -> None:
        with client.session_transaction() as session:
            session.clear()
            if person:
                session.update(session_of(person, client.application))

    return do


@pytest.fixture
def frozen_time() -> Iterator[time_machine.Traveller]:
    """Time stands still at Wednesday 14 October 2026, 12:00 UTC; it has `move_to` and `shift`."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def count_sql() -> Callable[[], Any]:
    """`with count_sql() as sql: …`, then `len(sql)` and `sql.text`."""
    return sql.count_sql


@pytest.fixture(autouse=True)
def _quick_hashes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Passwords are hashed with the fewest rounds that bcrypt allows; the portal's take a quarter of a second each.

    Not where hashes, or how long they take, are what a test is about: `slow_hashes`.
    """
    if request.node.get_closest_marker("slow_hashes"):
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "ROUNDS", 4)
        patch.setattr(passwords, "_NOBODY", passwords._NOBODY.replace(b"$12$", b"$04$"))
        patch.setattr(signing_in, "FEWEST_ROUNDS", 4)
        yield


@pytest.fixture(autouse=True)
def _no_sql_while_rendering(request: pytest.FixtureRequest) -> Iterator[None]:
    with nullcontext() if request.node.get_closest_marker("sql_while_rendering") else sql.no_sql_while_rendering():
        yield


@pytest.fixture
def mail_files() -> Callable[[Flask], list[EmailMessage]]:
    """Gives the messages that an application wrote as files."""
    return lambda app: read_mail(app.config["PORTAL"].portal_data_dir / "mail")


class SmtpSink:
    """A real SMTP server that keeps what it is sent. Set `refuse` to an SMTP reply to refuse every message."""

    def __init__(self, port: int) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refuse = ""
        self.takes = 0.0  # seconds that it takes to accept a message
        self.url = f"smtp://127.0.0.1:{port}"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd's name)
        """Keep or refuse one message."""
        await asyncio.sleep(self.takes)
        if self.refuse:
            return self.refuse
        self.recipients += envelope.rcpt_tos
        content = envelope.original_content or b""
        self.messages.append(read_message(content))
        return "250 kept"


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A real SMTP server on a free port: `.url`, `.messages`, `.recipients`, `.refuse`, `.takes`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sink = SmtpSink(port)
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    yield sink
    controller.stop()


@pytest.fixture
def redis_url(worker: str, leave_out: Callable[[str], None]) -> str:
    """An empty Redis database of this process's own."""
    if not servers.is_there("redis"):
        leave_out("redis-server is not installed")
    number = int(worker.removeprefix("gw")) if worker.startswith("gw") else 0
    url = f"redis://127.0.0.1:{servers.port_of('redis')}/{number}"
    with redis.Redis.from_url(url) as server:
        server.flushdb()
    return url
