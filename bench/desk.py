"""The manager's desk with the term three times over: bulk changes, the list as a file, workload, a dry run."""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median

from flask import Flask
from sqlalchemy import select

from bench.figures import Figure, timed
from bench.pages import client_of
from portal import clock
from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.allocations.queries import OfferingFilter
from portal.allocations.queries.selections import Selection
from portal.allocations.services.bulk_changes import change_courses, preview_change
from portal.allocations.services.bulk_rules import BulkChange, Deed
from portal.allocations.services.undoing import undo_change
from portal.extensions import db
from portal.web.access import Actor
from tests.support.people import Person, make_manager
from tests.support.sql import count_sql
from tests.support.term import real_term_dir
from tests.support.web import session_of

ROWS, ROUNDS, BULK_SECONDS = 1_000, 3, 3
EXPORT_SECONDS, EXPORT_MEGABYTES = 15, 150
DRY_RUN_SECONDS = 15
WORKLOAD = (7, None)
TIMES = 12


def measure(database: str, app: Flask, url: str, folder: Path) -> Iterator[Figure]:
    """Every figure of the desk."""
    with app.app_context():
        manager = make_manager(email="bench-desk@example.org")
    yield from _workload(database, app, manager)
    with app.app_context():
        yield from _bulk(database, manager)
    for name in ("csv", "xlsx"):
        session = json.dumps(dict(session_of(manager, app)))
        seconds, megabytes = _alone(url, folder, "export", f"/allocations/export.{name}", session)
        yield Figure(database, f"list as {name}, every course", seconds, "s", EXPORT_SECONDS)
        yield Figure(database, f"list as {name}: peak memory", megabytes, "MB", EXPORT_MEGABYTES)
    seconds, megabytes = _alone(url, folder, "check", str(real_term_dir()))
    yield Figure(database, "dry run of the term", seconds, "s", DRY_RUN_SECONDS)
    yield Figure(database, "dry run: peak memory", megabytes, "MB")


def _workload(database: str, app: Flask, manager: Person) -> Iterator[Figure]:
    client = client_of(app, manager)
    for name, query in (("all", ""), ("over", "?which=over"), ("by hours", "?sort=-minutes"), ("search", "?q=an")):
        address = f"/allocations/workload{query}"
        with count_sql() as sql:
            answer = client.get(address)
        assert answer.status_code == 200, answer.status_code
        usual, high = timed(lambda address=address: client.get(address), times=TIMES)
        yield Figure(database, f"workload, {name}: statements", len(sql), "", WORKLOAD[0])
        yield Figure(database, f"workload, {name}: median", usual, "ms", WORKLOAD[1])
        yield Figure(database, f"workload, {name}: p95", high, "ms")


def _bulk(database: str, manager: Person) -> Iterator[Figure]:
    """A thousand courses of this term: to somebody, a week later, and each taken back; medians of some rounds."""
    courses = tuple(
        db.session.scalars(select(CourseOffering.id).where(CourseOffering.academic_year == 2026).limit(ROWS))
    )
    somebody = db.session.scalars(select(Facilitator.id).join(User).where(User.is_active).limit(1)).one()
    selection, by = Selection(OfferingFilter(), courses), Actor(manager.user.id, None)
    changes = {
        "allocate": BulkChange(Deed.ALLOCATE, facilitator_id=somebody, reason="Measured"),
        "a week later": BulkChange(Deed.SHIFT, days=7),
    }
    # As `wsgi.py` does: what is there from the start is not looked through again and again.
    gc.collect()
    gc.freeze()
    for name, change in changes.items():
        rounds = [_round(selection, change, by) for _ in range(ROUNDS)]
        looked, done, undone, changing, statements = (median(one) for one in zip(*rounds, strict=True))
        yield Figure(database, f"bulk, {name}: preview", looked, "s", BULK_SECONDS)
        yield Figure(database, f"bulk, {name}: {changing:.0f} courses", done, "s", BULK_SECONDS)
        yield Figure(database, f"bulk, {name}: statements", statements, "")
        yield Figure(database, f"bulk, {name}: taken back", undone, "s", BULK_SECONDS)


def _round(selection: Selection, change: BulkChange, by: Actor) -> tuple[float, float, float, int, int]:
    """Seconds of looking, of doing and of taking back; how many courses change, and the statements of that."""
    today, moments = clock.now().date(), [time.perf_counter()]
    seen = preview_change(selection, change, today)
    moments.append(time.perf_counter())
    with count_sql() as sql:
        batch = change_courses(selection, change, seen.seen, by, today)
        db.session.commit()
    moments.append(time.perf_counter())
    undo_change(batch, by)
    db.session.commit()
    moments.append(time.perf_counter())
    looked, done, undone = (after - before for before, after in pairwise(moments))
    return looked, done, undone, len(seen.changing), len(sql)


def _alone(url: str, folder: Path, *words: str) -> tuple[float, float]:
    """Seconds of a deed, and the most megabytes its process ever held."""
    environment = os.environ | {
        "DATABASE_URL": url,
        "PORTAL_DATA_DIR": str(folder),
        "SECRET_KEY": "only-for-measuring-0123456789-abcdef",
        "RATELIMIT_ENABLED": "false",
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "-m", "bench.alone", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{words[0]} failed:\n{done.stdout}{done.stderr}")
    seconds, kilobytes = done.stdout.split()[-2:]
    return float(seconds), float(kilobytes) / 1024
