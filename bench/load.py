"""`python -m bench.load`: a Monday morning on MariaDB and Redis with two web processes and the worker.

Prints requests a second, p50, p95, p99 and errors. With `--kill web|worker|redis|database` that is killed with SIGKILL
in the midst and started again as a supervisor would; every write that was answered must be there afterwards. Ends with
status 1 when one is not, when an error came without a kill, or when the portal did not recover.
"""

import argparse
import asyncio
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from bench import importing, serving
from bench.cast import gather
from bench.machines import MariaDB, Redis
from bench.morning import Actor, Log, Taken, play
from portal.extensions import db
from portal.tracker.models import ActivityLog, ActivityLogItem, ChecklistItem
from tests.support import servers
from tests.support.databases import build_app, dispose, migrate

PEOPLE, RATE, SECONDS, P99 = 300, 30.0, 30.0, 400.0
WARM_UP, BACK_AFTER = 5.0, 2.0
KILLS = {"", "none", "web", "worker", "redis", "database"}
SERVERS = {"granian": serving.granian, "gunicorn": serving.gunicorn}


class Site:
    """A whole portal of this machine, each part a process that can be killed."""

    def __init__(self, folder: Path) -> None:
        self.database, self.redis = MariaDB(folder / "database"), Redis(folder / "redis")
        self.database.start()
        self.redis.start()
        self.url, self.folder, self.port = self.database.new_database("monday"), folder / "data", serving.free_port()
        self.folder.mkdir()
        redis = f"redis://127.0.0.1:{self.redis.port}/0"
        self._environment = serving.environment(self.url, self.folder, PORT=str(self.port), REDIS_URL=redis)
        self._web: subprocess.Popen[bytes] | None = None
        self._worker: subprocess.Popen[bytes] | None = None

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

    def rest(self) -> None:
        """End web and worker."""
        for process in (self._web, self._worker):
            if process is not None:
                serving.stop(process)
        self._web = self._worker = None

    def close(self) -> None:
        """End everything."""
        self.rest()
        self.database.kill()
        self.redis.kill()


def _command_of(process: int) -> str:
    return Path(f"/proc/{process}/cmdline").read_text()


def _kill_and_start(machine: MariaDB | Redis) -> None:
    machine.kill()
    time.sleep(BACK_AFTER)
    machine.start()


def main() -> int:
    """Play, count and print."""
    asked = _arguments()
    servers.open_run()
    site = Site(servers.run_folder() / "load")
    try:
        app = build_app(site.url, site.folder, portal_env="production", secret_key="k" * 32, jwt_secret="j" * 32)
        migrate(app)
        print(*importing.measure("mariadb", site.url, site.folder), sep="\n")
        actors = gather(app, asked.people)
        kept = [_play(site, app, actors, asked, server, kill) for server in asked.server for kill in asked.kill]
        dispose(app)
        return 0 if all(kept) else 1
    finally:
        site.close()
        servers.close_run()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--server", default="granian", help="with commas: granian, gunicorn (pip install gunicorn)")
    parser.add_argument("--kill", default="", help="with commas, one run for each: none, web, worker, redis, database")
    asked = parser.parse_args()
    asked.server, asked.kill = asked.server.split(","), asked.kill.split(",")
    if unknown := set(asked.server) - set(SERVERS) | set(asked.kill) - KILLS:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return asked


def _play(site: Site, app: Flask, actors: list[Actor], asked: argparse.Namespace, server: str, kill: str) -> bool:
    """One run; whether it kept what is asked of it."""
    site.open(server)
    asyncio.run(play(site.port, actors, min(asked.rate, 20), WARM_UP))
    at = asked.seconds / 3
    timer = threading.Timer(at, site.kill, [kill])
    began = time.monotonic()
    if kill not in {"", "none"}:
        timer.start()
    taken = asyncio.run(play(site.port, actors, asked.rate, asked.seconds))
    lasted = time.monotonic() - began
    if timer.is_alive():
        timer.join()
    site.rest()
    print(f"\n{server}, {asked.people} people, {asked.rate:g} requests/s; load of the machine {os.getloadavg()[0]:.1f}")
    _print(taken, lasted)
    with app.app_context():
        lost, answered = _count_lost([log for actor in actors for log in actor.logs])
    print(f"writes answered until now: {answered}; of these not in the database: {lost}", flush=True)
    failed = [one for one in taken if one.failed]
    if kill in {"", "none"}:
        return not lost and not failed and _quantile([one.seconds for one in taken], 99) <= P99
    after = max((one.due + one.seconds for one in failed), default=at) - at
    print(f"{kill} killed after {at:.0f} s; the last error came {after:.1f} s later", flush=True)
    return not lost and at + after < asked.seconds - 3


def _print(taken: list[Taken], lasted: float) -> None:
    for kind in ("", *sorted({one.kind for one in taken})):
        some = [one for one in taken if one.kind == kind or not kind]
        times = [one.seconds for one in some]
        print(
            f"{kind or 'all':<12}{len(some) / lasted:>7.1f} requests/s   p50 {statistics.median(times) * 1000:>6.0f} ms"
            f"   p95 {_quantile(times, 95):>6.0f} ms   p99 {_quantile(times, 99):>6.0f} ms"
            f"   errors {sum(one.failed for one in some)}"
        )
    if errors := Counter(one.status for one in taken if one.failed):
        print("errors by status (0: no answer): " + ", ".join(f"{status}: {n}" for status, n in errors.items()))


def _quantile(seconds: list[float], percent: int) -> float:
    return statistics.quantiles(seconds, n=100)[percent - 1] * 1000 if len(seconds) > 1 else seconds[0] * 1000


def _count_lost(logs: list[Log]) -> tuple[int, int]:
    """Answered writes that are not there, by version of the log and by state of each item; and how many there were."""
    versions = dict(iter(db.session.execute(select(ActivityLog.id, ActivityLog.version))))
    items = select(ActivityLogItem.tracker_id, ChecklistItem.key, ActivityLogItem.status).join(
        ChecklistItem, ChecklistItem.id == ActivityLogItem.item_id
    )
    states = {(log_id, key): status for log_id, key, status in db.session.execute(items)}
    lost = 0
    for log in logs:
        lost += max(log.answered - (versions[log.id] - log.first_version), 0)
        for cell in log.cells:
            there = states.get((log.id, cell.key), "Not Started")
            lost += there not in {cell.status, cell.open_wish}
    return lost, sum(log.answered for log in logs)


if __name__ == "__main__":
    sys.exit(main())
