"""One process at a time changes the tables: two at once would take each other's half-made steps for their own.

Whoever begins writes a row beside the revision and does not commit it: the next one waits for that transaction, which
ends with its process in any case. SQLite has one writer at any time, and a step there is one transaction.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from portal.away import was_turned_away

_TABLE = """CREATE TABLE IF NOT EXISTS alembic_version
  (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"""
_ROW = "INSERT INTO alembic_version (version_num) VALUES ('changing')"
# So that one is told why nothing happens; then it is asked for again.
_PATIENCE = {
    "postgresql": "SET lock_timeout = '5s'",
    "mysql": "SET SESSION innodb_lock_wait_timeout = 5",
    "mariadb": "SET SESSION innodb_lock_wait_timeout = 5",
}
_WAITED = "55P03"


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Within, no other process that asks so changes the tables."""
    if engine.dialect.name not in _PATIENCE:
        yield
        return
    with engine.connect() as holder:
        with suppress(DBAPIError):  # two may make it at the same moment
            holder.exec_driver_sql(_TABLE)
            holder.commit()
        holder.rollback()
        told = False
        while not _is_taken(holder):
            if not told:
                click.echo("Another process changes the tables just now. Waiting for it.", err=True)
            told = True
        try:
            yield
        finally:
            with suppress(DBAPIError):
                holder.rollback()


def _is_taken(holder: Connection) -> bool:
    try:
        holder.exec_driver_sql(_PATIENCE[holder.dialect.name])
        holder.exec_driver_sql(_ROW)
    except DBAPIError as error:
        holder.rollback()
        if was_turned_away(error) or getattr(error.orig, "sqlstate", None) == _WAITED:
            return False
        raise
    return True
