"""Groups of commands, in which an error of the database is a line for whoever typed one and not a page of code."""

import re
import sys
from typing import Any

import click
import structlog
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

log = structlog.get_logger()
# As SQLite, MariaDB and MySQL, and PostgreSQL say it.
_NOT_THERE = re.compile(r"no such (table|column)|no column named|doesn't exist|Unknown column|does not exist")
_HINT = "The tables are of another version. Run: flask --app wsgi db upgrade"


def in_short(error: Exception) -> str:
    """What happened, without the statement of a database's error: its parameters are what people wrote, and hashes."""
    return str(getattr(error, "orig", None) or error)


def someone_is_there() -> bool:
    """Whether a question would reach a person."""
    return sys.stdin.isatty()


def ask_first(question: str) -> None:
    """End the command unless whoever typed it agrees. A script means what it says and is not asked."""
    if someone_is_there():
        click.confirm(question, abort=True)


class Commands(AppGroup):
    """A group of the portal's commands. With LOG_LEVEL=DEBUG the whole error is in the log."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run one of them; what it had not committed is undone as it ends."""
        try:
            return super().invoke(ctx)
        except SQLAlchemyError as error:
            log.debug("command_failed", exc_info=error)
            said = in_short(error)
            hint = f"\n{_HINT}" if _NOT_THERE.search(said) else ""
            raise click.ClickException(f"The database answers with an error: {said}{hint}") from error
