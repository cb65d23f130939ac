"""`python -m bench.load`: a Monday morning on MariaDB and Redis with two web processes and the worker.

Prints requests a second, p50, p95, p99 and errors. With `--kill web|worker|redis|database` that is killed with SIGKILL
in the midst and started again as a supervisor would; every write that was answered must be there afterwards. Ends with
status 1 when one is not, when an error came without a kill, or when the portal did not recover. With `--lose-one` one
answered write is taken back before the count, which must find it: then status 0 says that exactly one was missed.
"""

import argparse
import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from flask import Flask

from bench import importing
from bench.cast import gather
from bench.morning import Actor, Taken, play
from bench.site import SERVERS, Site, ending_on_signals
from bench.tally import count, lose_one, quantile, show
from tests.support import servers
from tests.support.databases import build_app, dispose, migrate

PEOPLE, RATE, SECONDS, P99 = 300, 30.0, 30.0, 400.0
WARM_UP = 5.0
KILLS = {"", "none", "web", "worker", "redis", "database"}


def main() -> int:
    """Play, count and print."""
    asked = _arguments()
    servers.open_run()
    try:
        with ending_on_signals():
            site = Site(servers.run_folder() / "load")
            try:
                return _measure(site, asked)
            finally:
                site.close()
    finally:
        servers.close_run()


def _measure(site: Site, asked: argparse.Namespace) -> int:
    site.start()
    app, actors = set_up(site, asked.people, asked.courses)
    kept = [_play(site, app, actors, asked, server, kill) for server in asked.server for kill in asked.kill]
    dispose(app)
    return 0 if all(kept) else 1


def set_up(site: Site, people: int, courses: int | None = None) -> tuple[Flask, list[Actor]]:
    """The portal's database with a term (or so many courses of it) in it, and the people who will use it."""
    app = build_app(site.url, site.folder, portal_env="production", secret_key="k" * 32, jwt_secret="j" * 32)
    migrate(app)
    print(*importing.measure("mariadb", site.url, site.folder, courses), sep="\n")
    return app, gather(app, people)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--courses", type=int, help="of the term; by default all")
    parser.add_argument("--server", default="granian", help="with commas: granian, gunicorn (pip install gunicorn)")
    parser.add_argument("--kill", default="", help="with commas, one run for each: none, web, worker, redis, database")
    parser.add_argument("--lose-one", action="store_true", help="shows that a lost write would be found")
    asked = parser.parse_args()
    asked.server, asked.kill = asked.server.split(","), asked.kill.split(",")
    if unknown := set(asked.server) - set(SERVERS) | set(asked.kill) - KILLS:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    return asked


def _play(site: Site, app: Flask, actors: list[Actor], asked: argparse.Namespace, server: str, kill: str) -> bool:
    """One run; whether it kept what is asked of it."""
    site.open(server)
    asyncio.run(play(site.port, actors, min(asked.rate, 20), WARM_UP))
    at, killed = asked.seconds / 3, Future[None]()
    timer = threading.Timer(at, _note, [killed, lambda: site.kill(kill)])
    began = time.monotonic()
    if is_killed := kill not in {"", "none"}:
        timer.start()
    try:
        taken = asyncio.run(play(site.port, actors, asked.rate, asked.seconds))
        lasted = time.monotonic() - began
        if is_killed:
            killed.result(60)
    finally:
        timer.cancel()
        if is_killed:
            timer.join()
    site.rest()
    print(f"\n{server}, {asked.people} people, {asked.rate:g} requests/s; load of the machine {os.getloadavg()[0]:.1f}")
    show(taken, lasted)
    site.show_complaints()
    return _judge(app, actors, asked, taken, kill if is_killed else "")


def _note(killed: "Future[None]", deed: Callable[[], None]) -> None:
    """Do it beside the load, and keep what went wrong for whoever waits for it."""
    try:
        deed()
    except Exception as error:
        killed.set_exception(error)
    else:
        killed.set_result(None)


def _judge(app: Flask, actors: list[Actor], asked: argparse.Namespace, taken: list[Taken], kill: str) -> bool:
    with app.app_context():
        if asked.lose_one:
            lose_one(actors)
        tally = count(actors)
    print(tally, flush=True)
    if asked.lose_one:
        print(f"one write was taken back before the count: {'found' if tally.lost == 1 else 'NOT FOUND'}")
        return tally.lost == 1
    failed = [one for one in taken if one.failed]
    if not kill:
        return not tally.lost and not failed and quantile([one.seconds for one in taken], 99) <= P99
    at = asked.seconds / 3
    after = max((one.due + one.seconds for one in failed), default=at) - at
    print(f"{kill} killed after {at:.0f} s; the last error came {after:.1f} s later", flush=True)
    return not tally.lost and at + after < asked.seconds - 3


if __name__ == "__main__":
    sys.exit(main())
