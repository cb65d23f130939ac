"""What statements are sent to the database, and a guard against those that a template causes."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from threading import get_ident
from typing import Any

from flask import before_render_template, template_rendered
from sqlalchemy import event
from sqlalchemy.engine import Engine

_NOT_COUNTED = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT", "PRAGMA")
_template: ContextVar[str | None] = ContextVar("template", default=None)


class Statements:
    """The statements sent while `count_sql` was open, without those that only frame transactions."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def __len__(self) -> int:
        return len(self.statements)

    @property
    def text(self) -> str:
        """All statements, for the message of an assertion."""
        return "\n\n".join(f"{number}. {statement}" for number, statement in enumerate(self.statements, 1))


@contextlib.contextmanager
def count_sql(*, of_all_threads: bool = False) -> Iterator[Statements]:
    """Collect the statements that any engine sends for this thread: others may still end what a test before began."""
    found, thread = Statements(), get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if (of_all_threads or get_ident() == thread) and not statement.lstrip().upper().startswith(_NOT_COUNTED):
            found.statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@contextlib.contextmanager
def no_sql_while_rendering() -> Iterator[None]:
    """Raise AssertionError at the end if a template caused a statement."""
    caught: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if name := _template.get():
            caught.append(f"{name}: {statement}")

    def begin(_app: Any, template: Any, **_rest: Any) -> None:
        _template.set(template.name or "a string")

    def end(_app: Any, **_rest: Any) -> None:
        _template.set(None)

    _template.set(None)
    event.listen(Engine, "before_cursor_execute", note)
    try:
        with before_render_template.connected_to(begin), template_rendered.connected_to(end):
            yield
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        _template.set(None)
    assert not caught, "a template caused SQL, load it before rendering:\n" + "\n".join(caught)


def drop_though_referred_to(engine: Engine, table: str) -> None:
    """Take a table away that others refer to."""
    unwatched = {"sqlite": "PRAGMA foreign_keys = OFF", "mysql": "SET foreign_key_checks = 0"}
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.cursor().execute(unwatched.get(engine.dialect.name, "SELECT 1"))
        connection.exec_driver_sql(f"DROP TABLE {table}" + (" CASCADE" if engine.name == "postgresql" else ""))
        connection.commit()
        connection.invalidate()
