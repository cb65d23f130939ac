"""Migrations for the command line: Alembic takes a tenth of a start, and is imported by whoever asks for it."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import click
from flask import Flask, current_app, g
from flask.cli import with_appcontext
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from portal.away import code_of
from portal.config.present import present_settings
from portal.database import only_reading
from portal.extensions import db

_CHANGES = frozenset({"upgrade", "downgrade"})
_ASKS = frozenset({"upgrade", "downgrade", "current", "check", "stamp"})
# MariaDB and MySQL: a table, column, index, foreign key or check is there already.
_IS_THERE = frozenset({1050, 1060, 1061, 1826, 3822})
# MariaDB says of a foreign key that is there already only that it cannot make the table.
_CANNOT_MAKE, _TWICE = 1005, "errno: 121"
# A column, one of an index, a table or an index is not there.
_IS_GONE = frozenset({1054, 1072, 1146, 1176})
_KILLED = """Was a process killed within this step before (kill -9, power)? MariaDB and MySQL keep what it had done.
The sure way: stop web and worker, then flask --app wsgi backup restore FILE with the backup of before; it brings the
tables up to date too."""
_MADE = f"""What this step would make is there already. {_KILLED}
Without a backup: drop by hand what is named above and nothing else, and only if nobody wrote anything into it. What
hangs on it goes first: ALTER TABLE its_table DROP FOREIGN KEY its_name. Then run the command again; it may name the
next thing. Was no process killed, then somebody else made it: rename it instead."""
_GONE = f"""What this step would use is gone already. {_KILLED}
Without a backup: drop nothing more by hand. Put back what is named above, empty, and run the command again, which then
does with it what it must; it may name the next thing.
  a column: ALTER TABLE its_table ADD COLUMN its_name INT
  a table:  CREATE TABLE its_name (id INT PRIMARY KEY)
  an index: CREATE INDEX its_name ON its_table (a_column)"""
# However short the limit is, a database is given so many seconds to answer once.
_LEAST = 1.0
_FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def init_migrations(app: Flask) -> None:
    """Give the application `flask db …`."""
    app.extensions["migrate"] = _Migrations(app)
    app.cli.add_command(_Commands("db", callback=_begin, help="Perform database migrations."))


class _Migrations:
    """What Flask-Migrate keeps with an application, made when it is first looked at."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __getattr__(self, name: str) -> Any:
        from flask_migrate import Migrate

        own = self._app.cli.commands["db"]
        Migrate(self._app, db, directory=str(_FOLDER), render_as_batch=True)
        self._app.cli.add_command(own)
        return getattr(self._app.extensions["migrate"], name)


class _Commands(click.Group):
    """The commands of Flask-Migrate."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run one; a failure is told in words."""
        with telling_how_to_go_on():
            answer = super().invoke(ctx)
        if ctx.invoked_subcommand in _CHANGES:
            with current_app.app_context():
                click.echo(f"The tables are at revision {_present_revision()}.")
        return answer

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return _group().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them."""
        return _group().get_command(ctx, cmd_name)


@with_appcontext
def _begin() -> None:
    g.directory, g.x_arg = str(_FOLDER), []
    if click.get_current_context().invoked_subcommand in _ASKS:
        wait_for_database(present_settings().database_wait)


def wait_for_database(seconds: float) -> None:
    """Return once the database takes connections; ClickException when it does not within so many seconds."""
    engine = db.engine.engine
    ask_database(lambda: engine.connect().close(), time.monotonic() + seconds)


def ask_database(ask: Callable[[], Any], until: float) -> Any:
    """What it gives once the database answers; ClickException when it does not until then, by time.monotonic().

    It is asked once at least, and given a second for that.
    """
    reason, told, whole = "", False, until - time.monotonic()
    while True:
        left = max(until - time.monotonic(), _LEAST)
        try:
            return _asked_beside(ask, left)
        except TimeoutError:
            reason = reason or f"The database does not answer: it said nothing for {left:.0f} s"
        except DBAPIError as error:
            reason = f"The database does not answer: {error.orig}"
        left = until - time.monotonic()
        if left <= 0:
            raise click.ClickException(reason)
        if not told:
            click.echo(f"{reason}. Waiting up to {whole:.0f} seconds.", err=True)
            told = True
        time.sleep(min(0.5, left))


def _asked_beside(ask: Callable[[], Any], seconds: float) -> Any:
    """What it gives; TimeoutError when that takes longer, for a driver may wait longer than whoever asks wants to."""
    answer: Future[Any] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:  # whoever waits for the answer is to have it
            answer.set_exception(error)

    Thread(target=run, daemon=True).start()
    return answer.result(seconds)


def find_revision(engine: Engine) -> str | None:
    """The revision that a database is at; None before the first."""
    from alembic.migration import MigrationContext

    with only_reading(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> frozenset[str]:
    """Every revision of the schema that this version knows."""
    return frozenset(step.revision for step in _steps().walk_revisions())


def count_pending(present: str | None) -> int | None:
    """How many revisions of this version follow the one that a database has; None where that is not known here."""
    if present and present not in known_revisions():
        return None
    return sum(1 for _ in _steps().iterate_revisions("heads", present or "base"))


def _steps() -> Any:
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())


def add_index(name: str, table: str, columns: Sequence[str]) -> None:
    """For migrations: an index on a table that may be long, while others write to it.

    PostgreSQL does so only outside of a transaction, and leaves an unusable index behind when it is interrupted, so one
    of that name goes first. MariaDB and MySQL keep nobody from writing as it is; SQLite has one writer at any time.
    """
    from alembic import op

    if op.get_bind().dialect.name != "postgresql":
        op.create_index(name, table, columns)
        return
    with op.get_context().autocommit_block():
        op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
        op.create_index(name, table, columns, postgresql_concurrently=True)


@contextmanager
def telling_how_to_go_on() -> Iterator[None]:
    """Say what stopped a migration, where the database stands now, and what to do."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        told = [f"The migration stopped: {cause}"]
        if statement := getattr(error, "statement", None):
            told.append(f"At: {' '.join(statement.split())[:300]}")
        told += [*getattr(error, "__notes__", ()), _where_it_stands()]
        told += _after_a_kill(getattr(error, "orig", None))
        raise click.ClickException("\n".join(told)) from error


def _after_a_kill(cause: Any) -> Iterator[str]:
    code = code_of(cause)
    if code in _IS_THERE or (code == _CANNOT_MAKE and _TWICE in str(cause)):
        yield _MADE
    elif code in _IS_GONE:
        yield _GONE


def _where_it_stands() -> str:
    try:
        with current_app.app_context():
            present = _present_revision()
    except SQLAlchemyError:
        return "The database does not answer now. Run the command again when it does."
    return (
        f"The database is at revision {present}, as before the step that failed, and what was in it is there. "
        "Mend what stands in the way and run the command again: it goes on from there. Until then the version of the "
        f"portal that belongs to {present} runs on it."
    )


def _present_revision() -> str:
    return find_revision(db.engine) or "base"


def _group() -> click.Group:
    from flask_migrate.cli import db as group  # type: ignore[import-not-found]

    found: click.Group = group
    return found
