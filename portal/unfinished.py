"""A migration that fails on MariaDB or MySQL leaves behind what it had made so far: there each such statement is kept.

PostgreSQL and SQLite take a failed step back by themselves. Here what was not there before the step is taken away
again, so that the step can be run once more; it stood empty, since nobody knew of it yet. And what a process that was
killed had done already need not be done again, where that is safe to say.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError

from portal.away import code_of

TABLE, COLUMN, INDEX, KEY, CHECK = "table", "column", "index", "foreign key", "check"
Thing = tuple[str, str, str]
_ALL = text("""
  SELECT 'table', TABLE_NAME, '' FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()
  UNION ALL SELECT 'column', TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
  UNION ALL SELECT DISTINCT 'index', TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS
    WHERE TABLE_SCHEMA = DATABASE()
  UNION ALL SELECT LOWER(CONSTRAINT_TYPE), TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS
    WHERE TABLE_SCHEMA = DATABASE() AND CONSTRAINT_TYPE IN ('FOREIGN KEY', 'CHECK')
""")
# What hangs on something else goes before it.
_STATEMENTS = {
    KEY: "ALTER TABLE {table} DROP FOREIGN KEY {name}",
    CHECK: "ALTER TABLE {table} DROP CONSTRAINT {name}",
    INDEX: "ALTER TABLE {table} DROP INDEX {name}",
    COLUMN: "ALTER TABLE {table} DROP COLUMN {name}",
    TABLE: "DROP TABLE {table}",
}


class Unfinished:
    """What a database is made of, as of the last step that worked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._keeps_each = connection.dialect.name in {"mysql", "mariadb"}
        self._before = self._look()

    def note(self, **_step: object) -> None:
        """A step worked: what is there now stays."""
        self._before = self._look()

    def undo(self) -> list[str]:
        """Take away what the failed step had made; gives what it had taken away itself, which nothing brings back."""
        if not self._keeps_each:
            return []
        self._connection.rollback()
        now = self._look()
        made = now - self._before
        new_tables = {table for kind, table, _name in made if kind == TABLE}
        self._connection.exec_driver_sql("SET foreign_key_checks=0")
        for kind, statement in _STATEMENTS.items():
            for _kind, table, name in sorted(one for one in made if one[0] == kind):
                if kind == TABLE or table not in new_tables:
                    self._connection.exec_driver_sql(statement.format(table=_quoted(table), name=_quoted(name)))
        self._connection.exec_driver_sql("SET foreign_key_checks=1")
        self._connection.commit()
        return [f"{kind} {table} {name}".rstrip() for kind, table, name in sorted(self._before - now)]

    def _look(self) -> frozenset[Thing]:
        if not self._keeps_each:
            return frozenset()
        return frozenset((kind, table, name) for kind, table, name in self._connection.execute(_ALL))


# No such table; no such column, index or constraint in it; the same of constraints, as MySQL says it.
_GONE = frozenset({1051, 1146, 1091, 3821, 3940})
_TWICE = 1061
_INDEX = re.compile(
    r"CREATE (?P<unique>UNIQUE )?INDEX `?(?P<name>\w+)`? ON `?(?P<table>\w+)`? \((?P<columns>[\w`, ]+)\)"
)
_COLUMNS = """SELECT COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
  AND TABLE_NAME = %s AND INDEX_NAME = %s AND NON_UNIQUE = %s AND SUB_PART IS NULL ORDER BY SEQ_IN_INDEX"""


@contextmanager
def past_what_is_done(connection: Connection) -> Iterator[None]:
    """Within, what is to be dropped and is gone already is said and passed over, and so is an index that is there.

    A step that was killed halfway had seen to it. Whoever drops something only wants it gone, and an index of the same
    name on the same columns holds nothing of its own. A table or column that is there already is another matter: it may
    be somebody else's.
    """
    if connection.dialect.name not in {"mysql", "mariadb"}:
        yield
        return
    event.listen(connection.engine, "do_execute", _execute)
    try:
        yield
    finally:
        event.remove(connection.engine, "do_execute", _execute)


def _execute(cursor: Any, statement: str, parameters: Any, _context: Any) -> bool:
    """Send a statement; True tells SQLAlchemy that this is done."""
    try:
        cursor.execute(statement, parameters)
    except Exception as error:
        sent, code = " ".join(statement.split()), code_of(error)
        if not ((code in _GONE and _drops(sent)) or (code == _TWICE and _is_there(cursor, sent))):
            raise
        click.echo(f"Done already, as after a process was killed: {sent}", err=True)
        cursor.execute("DO 0")  # an answer in the place of the one that failed
    return True


def _drops(statement: str) -> bool:
    words = statement.split(maxsplit=4)
    # After a comma may come what is not done yet: such a statement is refused as a whole.
    return words[0] == "DROP" or (words[:2] == ["ALTER", "TABLE"] and words[3] == "DROP" and "," not in statement)


def _is_there(cursor: Any, statement: str) -> bool:
    """Whether the index that is to be made is there as it is to be."""
    if (wanted := _INDEX.fullmatch(statement)) is None:
        return False
    cursor.execute(_COLUMNS, (wanted["table"], wanted["name"], 0 if wanted["unique"] else 1))
    columns = wanted["columns"].replace("`", "").split(", ")
    return [row[0] for row in cursor.fetchall()] == columns


class References:
    """On SQLite a table is changed by making it anew: the old one is dropped, and whatever refers to it would go too.

    So nothing is watched while a step runs, and what it leaves is looked at before it is kept.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._applies = connection.dialect.name == "sqlite"

    @contextmanager
    def unwatched(self) -> Iterator[None]:
        """Within, nothing follows from what is dropped or deleted. To be begun outside of a transaction."""
        self._watch(on=False)
        try:
            yield
        finally:
            self._connection.rollback()
            self._watch(on=True)

    def check(self, **_step: object) -> None:
        """Raise an error, which undoes the step, when rows refer to what is not there."""
        if self._applies and (lost := self._connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()):
            tables = ", ".join(sorted({f"{table} to {parent}" for table, _row, parent, _key in lost}))
            raise IntegrityError("PRAGMA foreign_key_check", None, ValueError(f"Rows would refer to nothing: {tables}"))

    def _watch(self, *, on: bool) -> None:
        if self._applies:
            driver: Any = self._connection.connection.driver_connection
            driver.execute(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")


def _quoted(name: str) -> str:
    return f"`{name.replace('`', '``')}`"
