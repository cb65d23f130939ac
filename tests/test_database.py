"""Connections as they go back to their pool."""

import gc
import os
import ssl
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pymysql
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from portal.database import UtcDateTime
from portal.extensions import db
from portal.measuring import begin_measuring
from portal.thrift import ThriftyConnection, connect_thriftily
from tests.support import servers
from tests.support.databases import build_app

_CHANGE = text("UPDATE pulses SET value = value + 1")


def total() -> int:
    """The sum of what is changed here; the transaction is over then."""
    found = int(db.session.scalar(text("SELECT SUM(value) FROM pulses")))
    db.session.rollback()
    return found


def test_what_a_connection_left_unfinished_is_undone_before_the_next_one_gets_it(fresh_app):
    with fresh_app.app_context():
        before = total()
        raw = db.engine.raw_connection()
        cursor = raw.cursor()
        if db.engine.name == "sqlite":
            cursor.execute("BEGIN")
        cursor.execute(str(_CHANGE))
        raw.close()
        assert total() == before
        with db.engine.connect() as connection:
            connection.execute(_CHANGE)
        assert total() == before
        db.session.execute(_CHANGE)
        db.session.remove()
        assert total() == before


def test_the_hour_that_comes_twice_is_written_as_two(app):
    """Python takes the two for equal."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Paris"))
    with app.app_context():
        write = UtcDateTime().bind_processor(db.engine.dialect)
        written = [
            str(write(moment)) for moment in (first, first.replace(fold=1), datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
        ]
    assert [moment[:19] for moment in written] == ["2026-10-25 00:30:00", *["2026-10-25 01:30:00"] * 2]


def test_what_is_sent_is_counted_whoever_sends_it(fresh_app):
    with fresh_app.app_context():
        total()
        asked = begin_measuring()
        total()
        db.session.execute(_CHANGE)
        db.session.rollback()
    # SQLite is told to begin by a statement.
    assert asked.statements == (4 if fresh_app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite") else 2)
    assert 0 < asked.seconds < 5


def test_what_a_failed_commit_left_behind_is_undone_too(fresh_app, monkeypatch):
    with fresh_app.app_context():
        before = total()
        db.session.execute(_CHANGE)
        with monkeypatch.context() as failing:
            failing.setattr(db.engine.dialect, "do_commit", fail)
            with pytest.raises(OperationalError):
                db.session.commit()
        db.let_go()
        assert total() == before
        db.session.execute(_CHANGE)
        db.session.commit()
        assert total() > before


def test_a_session_ends_though_its_rollback_fails(fresh_app, monkeypatch):
    gc.freeze()  # what other tests left takes a second to look through, and none of it is let go here
    with fresh_app.app_context():
        before = total()
        db.session.execute(_CHANGE)
        with monkeypatch.context() as failing:
            failing.setattr(db.engine.dialect, "do_rollback", fail)
            db.let_go()
        gc.collect()
        assert not db.session.registry.has()
        assert total() == before


def fail(_connection):
    raise OperationalError("COMMIT", {}, Exception("the disk is full"))


@pytest.mark.servers
@pytest.mark.one_database
def test_who_only_reads_asks_mariadb_for_nothing_else_and_who_writes_is_in_a_transaction(tmp_path, leave_out):
    if not servers.is_there("mariadb"):
        leave_out("mariadbd is not installed")
    app = build_app(servers.new_database("mariadb", f"thrift_{os.getpid()}"), tmp_path)
    with app.app_context(), db.engine.connect() as connection:
        connection.execute(text("CREATE TABLE things (id INT PRIMARY KEY) ENGINE=InnoDB"))
        connection.commit()
        raw: Any = connection.connection.dbapi_connection
        assert connection.scalar(text("SELECT @@group_concat_max_len")) == 262144

        def is_open() -> bool:
            return bool(raw.server_status & 1)

        def questions() -> int:
            return int(connection.execute(text("SHOW SESSION STATUS LIKE 'Questions'")).one()[1])

        before = questions()
        connection.execute(text("SELECT * FROM things"))
        connection.commit()
        assert (questions() - before, is_open()) == (2, False)
        connection.execute(text("SELECT * FROM things FOR UPDATE"))
        assert is_open(), "a lock lasts until the end of a transaction"
        connection.rollback()
        with connection.begin_nested():
            connection.execute(text("INSERT INTO things VALUES (1)"))
        assert is_open()
        connection.rollback()
        assert not connection.execute(text("SELECT * FROM things")).all()
    with app.app_context():
        db.engine.dispose()


@pytest.mark.servers
@pytest.mark.one_database
def test_a_connection_that_the_server_has_cut_is_given_to_nobody(tmp_path, leave_out):
    if not servers.is_there("mariadb"):
        leave_out("mariadbd is not installed")
    app = build_app(servers.new_database("mariadb", f"gone_{os.getpid()}"), tmp_path)
    with app.app_context():
        number = db.session.scalar(text("SELECT CONNECTION_ID()"))
        db.session.remove()
        assert db.session.scalar(text("SELECT CONNECTION_ID()")) == number
        db.session.remove()
        with pymysql.connect(host="127.0.0.1", port=servers.port_of("mariadb"), user="root") as server:
            server.cursor().execute(f"KILL {number}")
        until = time.monotonic() + 5
        while is_listed(number) and time.monotonic() < until:
            time.sleep(0.01)
        assert db.session.scalar(text("SELECT CONNECTION_ID()")) != number
        db.session.remove()
        db.engine.dispose()


def test_connections_share_their_tls_unless_a_certificate_is_asked_for():
    first, second = (ThriftyConnection(host="127.0.0.1", defer_connect=True) for _ in range(2))
    assert first.ctx is second.ctx
    assert first.ctx.verify_mode is ssl.CERT_NONE
    strict = ThriftyConnection(host="127.0.0.1", defer_connect=True, ssl_verify_cert=True)
    assert strict.ctx is not first.ctx
    assert strict.ctx.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.servers
@pytest.mark.one_database
def test_answers_are_read_as_the_driver_by_itself_reads_them(leave_out):
    if not servers.is_there("mariadb"):
        leave_out("mariadbd is not installed")
    servers.new_database("mariadb", name := f"answers_{os.getpid()}")
    to = {"host": "127.0.0.1", "port": servers.port_of("mariadb"), "user": "root", "database": name}
    ours, theirs = connect_thriftily(**to, charset="utf8mb4"), pymysql.connect(**to, charset="utf8mb4")
    with ours, theirs, ours.cursor() as mine, theirs.cursor() as plain:
        mine.execute(_ALL_KINDS)
        mine.execute("SET SESSION sql_mode = ''")
        # Lengths of one byte, of three and of four; more rows than packets have numbers.
        mine.executemany(f"INSERT INTO kinds VALUES ({', '.join(['%s'] * 17)})", [*_VALUES, *_VALUES[2:] * 300])
        ours.commit()
        for asked in ("SELECT * FROM kinds", "SELECT * FROM kinds", "SELECT count(*), max(day) FROM kinds", _NOTHING):
            assert mine.execute(asked) == plain.execute(asked)
            assert (mine.description, mine.fetchall()) == (plain.description, plain.fetchall())
        with pytest.raises(pymysql.OperationalError, match="more than 1 row"):
            mine.execute("SELECT much, IF(whole = 251, (SELECT whole FROM kinds), 1) FROM kinds")
        mine.execute("SELECT 2")
        assert mine.fetchall() == ((2,),)


_ALL_KINDS = (
    "CREATE TABLE kinds (whole INT, huge BIGINT UNSIGNED, tiny BOOLEAN, part DOUBLE, less FLOAT, exact DECIMAL(12, 3),"
    " day DATE, moment DATETIME, precise DATETIME(6), hour TIME, year YEAR, word VARCHAR(300), one ENUM('a', 'b'),"
    " said JSON, bits BIT(9), bytes BLOB, much LONGTEXT) CHARACTER SET utf8mb4"
)
_NOTHING = "SELECT * FROM kinds WHERE whole = -5"
_VALUES: list[Any] = [
    (-1, 2**64 - 1, True, 0.1, 1.5, "1.250", "2026-02-28", "2026-02-28 17:00:05", "2026-02-28 17:00:05.000120",
     "-25:06:17", 2026, "é" * 260, "b", '{"a": ["😀"]}', 257, b"\0\xff", "x" * 100_000),
    (250, 0, False, -2e9, 0, "0", "0000-00-00", "0000-00-00 00:00:00", "2026-01-01 00:00:00", "10:00:00", 1999,
     "😀\u0627", "a", "[]", 0, b"\xfe" * 70_000, ""),
    (None,) * 17,
    (251, 1, True, 3, 4, "5", "1000-01-01", "9999-12-31 23:59:59", "1000-01-01 00:00:00", "838:59:59", 1901, "", "a",
     "null", 5, b"", "y" * 300),
]  # fmt: skip


def is_listed(number):
    """Whether the server still knows a connection."""
    with pymysql.connect(host="127.0.0.1", port=servers.port_of("mariadb"), user="root") as server:
        asked = server.cursor()
        return bool(asked.execute("SELECT 1 FROM information_schema.processlist WHERE id = %s", (number,)))
