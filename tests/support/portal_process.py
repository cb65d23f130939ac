"""`script/server` as a process of its own, and a plain client for it that knows nothing of the portal's code."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0  # a first start may install
_SHIFTED_CLOCK = Path(__file__).with_name("shifted_clock")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: headers by their lower-case names, and the body as JSON where it is that."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.text)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, port: int, **settings: str) -> dict[str, str]:
    """The environment of a portal with a data folder of its own."""
    return os.environ | {"PORT": str(port), "PORTAL_DATA_DIR": str(folder / "var"), "WEB_CONCURRENCY": "1"} | settings


def going_on_from(moment: datetime) -> dict[str, str]:
    """The environment of a process whose clock goes on from a moment."""
    shift = (moment - datetime.now(UTC)).total_seconds()
    return {"PYTHONPATH": str(_SHIFTED_CLOCK), "PORTAL_TEST_SHIFT": str(shift)}


def start_server(folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start the script from another folder than its own."""
    return subprocess.Popen(
        [ROOT / "script" / "server"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def seconds_until_live(process: subprocess.Popen[Any], port: int) -> float | None:
    """Seconds until the portal answers; None when it never does."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2) as answer:
                return time.monotonic() - began if answer.status == 200 else None
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    return None


@contextmanager
def serving(target: str, folder: Path, workers: int = 2, **settings: str) -> Iterator[int]:
    """Workers of the default web server, as `script/server` starts them, without its worker; gives their port."""
    port = free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
               "--workers", str(workers), "--blocking-threads", "4", "--log-level", "warning", target]  # fmt: skip
    told = folder / "server.log"
    with told.open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | {"PORTAL_DATA_DIR": str(folder)} | settings, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
    try:
        if seconds_until_live(process, port) is None:
            raise RuntimeError(f"the portal did not start: {told.read_text()[-2000:]}")
        yield port
    finally:
        _end(process)


def _end(process: subprocess.Popen[Any]) -> None:
    """End a process with all that it started, as a supervisor does: asked first, made to after some seconds."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def ask(
    port: int, method: str, path: str, body: Any = None, *, token: str = "", headers: Mapping[str, str] | None = None
) -> Answer:
    """Ask the portal by HTTP, as curl would; `body` is sent as JSON."""
    sent = dict(headers or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
    if body is not None:
        sent |= {"Content-Type": "application/json"}
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers=sent,
        method=method,
    )
    try:
        with urllib.request.urlopen(asked, timeout=30) as given:
            return _answer(given)
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error)


def _answer(given: Any) -> Answer:
    headers = {name.lower(): value for name, value in given.headers.items()}
    return Answer(given.status, headers, given.read().decode())
