"""What the portal does while what it stands on comes, goes, and comes back."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa
from flask import Flask

from bench import serving
from portal.extensions import db
from portal.web.access import public
from tests.support import servers
from tests.support.databases import build_app, migrate

pytestmark = pytest.mark.one_database


class _Gone(Exception):
    """What drivers raise when the server went away, with MySQL's numbers."""


@pytest.fixture
def fragile(build_fresh_app: Any) -> Flask:
    """A page that fails as many times as it is told, with what it is told."""
    app: Flask = build_fresh_app()
    app.config["WTF_CSRF_ENABLED"] = False
    faults: list[Exception] = []

    def view() -> str:
        db.session.execute(sa.text("SELECT 1"))
        if faults:
            raise faults.pop()
        return "done"

    app.add_url_rule("/fragile", "fragile", public(view), methods=["GET", "POST"])
    app.extensions["faults"] = faults
    return app


def _fault(code: int, *, lost: bool) -> sa.exc.OperationalError:
    return sa.exc.OperationalError("SELECT 1", {}, _Gone(code, "gone"), connection_invalidated=lost)


@pytest.mark.parametrize(
    ("method", "code", "lost", "status"),
    [
        ("GET", 2013, True, 200),  # a failover while somebody reads
        ("POST", 2013, True, 503),  # it may have been kept: nobody asks again by themselves
        ("POST", 1213, False, 200),  # a deadlock was undone whole
        ("POST", 1047, True, 200),  # a node that is not ready took nothing in
        ("GET", 1064, False, 503),
    ],
)
def test_what_may_be_repeated_is_repeated_once(fragile: Flask, method: str, code: int, lost: bool, status: int) -> None:
    fragile.extensions["faults"][:] = [_fault(code, lost=lost)]
    answer = fragile.test_client().open("/fragile", method=method)
    assert answer.status_code == status
    assert (answer.headers.get("Retry-After") == "10") == (status == 503)
    fragile.extensions["faults"][:] = [_fault(code, lost=lost)] * 2
    assert fragile.test_client().open("/fragile", method=method).status_code == 503, "not twice"


def test_who_waited_long_for_a_server_that_hangs_is_not_made_to_wait_again(fragile: Flask, monkeypatch: Any) -> None:
    monkeypatch.setattr("portal.web.retry.seconds_so_far", lambda: 5.0)
    fragile.extensions["faults"][:] = [_fault(2013, lost=True)]
    assert fragile.test_client().get("/fragile").status_code == 503
    assert fragile.test_client().get("/fragile").status_code == 200


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (sa.exc.InternalError("SELECT 1", {}, _Gone(0, "packet out of order"), connection_invalidated=True), 503),
        (sa.exc.PendingRollbackError("cannot reconnect", code="8s2b"), 503),
        (sa.exc.PendingRollbackError("a flush failed", code="7s2a"), 500),
        (sa.exc.InternalError("SELECT 1", {}, _Gone(0, "a fault of ours")), 500),
    ],
    ids=lambda given: str(given)[:40],
)
def test_a_lost_connection_is_one_however_it_shows(fragile: Flask, fault: Exception, status: int) -> None:
    fragile.config["TESTING"] = False
    fragile.extensions["faults"][:] = [fault]
    assert fragile.test_client().post("/fragile").status_code == status


@pytest.mark.parametrize("driver", ["mysql+pymysql", "postgresql+psycopg"])
@pytest.mark.parametrize("hole", ["says nothing", "swallows packets"])
def test_a_page_waits_no_longer_than_a_connection_may_take(
    driver: str, hole: str, tmp_path: Path, monkeypatch: Any
) -> None:
    shorter = {"connect_timeout": 2, **({"read_timeout": 60} if "pymysql" in driver else {})}
    monkeypatch.setattr("portal._patience", lambda _address: shorter)
    with socket.socket() as database, ExitStack() as others:
        database.bind(("127.0.0.1", 0))
        database.listen(0 if hole == "swallows packets" else 20)
        for _ in range(3 if hole == "swallows packets" else 0):  # after these the kernel drops whoever comes
            caller = others.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(database.getsockname())
        app = build_app(f"{driver}://nobody@127.0.0.1:{database.getsockname()[1]}/none", tmp_path)
        began = time.monotonic()
        answer = app.test_client().get("/login")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
        assert time.monotonic() - began < 15


@pytest.mark.servers
def test_a_reader_does_not_notice_that_its_connection_was_cut(tmp_path: Path, leave_out: Any) -> None:
    if not servers.is_there("mariadb"):
        leave_out("mariadbd is not installed")
    app = build_app(servers.new_database("mariadb", f"cut_{os.getpid()}"), tmp_path)
    cuts = []

    def view() -> str:
        number = db.session.scalar(sa.text("SELECT CONNECTION_ID()"))
        if not cuts:
            cuts.append(number)
            _cut(int(str(number)))
        return str(db.session.scalar(sa.text("SELECT 'still here'")))

    app.add_url_rule("/cut", "cut", public(view))
    answer = app.test_client().get("/cut")
    assert (answer.status_code, answer.text, len(cuts)) == (200, "still here", 1)
    with app.app_context():
        db.engine.dispose()


def _cut(number: int) -> None:
    with pymysql.connect(host="127.0.0.1", port=servers.port_of("mariadb"), user="root") as server:
        server.cursor().execute(f"KILL {number}")


def test_pages_and_signing_in_go_on_without_redis(build_fresh_app: Any, make_fresh: Any) -> None:
    app = build_fresh_app(redis_url="redis://127.0.0.1:1/0", ratelimit_enabled=True, ratelimit_auth="2 per minute")
    app.config["WTF_CSRF_ENABLED"] = False
    client, began = app.test_client(), time.monotonic()
    assert client.get("/login").status_code == 200
    form = {"email": "nobody@example.org", "password": "a wrong one 2026"}
    answers = [client.post("/login", data=form).status_code for _ in range(4)]
    assert answers[0] == 422
    assert answers[-1] == 429, "limits are kept by each process alone"
    assert time.monotonic() - began < 20


def test_upgrading_says_why_and_gives_up_after_its_limit(tmp_path: Path) -> None:
    app = build_app("mysql+pymysql://nobody@127.0.0.1:1/none", tmp_path, database_wait=1)
    began = time.monotonic()
    done = app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert done.exit_code == 1
    assert "Waiting up to 1 seconds" in done.stderr
    assert "The database does not answer" in done.stderr.splitlines()[-1]
    assert 1 <= time.monotonic() - began < 15
    assert "Traceback" not in done.output


@pytest.mark.parametrize("driver", ["mysql+pymysql", "postgresql+psycopg"])
def test_whoever_waits_for_a_database_that_says_nothing_waits_no_longer_than_asked(tmp_path: Path, driver: str) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(8)  # takes connections and says nothing: the drivers wait five seconds for a greeting
        app = build_app(f"{driver}://nobody@127.0.0.1:{silent.getsockname()[1]}/none", tmp_path, database_wait=1)
        for command in (["wait", "--seconds", "1"], ["db", "upgrade"]):
            began = time.monotonic()
            done = app.test_cli_runner().invoke(args=command)
            assert (done.exit_code, time.monotonic() - began < 3.5) == (1, True)
            assert done.stderr.splitlines()[-1] == "Error: The database does not answer: it said nothing for 1 s"


def test_whoever_waits_for_the_tables_waits_no_longer_for_a_database_that_falls_silent_either(tmp_path: Path) -> None:
    app, ended = build_app(f"sqlite:///{tmp_path}/portal.db", tmp_path), threading.Event()
    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", lambda *_: ended.wait(30))
    began = time.monotonic()
    done = app.test_cli_runner().invoke(args=["wait", "--seconds", "1"])
    assert (done.exit_code, time.monotonic() - began < 3.5) == (1, True)
    assert "it said nothing for 1 s" in done.stderr
    ended.set()


def test_upgrading_waits_for_a_database_that_comes(tmp_path: Path, monkeypatch: Any) -> None:
    app, asked = build_app(f"sqlite:///{tmp_path}/late/portal.db", tmp_path), []

    def come(_seconds: float) -> None:
        asked.append(True)
        (tmp_path / "late").mkdir(exist_ok=True)

    monkeypatch.setattr("portal.migrating.time.sleep", come)
    done = app.test_cli_runner().invoke(args=["db", "current"])
    assert (done.exit_code, asked) == (0, [True])


@pytest.mark.slow
def test_a_request_in_flight_is_answered_before_the_web_server_stops(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/portal.db"
    migrate(build_app(url, tmp_path))
    port = serving.free_port()
    command = [part if part != "wsgi:app" else "tests.support.slow_app:app" for part in serving.granian(port, 1)]
    server = serving.start(command, serving.environment(url, tmp_path, PORT=str(port)))
    found: list[Any] = []

    def ask() -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/slow", timeout=30) as answer:
            found.append((answer.status, answer.read()))

    try:
        serving.wait_until_live(port)
        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(0.5)
        server.send_signal(signal.SIGTERM)
        asking.join(30)
        assert found == [(200, b"slept well")]
        assert server.wait(20) is not None
    finally:
        serving.stop(server)


_TOLD_WHILE_IT_STARTS = """
import os, signal, sys, types
signal.signal(signal.SIGTERM, lambda *_given: None)  # as a forked worker has it of its parent
sys.modules["portal"] = types.SimpleNamespace(create_app=lambda: os.kill(os.getpid(), signal.SIGTERM))
sys.modules["portal.waking"] = types.SimpleNamespace(wake_by=None)
import wsgi
"""


@pytest.mark.one_database
def test_a_web_process_that_is_told_to_stop_while_it_starts_stops() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _TOLD_WHILE_IT_STARTS], cwd=Path(__file__).parents[2], capture_output=True, check=False
    )
    assert ended.returncode == -signal.SIGTERM
