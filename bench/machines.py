"""MariaDB and Redis as processes that are killed and started again on what they had written."""

import getpass
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pymysql
import redis

from bench.serving import PATIENCE, free_port
from tests.support.supervisor import as_user

_DURABLE = [
    "--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=256M", "--innodb-log-file-size=64M",
    "--skip-name-resolve", "--skip-log-bin", "--bind-address=127.0.0.1", "--max-connections=200",
]  # fmt: skip


class Machine:
    """A server that can be started, killed and started again at the same port; `user` runs it."""

    user = getpass.getuser()

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.prepare()

    def prepare(self) -> None:
        """Make what it needs before its first start."""

    def as_user(self) -> dict[str, Any]:
        """The arguments with which `subprocess` runs something as its user."""
        return as_user(self.user if self.user != getpass.getuser() else "")

    def command(self) -> list[str]:
        """How it is started."""
        raise NotImplementedError

    def ask(self) -> None:
        """Raise an error unless it answers."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, start_new_session=True, **self.as_user()
            )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.runs:
            try:
                self.ask()
            except (OSError, pymysql.Error, redis.RedisError):
                time.sleep(0.1)
            else:
                return
        raise TimeoutError(f"{self.command()[0]} does not answer, see {self.folder}/log")

    @property
    def runs(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """End it without a word."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


class Redis(Machine):
    """A Redis that keeps nothing."""

    def command(self) -> list[str]:
        """How it is started."""
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    def ask(self) -> None:
        """Raise an error unless it answers."""
        with redis.Redis(port=self.port) as server:
            server.ping()


class MariaDB(Machine):
    """A MariaDB that has written what it says it has."""

    def prepare(self) -> None:
        """Make its folder."""
        subprocess.run(
            ["mariadb-install-db", "--no-defaults", f"--datadir={self.folder}/data", "--skip-test-db",
             "--auth-root-authentication-method=normal", f"--user={self.user}"],
            check=True, capture_output=True, **self.as_user(),
        )  # fmt: skip

    def command(self) -> list[str]:
        """How it is started."""
        return [
            "mariadbd", "--no-defaults", f"--datadir={self.folder}/data", f"--socket={self.folder}/socket",
            f"--port={self.port}", f"--user={self.user}", *_DURABLE,
        ]  # fmt: skip

    def ask(self) -> None:
        """Raise an error unless it answers."""
        self.execute("SELECT 1")

    def execute(self, *statements: str) -> None:
        """Run statements as root."""
        with pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", autocommit=True, connect_timeout=2
        ) as server:
            for statement in statements:
                server.cursor().execute(statement)

    def ask_for(self, statement: str) -> Any:
        """The first value of what a statement answers."""
        with pymysql.connect(host="127.0.0.1", port=self.port, user="root", connect_timeout=2) as server:
            asked = server.cursor()
            asked.execute(statement)
            return asked.fetchall()[0][0]

    def new_database(self, name: str) -> str:
        """The address of a new, empty database."""
        self.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{name}?charset=utf8mb4"


# Servers lie beside the portal's own programs on the path, or where Debian keeps them.
os.environ["PATH"] += ":/usr/sbin"
