"""Web servers and workers of the portal as processes of their own, as an operator starts them."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from portal.config import Settings

ROOT = Path(__file__).resolve().parent.parent
_BIN = Path(sys.executable).parent
PATIENCE = 90.0


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(url: str, folder: Path, **more: str) -> dict[str, str]:
    """The environment of a portal in production on a database; of the machine's own settings nothing is left."""
    mine = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    mine.pop("PYTHONDONTWRITEBYTECODE", None)
    return mine | {
        "PORTAL_ENV": "production", "SECRET_KEY": "k" * 32, "JWT_SECRET": "j" * 32, "DATABASE_URL": url,
        "PORTAL_DATA_DIR": str(folder), "RATELIMIT_ENABLED": "false", "LOG_LEVEL": "WARNING",
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
    } | more  # fmt: skip


def granian(port: int, workers: int) -> list[str]:
    """The command of deploy/portal-web.service."""
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", str(workers), "--blocking-threads", "4", "--respawn-failed-workers", "--log-level", "warning",
        "wsgi:app",
    ]  # fmt: skip


def gunicorn(port: int, workers: int) -> list[str]:
    """The same with gunicorn's threads; it is not among the portal's requirements."""
    return [
        str(_BIN / "gunicorn"), "--bind", f"127.0.0.1:{port}", "--workers", str(workers), "--threads", "4",
        "--worker-class", "gthread", "--no-control-socket", "--log-level", "warning", "wsgi:app",
    ]  # fmt: skip


def consumer() -> list[str]:
    """The command of deploy/portal-worker.service."""
    return [
        sys.executable, "-m", "huey.bin.huey_consumer", "tasks.huey", "--quiet", "--workers", "2",
        "--graceful-signal", "TERM", "--shutdown-timeout", "8",
    ]  # fmt: skip


def start(command: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a server, in a process group of its own."""
    log = Path(env["PORTAL_DATA_DIR"]) / "serving.log"
    with log.open("ab") as out:
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=out, start_new_session=True)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a server with all that it started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(15)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def children(process: int) -> list[int]:
    """The processes that a process started."""
    try:
        return [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def wait_until_live(port: int, path: str = "/health/live") -> float:
    """Seconds until the portal answers; TimeoutError if it never does."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
                return time.monotonic() - began
        except OSError:
            time.sleep(0.02)
    raise TimeoutError(f"nothing answers at port {port}")
