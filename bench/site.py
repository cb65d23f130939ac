"""A whole portal of this machine: web, worker, database and Redis, each a process that can be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol

from bench import serving
from bench.machines import MariaDB, Redis

BACK_AFTER = 2.0
SERVERS = {"granian": serving.granian, "gunicorn": serving.gunicorn}


class Database(Protocol):
    """One server or a cluster."""

    port: int

    def start(self) -> None:
        """Start it and wait until it answers."""

    def kill(self) -> None:
        """End it without a word."""

    def new_database(self, name: str) -> str:
        """The address of a new, empty database."""


class Site:
    """Two web processes and the worker on a database and a Redis."""

    def __init__(self, folder: Path, database: Database | None = None) -> None:
        self.database: Database = database or MariaDB(folder / "database")
        self.redis = Redis(folder / "redis")
        self.folder, self.url, self.port = folder / "data", "", serving.free_port()
        self._environment: dict[str, str] = {}
        self._web: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start database and Redis."""
        self.database.start()
        self.redis.start()
        self.url = self.database.new_database("monday")
        self.folder.mkdir()
        redis = f"redis://127.0.0.1:{self.redis.port}/0"
        self._environment = serving.environment(
            self.url, self.folder, PORT=str(self.port), REDIS_URL=redis, LOG_FORMAT="json"
        )

    def open(self, server: str) -> None:
        """Start web and worker."""
        subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "assets", "build"],
            cwd=serving.ROOT, env=self._environment, check=True, capture_output=True,
        )  # fmt: skip
        self._web = serving.start(SERVERS[server](self.port, 2), self._environment)
        self._start_worker()
        serving.wait_until_live(self.port, "/login")

    def _start_worker(self) -> None:
        self._worker = serving.start(serving.consumer(), self._environment)

    def kill(self, what: str) -> None:
        """SIGKILL to one part; what its supervisor would do follows."""
        deeds: dict[str, Callable[[], None]] = {
            "web": self._kill_web, "worker": self._kill_worker,
            "redis": lambda: _kill_and_start(self.redis), "database": lambda: _kill_and_start(self.database),
        }  # fmt: skip
        deeds[what]()

    def _kill_web(self) -> None:
        assert self._web is not None
        # One of the two; the server's first process starts another one in its place.
        workers = [one for one in serving.children(self._web.pid) if "tracker" not in _command_of(one)]
        os.kill(workers[-1], signal.SIGKILL)

    def _kill_worker(self) -> None:
        assert self._worker is not None
        self._worker.kill()
        self._worker.wait()
        time.sleep(BACK_AFTER)
        self._start_worker()

    def show_complaints(self) -> None:
        """Print what the portal's log says of errors that nobody foresaw; then forget it."""
        log = self.folder / "serving.log"
        for line in log.read_text(errors="replace").splitlines():
            if '"event": "unforeseen_error"' in line:
                said = json.loads(line)
                print(f"unforeseen at {said['path']}:\n{said.get('exception', '')[-1500:]}")
            elif "Exception on /" in line:
                print(line)
        os.truncate(log, 0)

    def rest(self) -> None:
        """End web and worker."""
        for process in (self._web, self._worker):
            if process is not None:
                serving.stop(process)
        self._web = self._worker = None

    def close(self) -> None:
        """End everything, whatever of it runs."""
        with ExitStack() as all_of_it:
            for end in (self.database.kill, self.redis.kill, self.rest):
                all_of_it.callback(end)


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the program as Ctrl-C does, so that what it started ends too."""

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {one: signal.signal(one, end) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _command_of(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_text()


def _kill_and_start(machine: Database | Redis) -> None:
    machine.kill()
    time.sleep(BACK_AFTER)
    machine.start()
