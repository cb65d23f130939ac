"""Two hundred students who type at once, before the default web server with two workers."""

import http.client
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from flask import Flask

from bench.figures import Figure
from tests.support.people import Person, make_facilitator, make_student
from tests.support.reflecting import make_round
from tests.support.teaching import make_enrolment, make_offering
from tests.support.web import session_of

STUDENTS, EVERY, SECONDS, P99_MS = 200, 3.0, 20, 300


@dataclass(frozen=True, slots=True)
class _Desk:
    """A student at their page: the cookie that opens it, and the round."""

    cookie: str
    round_id: int


def type_at_once(database: str, app: Flask, url: str, folder: Path) -> Iterator[Figure]:
    """Each keeps a draft every three seconds, whatever the answers take: counted from when it was due."""
    with app.app_context():
        desks = _desks(app)
    with _served(url, folder, str(app.config["SECRET_KEY"])) as port:
        taken, faults = _typed(port, desks)
    taken.sort()
    yield Figure(database, f"{STUDENTS} type at once: drafts kept", len(taken), "")
    yield Figure(database, f"{STUDENTS} type at once: errors", faults, "", 0.5)
    yield Figure(database, f"{STUDENTS} type at once: median", statistics.median(taken), "ms")
    yield Figure(database, f"{STUDENTS} type at once: p99", taken[int(len(taken) * 0.99)], "ms", P99_MS)


def _desks(app: Flask) -> list[_Desk]:
    offering = make_offering(make_facilitator(), title="Typing")
    found = make_round(offering)
    students = [make_student() for _ in range(STUDENTS)]
    for student in students:
        make_enrolment(offering, student)
    return [_Desk(_cookie(app, student), found.id) for student in students]


def _cookie(app: Flask, student: Person) -> str:
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return f"{app.config['SESSION_COOKIE_NAME']}={signer.dumps(session_of(student, app))}"


@contextmanager
def _served(url: str, folder: Path, secret: str) -> Iterator[int]:
    """The default web server with two workers, on a free port; the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": url, "PORTAL_DATA_DIR": str(folder), "SECRET_KEY": secret, "RATELIMIT_ENABLED": "false",
        "LOG_LEVEL": "ERROR",
    }  # fmt: skip
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "2", "--blocking-threads", "4", "--log-level", "error", "wsgi:app",
    ]  # fmt: skip
    server = subprocess.Popen(command, env=environment)
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/health/live")
            if connection.getresponse().status == HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the web server did not start")


def _typed(port: int, desks: list[_Desk]) -> tuple[list[float], int]:
    """Milliseconds of each draft, and how many were not kept."""
    taken: list[float] = []
    faults: list[str] = []
    ready = threading.Barrier(len(desks) + 1)
    threads = [
        threading.Thread(
            target=_write, args=(port, desk, place * EVERY / len(desks), ready, taken, faults), daemon=True
        )
        for place, desk in enumerate(desks)
    ]
    for thread in threads:
        thread.start()
    ready.wait(60)
    for thread in threads:
        thread.join(SECONDS + 60)
    for fault in sorted(set(faults))[:3]:
        print(fault, file=sys.stderr)
    return taken, len(faults)


def _write(
    port: int, desk: _Desk, delay: float, ready: threading.Barrier, taken: list[float], faults: list[str]
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Cookie": desk.cookie, "Content-Type": "application/json"}
    connection.request("GET", f"/reflections/{desk.round_id}", headers=headers)
    answer = connection.getresponse()
    found = re.search(r'name="csrf-token" content="([^"]+)"', answer.read().decode())
    cookie = (answer.getheader("Set-Cookie") or desk.cookie).partition(";")[0]
    headers |= {"Cookie": cookie, "X-CSRFToken": found[1] if found else ""}
    ready.wait(60)
    due, version = time.monotonic() + delay, 0
    for number in range(int(SECONDS / EVERY)):
        time.sleep(max(0.0, due - time.monotonic()))
        words = f"A sentence that gets longer and longer, now for the {number}. time. " * (number + 2)
        body = json.dumps({"answers": {"question1": words[:1000]}, "version": version, "language": "en"})
        try:
            connection.request("POST", f"/reflections/{desk.round_id}/draft", body, headers)
            answer = connection.getresponse()
            told = answer.read()
            if answer.status == HTTPStatus.OK:
                taken.append((time.monotonic() - due) * 1000)
                version = json.loads(told)["version"]
            else:
                faults.append(f"{answer.status}: {told[:200]!r}")
        except (OSError, http.client.HTTPException) as error:
            faults.append(repr(error))
            connection.close()
        due += EVERY
