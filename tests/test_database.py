"""Connections as they go back to their pool."""

import os
import time
from typing import Any

import pymysql
import pytest
from sqlalchemy import text

from portal.extensions import db
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


def is_listed(number):
    """Whether the server still knows a connection."""
    with pymysql.connect(host="127.0.0.1", port=servers.port_of("mariadb"), user="root") as server:
        asked = server.cursor()
        return bool(asked.execute("SELECT 1 FROM information_schema.processlist WHERE id = %s", (number,)))
