"""A file of 500 MB that goes up in parts and comes down again: how much memory that takes beyond what a page does.

The web server is a process of its own, as an operator starts it; what the browser's side needs is not counted.
"""

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask

from bench import serving
from bench.figures import Figure
from bench.pages import client_of
from portal.learning.storage import PART_SIZE
from tests.support.databases import build_app, dispose
from tests.support.learning import make_lesson
from tests.support.people import make_facilitator
from tests.support.teaching import make_offering

SIZE_MB, MEMORY_MB = 500, 50
_LINE = b"a line of a long text file, without an end\n"
_PIECE = 1 << 20


class Browser:
    """Somebody who is signed in, over one connection."""

    def __init__(self, port: int, cookie: str) -> None:
        self._to = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Cookie": f"portal={cookie}"}

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "") -> http.client.HTTPResponse:
        """The answer, of which nothing is read yet."""
        more = {"Content-Type": kind} if kind else {}
        self._to.request(method, path, body, self._headers | more)
        answer = self._to.getresponse()
        assert answer.status == 200, (answer.status, answer.read()[:500])
        for cookie in answer.headers.get_all("Set-Cookie", []):
            if cookie.startswith("portal="):
                self._headers["Cookie"] = cookie.split(";")[0]
        return answer

    def read_token(self, path: str) -> None:
        """Take the token of a page along from now on."""
        page = self.ask("GET", path).read().decode()
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert found
        self._headers["X-CSRFToken"] = found[1]


def measure(database: str, _app: Flask, url: str, folder: Path) -> Iterator[Figure]:
    """One goes up, and comes down."""
    env = serving.environment(url, folder) | {
        "PORTAL_ENV": "development", "UPLOAD_LIMIT_MB": str(2 * SIZE_MB), "COURSE_FILES_LIMIT_MB": str(4 * SIZE_MB),
    }  # fmt: skip
    app = build_app(url, folder, secret_key=env["SECRET_KEY"])
    with app.app_context():
        teacher = make_facilitator()
        lesson = make_lesson(make_offering(teacher))
    cookie = client_of(app, teacher).get_cookie("portal")
    assert cookie
    port = serving.free_port()
    server = serving.start(serving.granian(port, 1), env)
    try:
        serving.wait_until_live(port)
        [worker] = serving.children(server.pid)
        browser, base = Browser(port, cookie.value), f"/courses/{lesson.offering_id}/lessons/{lesson.id}"
        browser.read_token(f"{base}/edit")
        _fetch(browser, _send(browser, base, 1))
        before = _peak(worker)
        address = _send(browser, base, SIZE_MB)
        up = _peak(worker)
        _fetch(browser, address)
        down = _peak(worker)
    finally:
        serving.stop(server)
        dispose(app)
    yield Figure(database, f"{SIZE_MB} MB go up: memory beyond a page's", up - before, "MB", MEMORY_MB)
    yield Figure(database, f"{SIZE_MB} MB come down: memory beyond a page's", down - up, "MB", MEMORY_MB)


def _send(browser: Browser, base: str, size_mb: int) -> str:
    """Send a file part by part; gives its address."""
    size = size_mb << 20
    asked = f"name={size_mb}.txt&size={size}".encode()
    begun: Any = json.loads(browser.ask("POST", f"{base}/uploads", asked, "application/x-www-form-urlencoded").read())
    whole = _LINE * (PART_SIZE // len(_LINE) + 1)
    for number in range(-(-size // PART_SIZE)):
        part = whole[: min(PART_SIZE, size - number * PART_SIZE)]
        browser.ask("POST", f"{base}/uploads/{begun['id']}/{number}", part, "application/octet-stream").read()
    page = browser.ask("GET", f"{base}/files").read().decode()
    return page.split(f">{size_mb}.txt<")[0].rsplit('href="', 1)[1].split('"')[0]


def _fetch(browser: Browser, address: str) -> None:
    """Take a file as it comes, without keeping it."""
    answer = browser.ask("GET", address)
    while answer.read(_PIECE):
        pass


def _peak(process: int) -> float:
    """The most memory that a process ever had, in MB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) / 1024
