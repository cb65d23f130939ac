"""Throwaway MariaDB, PostgreSQL and Redis for one test run, shared by its workers.

The first process that needs a server starts it, under a file lock, on a free port with its data
in the run's temporary folder; the others find its marker file. The system's own servers are
never touched.
"""

import fcntl
import getpass
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pymysql
import redis

from tests.support.supervisor import as_user

KINDS = ("sqlite", "mariadb", "postgresql")
RUN_FOLDER = "PORTAL_TEST_RUN"
OWNER = "PORTAL_TEST_OWNER"
_PATIENCE = 30.0
_ROOM = 4 * 1024**3


class ServerMissingError(Exception):
    """The server's program is not on this machine."""


@dataclass(frozen=True)
class _Recipe:
    """How to start one kind of server."""

    programs: tuple[str, ...]
    prepare: Callable[[Path], None]
    command: Callable[[Path, int], list[str]]
    ask: Callable[[int], None]
    stop_signal: int
    user: str = ""


def open_run() -> None:
    """Make this process the owner of a test run with a temporary folder of its own."""
    folder = tempfile.mkdtemp(prefix="portal-test-", dir=_in_memory())
    Path(folder).chmod(0o755)  # PostgreSQL runs as somebody else
    os.environ[RUN_FOLDER] = folder
    os.environ[OWNER] = str(os.getpid())


def _in_memory() -> str | None:
    """Where files are kept in memory, if there is room for the servers; else wherever temporary files are."""
    memory = "/dev/shm"
    there = os.access(memory, os.W_OK | os.X_OK) and shutil.disk_usage(memory).free > _ROOM
    return memory if there and "TMPDIR" not in os.environ else None


def close_run() -> None:
    """Stop every server of the run and remove its folder."""
    folder = run_folder()
    for marker in folder.glob("*.json"):
        os.kill(json.loads(marker.read_text())["supervisor"], signal.SIGTERM)
    until = time.monotonic() + _PATIENCE
    while any(folder.glob("*.json")) and time.monotonic() < until:
        time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)
    del os.environ[RUN_FOLDER], os.environ[OWNER]


def run_folder() -> Path:
    """The temporary folder of this test run."""
    return Path(os.environ[RUN_FOLDER])


def is_there(kind: str) -> bool:
    """Whether the programs of a server are on this machine; SQLite always is."""
    return kind == "sqlite" or all(_find(program) for program in _RECIPES[kind].programs)


def port_of(kind: str) -> int:
    """The port of the run's server, which is started if it does not run yet. Raises ServerMissingError."""
    if not is_there(kind):
        raise ServerMissingError(f"{kind}: {', '.join(_RECIPES[kind].programs)} not found")
    marker = run_folder() / f"{kind}.json"
    with (run_folder() / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.exists():
            _start(kind, marker)
    return int(json.loads(marker.read_text())["port"])


def new_database(kind: str, name: str) -> str:
    """The URL of a new, empty database."""
    if kind == "sqlite":
        return f"sqlite:///{run_folder()}/{name}.db"
    port = port_of(kind)
    if kind == "mariadb":
        with pymysql.connect(host="127.0.0.1", port=port, user="root", autocommit=True) as server:
            server.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        return f"mysql+pymysql://root@127.0.0.1:{port}/{name}?charset=utf8mb4"
    with psycopg.connect(_postgres(port), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
    return _postgres_url(port, name)


def _postgres_url(port: int, name: str) -> str:
    return f"postgresql+psycopg://postgres@127.0.0.1:{port}/{name}"


def copy_database(kind: str, original: str, name: str, *, make: Callable[[str], None]) -> str:
    """The URL of a new database with what another one holds; whoever comes first has that one made."""
    made = run_folder() / f"{kind}.{original}.made"
    with (run_folder() / f"{kind}.{original}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(new_database(kind, original))
            made.touch()
        return _COPIES[kind](original, name)


def _copy_sqlite(original: str, name: str) -> str:
    shutil.copy(run_folder() / f"{original}.db", run_folder() / f"{name}.db")
    return new_database("sqlite", name)


def _copy_postgresql(original: str, name: str) -> str:
    port = port_of("postgresql")
    with psycopg.connect(_postgres(port), autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} TEMPLATE {original}".encode())
    return _postgres_url(port, name)


def _copy_mariadb(original: str, name: str) -> str:
    url = new_database("mariadb", name)
    with pymysql.connect(host="127.0.0.1", port=port_of("mariadb"), user="root", database=name) as server:
        asked = server.cursor()
        asked.execute("SET foreign_key_checks = 0")
        asked.execute(f"SHOW TABLES FROM {original}")
        for (table,) in asked.fetchall():
            asked.execute(f"SHOW CREATE TABLE {original}.`{table}`")
            asked.execute(asked.fetchall()[0][1])
            asked.execute(f"INSERT INTO `{table}` SELECT * FROM {original}.`{table}`")
        server.commit()
    return url


_COPIES = {"sqlite": _copy_sqlite, "mariadb": _copy_mariadb, "postgresql": _copy_postgresql}


def _start(kind: str, marker: Path) -> None:
    recipe = _RECIPES[kind]
    for attempt in range(3):
        folder = run_folder() / f"{kind}-{attempt}"
        folder.mkdir()
        if recipe.user:
            shutil.chown(folder, recipe.user)
        recipe.prepare(folder)
        port = _free_port()  # somebody may take it before the server does: hence the attempts
        if _comes_up(recipe, folder, port, marker):
            return
    log = (run_folder() / f"{kind}-2.log").read_text()[-2000:]
    raise RuntimeError(f"{kind} did not start:\n{log}")


def _comes_up(recipe: _Recipe, folder: Path, port: int, marker: Path) -> bool:
    supervisor = [sys.executable, str(Path(__file__).with_name("supervisor.py")), os.environ[OWNER], str(marker)]
    command = [*supervisor, recipe.user, str(int(recipe.stop_signal)), *recipe.command(folder, port)]
    with folder.with_suffix(".log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, start_new_session=True)
    # Left on purpose without a wait: the supervisor outlives this worker.
    process.returncode = 0
    marker.write_text(json.dumps({"port": port, "supervisor": process.pid}))
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until and marker.exists():
        try:
            recipe.ask(port)
        except (OSError, pymysql.Error, psycopg.Error, redis.RedisError):
            time.sleep(0.05)
        else:
            return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _find(program: str) -> str | None:
    """A program on the path or where Debian keeps servers."""
    kept = [f"/usr/sbin/{program}", *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), reverse=True)]
    return shutil.which(program) or next((str(path) for path in kept if Path(path).exists()), None)


def _path(program: str) -> str:
    return _find(program) or program


def _prepare_mariadb(folder: Path) -> None:
    subprocess.run(
        [_path("mariadb-install-db"), "--no-defaults", f"--datadir={folder}/data", "--skip-test-db",
         "--auth-root-authentication-method=normal", f"--user={getpass.getuser()}"],
        check=True, capture_output=True,
    )  # fmt: skip


def _mariadb(folder: Path, port: int) -> list[str]:
    return [
        _path("mariadbd"), "--no-defaults", f"--datadir={folder}/data", f"--socket={folder}/socket", f"--port={port}",
        "--bind-address=127.0.0.1", f"--user={getpass.getuser()}", "--skip-name-resolve", "--skip-log-bin",
        "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-buffer-pool-size=256M",
        "--innodb-lock-wait-timeout=10", "--innodb-log-file-size=64M",
    ]  # fmt: skip


def _ask_mariadb(port: int) -> None:
    with pymysql.connect(host="127.0.0.1", port=port, user="root", connect_timeout=2) as server:
        server.cursor().execute("SELECT 1")


def _prepare_postgres(folder: Path) -> None:
    subprocess.run(
        [_path("initdb"), "-D", f"{folder}/data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C",
         "--no-sync"],
        check=True, capture_output=True, cwd=folder, **as_user(_postgres_user()),
    )  # fmt: skip


def _postgres_command(folder: Path, port: int) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off", "synchronous_commit": "off",
        "full_page_writes": "off", "max_connections": "200",
        # Statistics taken between two tests, when every table is empty, make the plans of the next one hopeless.
        "autovacuum": "off",
    }  # fmt: skip
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [_path("postgres"), "-D", f"{folder}/data", "-p", str(port), *options]


def _postgres(port: int) -> str:
    return f"host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=2"


def _ask_postgres(port: int) -> None:
    with psycopg.connect(_postgres(port)) as server:
        server.execute("SELECT 1")


def _postgres_user() -> str:
    """PostgreSQL refuses root: then it runs as its own user, or as nobody."""
    if os.getuid() != 0:
        return ""
    return next(name for name in ("postgres", "nobody") if name in {entry.pw_name for entry in pwd.getpwall()})


def _redis(folder: Path, port: int) -> list[str]:
    return [
        _path("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "",
        "--appendonly", "no", "--databases", "64",
    ]  # fmt: skip


def _ask_redis(port: int) -> None:
    with redis.Redis(port=port) as server:
        server.ping()


_RECIPES = {
    "mariadb": _Recipe(("mariadbd", "mariadb-install-db"), _prepare_mariadb, _mariadb, _ask_mariadb, signal.SIGKILL),
    "postgresql": _Recipe(
        ("postgres", "initdb"), _prepare_postgres, _postgres_command, _ask_postgres, signal.SIGQUIT, _postgres_user()
    ),
    "redis": _Recipe(("redis-server",), lambda _folder: None, _redis, _ask_redis, signal.SIGTERM),
}
