"""Migrated databases for tests: one that is rolled back after each test, and one that really commits."""

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from flask import Flask
from jinja2 import FileSystemBytecodeCache

from portal import create_app, pulses
from portal.config import Settings, load_settings
from portal.extensions import db, limiter
from tests.support import servers
from tests.support.lending import Lender
from tests.support.statements import keep_statements

# The database that the migrations of a run are applied to, once for each kind; all others are copies of it.
MIGRATED = "migrated"
SECRET = "only-for-tests-0123456789-abcdefghij"
Snapshot = list[tuple[sa.Table, list[dict[str, Any]]]]

# A developer's own settings must not change what the tests see.
for _name in Settings.model_fields:
    os.environ.pop(_name.upper(), None)


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated database: its kind (sqlite, mariadb, postgresql), its URL, and the rows that migrations put in."""

    kind: str
    url: str
    snapshot: Snapshot


class Bank:
    """The databases of one test process, made when first asked for."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._made: dict[tuple[str, str], Database] = {}
        self._broken: set[tuple[str, str]] = set()
        self._apps: dict[str, Flask] = {}
        self.lender = Lender()

    def database(self, kind: str, purpose: str) -> Database:
        """The database of a kind for a purpose, migrated to the newest revision."""
        if (kind, purpose) in self._broken:
            pytest.fail(f"{kind} could not be migrated, see the first test that failed")
        if (kind, purpose) not in self._made:
            self._broken.add((kind, purpose))
            self._made[kind, purpose] = self._make(kind, f"{purpose}_{self._worker}")
            self._broken.remove((kind, purpose))
        return self._made[kind, purpose]

    def app(self, database: Database) -> Flask:
        """The application that shares its database among tests that are rolled back."""
        if database.kind not in self._apps:
            folder = servers.run_folder() / f"data_{self._worker}_{database.kind}"
            app = build_app(database.url, folder)
            app.config["WTF_CSRF_ENABLED"] = False
            _send_savepoints_plainly(app)
            self._apps[database.kind] = app
        return self._apps[database.kind]

    def lend(self, database: Database) -> Flask | None:
        """An application on a committing database; None while somebody has it."""
        folder = servers.run_folder() / f"fresh_{self._worker}_{database.kind}"
        return self.lender.lend(database.kind, folder, lambda: build_app(database.url, folder))

    def close(self) -> None:
        """Close every connection."""
        for app in self._apps.values():
            dispose(app)

    def _make(self, kind: str, name: str) -> Database:
        url = servers.copy_database(kind, MIGRATED, name, make=_make_migrated)
        engine = sa.create_engine(url)
        snapshot = _read_rows(engine)
        engine.dispose()
        return Database(kind, url, snapshot)


def build_app(url: str, folder: Path, **settings: Any) -> Flask:
    """An application on a database and a data folder. Rate limits are off unless asked for."""
    defaults: dict[str, Any] = {
        "_env_file": None,
        "secret_key": SECRET,
        "ratelimit_enabled": False,
        "log_level": "ERROR",
        # Tests run at any hour.
        "portal_quiet_hours": "",
    }
    app = create_app(load_settings(**(defaults | {"database_url": url, "portal_data_dir": folder} | settings)))
    app.config |= {"TESTING": True, "PORTAL_ANSWER_FLOOR": 0}
    # A template is compiled once for the whole run, not by each application anew.
    compiled = servers.run_folder() / "templates"
    compiled.mkdir(exist_ok=True)
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled))
    with app.app_context():
        keep_statements(db.engine)
    return app


def migrate(app: Flask, revision: str = "head", *, down: bool = False) -> None:
    """Bring the schema to a revision, up or down (to `base` in any case)."""
    with app.app_context(), _loggers_kept():
        config = app.extensions["migrate"].migrate.get_config()
        (command.downgrade if down or revision == "base" else command.upgrade)(config, revision)


def _make_migrated(url: str) -> None:
    app = build_app(url, servers.run_folder() / f"data_{MIGRATED}")
    migrate(app)
    dispose(app)


def dispose(app: Flask) -> None:
    """Close every connection of an application."""
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def _send_savepoints_plainly(app: Flask) -> None:
    """Within a test each commit is a savepoint, and SQLAlchemy would compile each of them anew."""

    def sender(words: str) -> Callable[[sa.Connection, str], None]:
        def send(connection: sa.Connection, name: str) -> None:
            cursor = connection.connection.cursor()
            cursor.execute(f"{words} {name}")
            cursor.close()

        return send

    with app.app_context():
        dialect: Any = db.engine.dialect
    dialect.do_savepoint = sender("SAVEPOINT")
    dialect.do_release_savepoint = sender("RELEASE SAVEPOINT")
    dialect.do_rollback_to_savepoint = sender("ROLLBACK TO SAVEPOINT")


@contextmanager
def rolled_back(app: Flask) -> Iterator[None]:
    """Let everything within, commits too, happen in one transaction that is then rolled back."""
    with app.app_context():
        engine = db.engine
    # A commit of the application ends its savepoint; the transaction around it is ours.
    db.session.session_factory.configure(join_transaction_mode="create_savepoint")
    connection = engine.connect()
    outer = connection.begin()
    db._app_engines[app] = {None: connection}
    try:
        yield
    finally:
        db._app_engines[app] = {None: engine}
        outer.rollback()
        connection.close()


@contextmanager
def restored(app: Flask, snapshot: Snapshot) -> Iterator[None]:
    """Afterwards the database holds what the migrations put in, and nothing else."""
    try:
        yield
    finally:
        with app.app_context(), db.engine.connect() as connection:
            if connection.dialect.name == "sqlite" and (driven := connection.connection.driver_connection):
                # It empties a table at once where it need not look who refers to which row. The connection ends here.
                driven.execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                for table in _filled_tables(connection):
                    connection.execute(table.delete())
                for table, rows in snapshot:
                    connection.execute(table.insert(), rows)
        dispose(app)


def _filled_tables(connection: sa.Connection) -> list[sa.Table]:
    """Those that have rows, whoever refers to others first: one question spares a statement for each of the empty."""
    name = connection.dialect.identifier_preparer.format_table
    there = ", ".join(f"EXISTS (SELECT 1 FROM {name(table)})" for table in _tables())
    answers = connection.exec_driver_sql(f"SELECT {there}").one()
    return [table for table, has_rows in zip(_tables(), answers, strict=True) if has_rows]


@cache
def _tables() -> list[sa.Table]:
    return db.metadata.sorted_tables[::-1]


def _read_rows(engine: sa.Engine) -> Snapshot:
    with engine.connect() as connection:
        return [
            (table, [dict(row) for row in connection.execute(table.select()).mappings()])
            for table in reversed(_filled_tables(connection))
        ]


@contextmanager
def _loggers_kept() -> Iterator[None]:
    """Alembic's ini file silences loggers that exist and adds a handler of its own."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        root.handlers[:], root.level = handlers, level
        for logger in logging.Logger.manager.loggerDict.values():
            if isinstance(logger, logging.Logger):
                logger.disabled = False


@pytest.fixture(scope="session")
def bank(worker: str) -> Iterator[Bank]:
    """This process's databases."""
    bank = Bank(worker)
    yield bank
    bank.close()


@pytest.fixture(scope="session")
def bare_app(worker: str) -> Flask:
    """An application without a database, for questions to its routes and templates."""
    return build_app("sqlite://", servers.run_folder() / f"data_{worker}_bare")


@pytest.fixture
def database(bank: Bank, database_kind: str) -> Database:
    """The database of `app`."""
    return bank.database(database_kind, "shared")


@pytest.fixture
def app(bank: Bank, database: Database) -> Iterator[Flask]:
    """The application on a migrated database; what a test writes is rolled back. CSRF and rate limits are off."""
    app = bank.app(database)
    shutil.rmtree(app.config["PORTAL"].portal_data_dir / "mail", ignore_errors=True)
    limiter.enabled = False
    pulses.forget()
    with rolled_back(app):
        yield app


@pytest.fixture
def committing_database(bank: Bank, database_kind: str) -> Database:
    """The database of `fresh_app`."""
    return bank.database(database_kind, "committing")


@pytest.fixture
def build_fresh_app(committing_database: Database, bank: Bank, tmp_path: Path) -> Iterator[Callable[..., Flask]]:
    """Makes applications that really commit, with settings as given; their database is emptied afterwards."""
    used: list[Flask] = []

    def build(**settings: Any) -> Flask:
        app = None if settings else bank.lend(committing_database)
        used.append(app or build_app(committing_database.url, tmp_path / "data", **settings))
        # All applications share the limiter; a new process knows nothing of counters that were away.
        limiter._storage_dead = False
        return used[-1]

    pulses.forget()
    yield build
    limiter.enabled = False
    for app in used[1:]:
        dispose(app)
    if used:
        with restored(used[0], committing_database.snapshot):
            pass
    for app in used:
        bank.lender.give_back(app)


@pytest.fixture
def fresh_app(build_fresh_app: Callable[..., Flask]) -> Flask:
    """An application that really commits, with CSRF, on its own data folder; rate limits are off."""
    return build_fresh_app()
