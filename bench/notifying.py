"""Ten thousand owed logs of three thousand people: a pass of reminders, and their digests to an SMTP server."""

import multiprocessing
import socket
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import func, select, update

from bench.figures import Figure
from portal import clock
from portal.extensions import db
from portal.notifications.delivering import deliver_pending
from portal.notifications.models import Delivery, DeliveryState
from portal.tracker.models import ActivityLog
from portal.tracker.services.reminders import remind
from tests.support.arrears import owe_each
from tests.support.databases import build_app, dispose
from tests.support.people import make_facilitator, make_manager
from tests.support.teaching import make_offering

PEOPLE, WEEKS, LOGS = 3000, 4, 10_000
PASS_SECONDS, PASS_MB, DIGEST_SECONDS, WORKERS = 5, 200, 60, 2


class _Sink:
    """Counts what it takes."""

    taken = 0

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        self.taken += 1
        return "250 kept"


def measure(database: str, app: Flask, url: str, folder: Path) -> Iterator[Figure]:
    """A pass with the office's alerts in time and in memory, and all digests through two workers."""
    with app.app_context():
        _owe()
        yield from _passes(database)
        # The pass in memory told them; what it made is what is sent.
        waiting = db.session.scalar(select(func.count()).where(Delivery.state == DeliveryState.PENDING)) or 0
        db.session.rollback()
    yield from _digests(database, url, folder, waiting)


def _owe() -> None:
    db.session.execute(update(ActivityLog).values(submitted_at=clock.now()))
    db.session.execute(update(Delivery).values(state=DeliveryState.SUPPRESSED))
    db.session.commit()
    for _ in range(3):
        make_manager()
    course = make_offering(make_facilitator()).id
    owe_each(course, PEOPLE, clock.now() - timedelta(days=20), WEEKS)
    # Everybody keeps three weeks at least.
    every_fourth = (ActivityLog.submitted_at.is_(None), ActivityLog.week_number % WEEKS == 0)
    spare = select(ActivityLog.id).where(*every_fourth).order_by(ActivityLog.id).limit(PEOPLE * WEEKS - LOGS)
    ids = list(db.session.scalars(spare))
    db.session.execute(update(ActivityLog).where(ActivityLog.id.in_(ids)).values(submitted_at=clock.now()))
    db.session.commit()


def _passes(database: str) -> Iterator[Figure]:
    now = clock.now()
    begin = time.perf_counter()
    remind(now, ZoneInfo("UTC"))
    db.session.flush()
    seconds = time.perf_counter() - begin
    db.session.rollback()
    tracemalloc.start()
    told = remind(now, ZoneInfo("UTC"))
    db.session.commit()
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    yield Figure(database, f"{told.missing} owed logs, {told.people} people told: a pass", seconds, "s", PASS_SECONDS)
    yield Figure(database, "the same pass: memory beyond the process", peak / 2**20, "MB", PASS_MB)


def _digests(database: str, url: str, folder: Path, waiting: int) -> Iterator[Figure]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sink = _Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    fork = multiprocessing.get_context("spawn")
    gate = fork.Barrier(WORKERS + 1)
    workers = [fork.Process(target=_work, args=(url, folder, port, clock.now(), gate)) for _ in range(WORKERS)]
    for worker in workers:
        worker.start()
    gate.wait(60)
    begin = time.perf_counter()
    for worker in workers:
        worker.join()
    seconds = time.perf_counter() - begin
    controller.stop()
    assert sink.taken == waiting, (sink.taken, waiting)
    yield Figure(database, f"{sink.taken} digests by SMTP, {WORKERS} workers", seconds, "s", DIGEST_SECONDS)


def _work(url: str, folder: Path, port: int, now: Any, gate: Any) -> None:
    import time_machine

    app = build_app(url, folder, mail_url=f"smtp://127.0.0.1:{port}")
    with time_machine.travel(now, tick=True), app.app_context():
        gate.wait(60)
        deliver_pending(app.config["PORTAL"])
    dispose(app)
