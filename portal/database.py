"""Columns and connections that behave alike on SQLite, MariaDB/MySQL and PostgreSQL."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import DateTime, Dialect, Enum, Executable, MetaData, Table, event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from portal import clock
from portal.measuring import measure_engine

# How long SQLite waits for a writer, in milliseconds.
_PATIENCE = 10_000
_MOMENTS = 1000

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_metadata() -> MetaData:
    """Metadata whose constraints all have names, so that migrations can drop them anywhere."""
    return MetaData(naming_convention=NAMING)


# True while a request that must not write (GET, HEAD) is being answered.
reading_only: ContextVar[bool] = ContextVar("reading_only", default=False)


@contextmanager
def only_reading() -> Iterator[None]:
    """For jobs: a transaction that begins within takes no write lock on SQLite. End it before writing."""
    token = reading_only.set(True)
    try:
        yield
    finally:
        reading_only.reset(token)


@contextmanager
def writing() -> Iterator[None]:
    """For the one GET that writes, the way back from a sign-in provider: a transaction that begins within may write."""
    token = reading_only.set(False)
    try:
        yield
    finally:
        reading_only.reset(token)


# True while something is written that is not worth waiting for.
_impatient: ContextVar[bool] = ContextVar("impatient", default=False)


@contextmanager
def impatient() -> Iterator[None]:
    """A transaction that begins within may write, but not wait: a busy SQLite raises OperationalError at once."""
    reading, waiting = reading_only.set(False), _impatient.set(True)
    try:
        yield
    finally:
        reading_only.reset(reading)
        _impatient.reset(waiting)


# Execution options of a statement that changes rows of which the session holds no copies that would have to follow.
IN_PLACE = {"synchronize_session": False}

# In a session's `info`: the names of the work that its transaction leaves to the worker; see waking.py.
WORK_WAITS = "portal_work_waits"


def work_waits(session: Any, name: str) -> None:
    """Have the worker woken for this once the session commits; a rollback forgets it."""
    session.info.setdefault(WORK_WAITS, set()).add(name)


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Dialect, _record: Any, arguments: Any, settings: Any) -> Any:
    """With PyMySQL, a connection that saves its server what it can; with any other driver its own."""
    if dialect.driver != "pymysql":
        return None
    from portal.thrift import connect_thriftily  # only where the driver is needed

    return connect_thriftily(*arguments, **settings)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept as naive UTC in whole seconds, which all three databases can hold."""

    impl = DateTime
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """What a value of it is."""
        return datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Naive UTC for the database; a naive input is a mistake and raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC).replace(tzinfo=None, microsecond=0)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """The same, worked out once for each of the last moments: the thousand rows of one statement share a few."""
        usual = cast(Callable[[datetime | None], Any], super().bind_processor(dialect))
        of_utc = lru_cache(maxsize=_MOMENTS)(usual)

        def process(value: datetime | None) -> Any:
            # Elsewhere two moments of a night on which clocks go back are the same to Python.
            return of_utc(value) if value is not None and value.tzinfo is UTC else usual(value)

        return process

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Aware UTC for Python."""
        return _in_utc(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """The same without the steps between, where the driver gives moments: a log with its items has twenty."""
        is_moment = self.impl_instance.result_processor(dialect, coltype) is None
        return _in_utc if is_moment else super().result_processor(dialect, coltype)  # type: ignore[return-value]


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)


class Timestamps:
    """`created_at` and `updated_at`, set by the portal's clock."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, sort_order=900)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now, onupdate=clock.now, sort_order=901)


@event.listens_for(Engine, "connect")
def _set_up_sqlite(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    # Transactions are opened by `_begin_immediate`, not by the driver's guess.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        f"busy_timeout={_PATIENCE}",
        "synchronous=NORMAL",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def listen_to(engine: Engine) -> None:
    """Begin as SQLite must, and measure what is sent.

    Nobody listens to an engine that needs neither: one listener has SQLAlchemy look for others at each step of each
    statement, some seventy calls for one.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "begin", _begin_immediate)
    if engine.dialect.driver != "pymysql":
        measure_engine(engine)


def _begin_immediate(connection: Any) -> None:
    """Take SQLite's write lock at the start where a write may follow.

    A transaction that reads first and writes later fails at once when another wrote in between
    (SQLITE_BUSY_SNAPSHOT, which no busy timeout cures). Whoever only reads says so with
    `reading_only`, and runs beside any writer.
    """
    if not _impatient.get():
        connection.exec_driver_sql("BEGIN" if reading_only.get() else "BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={_PATIENCE}")


def insert_unless_there(dialect: str, table: Table, row: dict[str, Any]) -> Executable:
    """A statement that inserts a row unless one of its key is there; it waits for whoever inserts the same just now.

    Whoever locks the row afterwards waits for nobody who came later. After an insert that MariaDB or MySQL refused, all
    who were refused hold the row together, and lock it only once the others have been undone.
    """
    if dialect in {"mysql", "mariadb"}:
        from sqlalchemy.dialects.mysql import insert as mysql_insert

        first, *_others = table.primary_key.columns
        return mysql_insert(table).values(row).on_duplicate_key_update({first.name: first})
    from sqlalchemy.dialects.postgresql import insert  # SQLite has taken its words from there

    return insert(table).values(row).on_conflict_do_nothing()


def enum_column(kind: type[StrEnum], name: str) -> Enum:
    """A column type that holds one of the enum's values as text, checked by the database too."""
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )
