"""`python -m bench [--db sqlite,mariadb,postgresql]`: every figure with its limit and their ratio.

Ends with status 1 when a limit is not kept. The term is the real one where it is there
(PORTAL_REAL_TERM), else an invented one of the same size.
"""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import time_machine
from flask import Flask

from bench import (
    accounts,
    api,
    attendance,
    compliance,
    desk,
    importing,
    jobs,
    learning,
    lessons,
    listing,
    notifying,
    pages,
    reflecting,
    start,
    telling,
    terms,
    uploading,
)
from bench.figures import Figure, show
from tests.support import servers
from tests.support.databases import build_app, dispose, migrate
from tests.support.term import real_term_dir

# These make all that they measure; where nothing else is asked for, the term need not be there.
_ALONE = frozenset({"learning", "lessons", "uploading", "notifying", "telling"})


def measure(database: str, parts: set[str]) -> Iterator[Figure]:
    """All figures of one database, or those of some parts, on fresh ones that are thrown away."""
    if not parts or "api" in parts:
        yield from api.measure(database)
    if parts != {"api"}:
        yield from _measure_a_term(database, parts)


def _measure_a_term(database: str, parts: set[str]) -> Iterator[Figure]:
    """Those that start from the import of a whole term."""
    url = servers.new_database(database, "bench")
    folder = servers.run_folder() / f"data_{database}"
    app = build_app(url, folder)
    migrate(app)
    dispose(app)
    if not parts or "start" in parts:
        yield from start.measure(database, url, folder)
    if parts != {"start"}:
        yield from _measure_term(database, url, folder, parts)


def _measure_term(database: str, url: str, folder: Path, parts: set[str]) -> Iterator[Figure]:
    if not parts or parts - _ALONE:
        yield from importing.measure(database, url, folder)
    app = build_app(url, folder)
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(importing.MOMENT, tick=True):
        yield from _measure_pages(database, app, parts)
        if not parts or parts & {"listing", "desk", "compliance"}:
            with app.app_context():
                terms.three_times_over()
        for name, part in (("listing", listing), ("compliance", compliance)):
            if not parts or name in parts:
                yield from part.measure(database, app)
        for name, part in (("notifying", notifying), ("desk", desk)):
            if not parts or name in parts:
                yield from part.measure(database, app, url, folder)
    # With a process of its own, which goes by the clock on the wall.
    if not parts or "uploading" in parts:
        yield from uploading.measure(database, app, url, folder)
    # A million rows, and another process with a clock of its own: only where it is asked for.
    if "reflecting" in parts:
        yield from reflecting.measure(database, app, url, folder)
    dispose(app)


def _measure_pages(database: str, app: Flask, parts: set[str]) -> Iterator[Figure]:
    # Six million rows: only where they are asked for, and before what is measured on them.
    if "learning" in parts:
        yield from learning.measure(database, app)
    for name, part in (
        ("pages", pages),
        ("jobs", jobs),
        ("accounts", accounts),
        ("attendance", attendance),
        ("lessons", lessons),
        ("telling", telling),
    ):
        if not parts or name in parts:
            yield from part.measure(database, app)


def measure_all(databases: list[str], parts: set[str]) -> Iterator[Figure]:
    """The figures of all databases that are installed."""
    for database in databases:
        if servers.is_there(database):
            yield from measure(database, parts)
        else:
            print(f"{database:<11}is not installed")


def main() -> int:
    """Measure and print; 1 when a limit is not kept."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--db", default="sqlite,mariadb", help="databases with commas: sqlite, mariadb, postgresql")
    parser.add_argument(
        "--only",
        default="",
        help="parts with commas: pages, jobs, accounts, attendance, lessons, listing, desk, compliance, "
        "learning, notifying, telling, uploading, reflecting, start, api",
    )
    asked = parser.parse_args()
    databases, parts = asked.db.split(","), set(filter(None, asked.only.split(",")))
    if unknown := set(databases) - set(servers.KINDS):
        parser.error(f"--db: unknown: {', '.join(sorted(unknown))}")
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    print(f"Term: {real_term_dir()}")
    print(
        f"Load: {load:.1f} on {cores} cores{'; times are longer than on a quiet machine' if load > cores / 2 else ''}"
    )
    servers.open_run()
    # Whoever ends it before its time ends what it has started too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        return 0 if show(measure_all(databases, parts)) else 1
    finally:
        servers.close_run()


if __name__ == "__main__":
    sys.exit(main())
