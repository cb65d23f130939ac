"""Waiting for rows, seen from outside: statements that soon give up, and threads that are known to wait."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.engine import Connection, Engine

from portal.extensions import db

_AT_ONCE = {"postgresql": "SET lock_timeout = '1s'", "sqlite": "PRAGMA busy_timeout = 1000"}


def has_row_locks() -> bool:
    """Whether the database lets two write different rows; on SQLite all that write wait for each other."""
    return db.engine.dialect.name != "sqlite"


@contextmanager
def in_a_hurry() -> Iterator[None]:
    """Whoever waits for a row within gets OperationalError after a second, and not when the test is given up."""
    words = _AT_ONCE.get(db.engine.dialect.name, "SET SESSION innodb_lock_wait_timeout = 1")

    def hurry(connection: Connection) -> None:
        connection.exec_driver_sql(words)

    event.listen(db.engine, "begin", hurry)
    try:
        yield
    finally:
        event.remove(db.engine, "begin", hurry)


@contextmanager
def beside(app: Flask, deed: Callable[[], object]) -> Iterator[Callable[[], None]]:
    """Does something in a thread, which commits; gives what waits until it has ended and raises what it raised."""
    faults: list[BaseException] = []

    def work() -> None:
        with app.app_context():
            try:
                deed()
                db.session.commit()
            except BaseException as error:
                db.session.rollback()
                faults.append(error)

    thread = threading.Thread(target=work)

    def end() -> None:
        thread.join(60)
        assert not thread.is_alive()
        if faults:
            raise faults[0]

    thread.start()
    try:
        yield end
    finally:
        thread.join(60)


# Other tests may have databases of their own on the same server.
_WAITING = {
    "postgresql": "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE NOT granted AND datname = current_database()",
    "mysql": "SELECT count(*) FROM information_schema.INNODB_TRX JOIN information_schema.PROCESSLIST "
    "ON ID = trx_mysql_thread_id WHERE trx_state = 'LOCK WAIT' AND DB = DATABASE()",
}


def wait_for_a_waiter(engine: Engine) -> None:
    """Come back once somebody waits for a row."""
    asked = text(_WAITING["postgresql" if engine.dialect.name == "postgresql" else "mysql"])
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with engine.connect() as connection:
            if connection.scalar(asked):
                return
        time.sleep(0.15)  # MariaDB looks anew once nobody has asked for a tenth of a second
    raise AssertionError("nobody waits")
