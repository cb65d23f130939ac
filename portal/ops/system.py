"""The state of the portal in words, for administrators: what is in order, what is not, and what to do about it."""

import platform
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import metadata
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask_babel import format_timedelta, ngettext
from flask_babel import gettext as _

from portal import clock
from portal.config import Settings
from portal.extensions import db
from portal.jobs.models import Job, JobState
from portal.learning.words import file_size
from portal.notifications.queries.deliveries import find_queue_state
from portal.ops import figures
from portal.ops.health import OK, UNUSED, health
from portal.ops.models import DELIVERIES, REMINDERS
from portal.ops.version import version

# Deliveries go through each minute, reminders each quarter of an hour; a slow pass is no reason to worry.
_LATE = {DELIVERIES: timedelta(minutes=5), REMINDERS: timedelta(minutes=40)}
_WAITS_LONG = 15 * 60
# A worker takes each of these at once: they are calls to look again. So many stay only when none comes to take them.
_MANY = 100
_LEAST_FREE = 0.1
_LIBRARIES = ("Flask", "SQLAlchemy", "huey", "granian")


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence, and whether what it says is in order."""

    is_well: bool
    said: str


@dataclass(frozen=True, slots=True)
class Section:
    """What was found out about one part."""

    name: str
    title: str
    findings: Sequence[Finding]


def look_at(app: Flask) -> list[Section]:
    """All parts, each in a few sentences."""
    settings: Settings = app.config["PORTAL"]
    now, found = clock.now(), health(app)
    return [
        Section("database", _("Database"), [_database(), *_schema()]),
        Section("worker", _("Worker and queue"), [_queue(found), _worker(now), *_jobs(now)]),
        Section("mail", _("Reminders and mail"), [_reminders(now, found["uptime"]), *_mail(now)]),
        Section("storage", _("Storage"), list(_storage(settings))),
    ]


def list_versions(settings: Settings) -> list[tuple[str, str]]:
    """What runs here, by name."""
    server = ".".join(map(str, db.engine.dialect.server_version_info or ()))
    return [
        (_("Portal"), f"{version()} ({settings.portal_env})"),
        ("Python", platform.python_version()),
        *((name, metadata.version(name)) for name in _LIBRARIES),
        (_("Database"), f"{_kind()} {server}"),
    ]


def _kind() -> str:
    dialect = db.engine.dialect
    if getattr(dialect, "is_mariadb", False):
        return "MariaDB"
    return {"mysql": "MySQL", "postgresql": "PostgreSQL", "sqlite": "SQLite"}.get(dialect.name, str(dialect.name))


def _database() -> Finding:
    began = time.perf_counter()
    db.session.execute(sa.text("SELECT 1"))
    took = max(1, round((time.perf_counter() - began) * 1000))
    return Finding(True, _("%(kind)s answers within %(ms)s ms.", kind=_kind(), ms=took))


def _schema() -> Iterable[Finding]:
    waiting, present = figures.pending_migrations()
    if waiting is None:
        unknown = _(
            "The tables are of revision %(revision)s, which this version of the portal does not know.", revision=present
        )
        yield Finding(False, unknown + " " + _("Install the newer version that made them."))
        return
    if not waiting:
        yield Finding(True, _("The tables are up to date (revision %(revision)s).", revision=present))
        return
    yield Finding(
        False,
        ngettext("%(num)s migration is pending.", "%(num)s migrations are pending.", waiting)
        + " "
        + _("Run: %(command)s", command="flask --app wsgi db upgrade"),
    )


def _queue(found: dict[str, Any]) -> Finding:
    services, waiting = found["services"], found["queue_waiting"]
    if services["queue"] != OK:
        return Finding(False, _("The queue does not answer. Pages go on; mail and long work wait until it is back."))
    where = _("in the data folder") if services["redis"] == UNUSED else _("on Redis")
    said = _("nothing waits in it")
    if waiting:
        said = ngettext("one task waits in it", "%(num)s tasks wait in it", waiting)
    sentence = _("The queue is %(where)s; %(said)s.", where=where, said=said)
    if waiting > _MANY:
        sentence += " " + _("That is many: the worker does not keep up. Look at its log, or start another one.")
    return Finding(waiting <= _MANY, sentence)


def _ago(moment: datetime, now: datetime) -> str:
    return str(format_timedelta(min(moment - now, timedelta()), add_direction=True))


def _worker(now: datetime) -> Finding:
    last = figures.last_pass(DELIVERIES)
    if last is None or last.finished_at is None:
        return Finding(False, _("The worker has never been at work: no mail is sent. Start it as the README says."))
    ago = _ago(last.finished_at, now)
    if now - last.finished_at > _LATE[DELIVERIES]:
        return Finding(False, _("The worker was last at work %(ago)s. Start it again, or look at its log.", ago=ago))
    return Finding(True, _("The worker was last at work %(ago)s.", ago=ago))


def _reminders(now: datetime, uptime: float) -> Finding:
    last = figures.last_pass(REMINDERS)
    if last is None or last.finished_at is None:
        just_begun = uptime < _LATE[REMINDERS].total_seconds()
        return Finding(just_begun, _("Nobody has been reminded yet; the worker looks each quarter of an hour."))
    told = last.counts.get("people", 0)
    said = ngettext("one person was told", "%(num)s people were told", told) if told else _("nobody had to be told")
    sentence = _("The last pass of the reminders was %(ago)s; %(said)s.", ago=_ago(last.finished_at, now), said=said)
    return Finding(now - last.finished_at <= _LATE[REMINDERS], sentence)


def _waiting(count: int, age: float, one: Callable[[int], str], none: str) -> Finding:
    if not count:
        return Finding(True, none)
    return Finding(age < _WAITS_LONG, one(count))


def _jobs(now: datetime) -> Iterable[Finding]:
    counts = figures.count_by_state(Job.state)
    yield _waiting(
        counts.get(JobState.WAITING.value, 0), figures.oldest_job(now),
        lambda n: str(ngettext("One piece of long work waits.", "%(num)s pieces of long work wait.", n)),
        _("No long work waits."),
    )  # fmt: skip


def _mail(now: datetime) -> Iterable[Finding]:
    mails = find_queue_state(now)
    yield _waiting(
        mails.ready, mails.age(now) * 60,
        lambda n: str(ngettext("One mail waits to be sent.", "%(num)s mails wait to be sent.", n)),
        _("No mail waits to be sent."),
    )  # fmt: skip
    failed = figures.count_failed_mails(now)
    said = _("No mail failed within seven days.")
    if failed:
        said = ngettext("One mail failed within seven days.", "%(num)s mails failed within seven days.", failed)
    yield Finding(not failed, said)


def _storage(settings: Settings) -> Iterable[Finding]:
    disk = shutil.disk_usage(settings.portal_data_dir)
    free, size = file_size(disk.free), file_size(disk.total)
    said = _("The data folder has %(free)s free of %(size)s.", free=free, size=size)
    yield Finding(disk.free > disk.total * _LEAST_FREE, said)
    count, size_of_files = figures.stored_files()
    if not count:
        yield Finding(True, _("No file has been uploaded yet."))
        return
    where = settings.storage_url or _("in the data folder")
    files = ngettext("One uploaded file", "%(num)s uploaded files", count)
    said = _("%(files)s, %(size)s together, %(where)s.", files=files, size=file_size(size_of_files), where=where)
    yield Finding(True, said)
