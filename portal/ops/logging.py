"""Logs as one event a line: JSON for machines, or coloured words for people."""

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any

import structlog
from structlog.typing import Processor

from portal.away import is_away
from portal.config import Settings
from portal.ops.reporting import start_reporting

_HIDDEN = "<hidden>"
# Fields whose values are nobody's business, whoever writes them into a log one day.
_PRIVATE = re.compile(r"password|secret|token|authorization|cookie|answers?$|body|reflection", re.IGNORECASE)
# What stays away is said so often, in seconds.
_SAID_AGAIN = 60.0
# What opens something by itself: a bearer token in a header or an address, a login within an address of a server.
_LONG = 40
_OPENS = re.compile(rf"(?<=Bearer )\S+|(?<=://)[^/@\s]+:[^/@\s]+(?=@)|\beyJ[\w-]+\.[\w-]+\.[\w-]+|[\w-]{{{_LONG},}}")
# What PostgreSQL, MariaDB and MySQL quote of a row, or of what somebody wrote, when they refuse it.
_QUOTES = re.compile(
    r"""(Failing\ row\ contains\ \().*?(?=\)\.(?:\n\[SQL:|\n\n|\s*\Z)|\Z)
    | (Key\ \([^)]*\)=\().*?(?=\)\ (?:already|is|conflicts)|\Z)
    | ((?:invalid\ input\ syntax\ for\ type\ [\w ]+|out\ of\ range):\ ").*?(?="(?:\n|\s*\Z)|\Z)
    | (Duplicate\ entry\ ).*?(?=\ for\ key|\Z)
    | ((?:Truncated\ i|I)ncorrect\ [\w ]+\ value:\ ).*?(?=\ for\ column|\)(?:\n|\s*\Z)|\Z)""",
    re.VERBOSE | re.DOTALL,
)
_REFUSALS = ("Failing row", "Key (", "invalid input", "out of range", "Duplicate entry", "ncorrect ")


def hide_secrets(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out of a line of log what must not be kept: passwords, tokens, and what people wrote."""
    for name, value in entry.items():
        if value is not None and _is_private(name):
            entry[name] = _HIDDEN
        elif isinstance(value, str) and _may_open(value):
            entry[name] = _OPENS.sub(_HIDDEN, _without_quotes(value))
    return entry


def _without_quotes(value: str) -> str:
    """The message of an error without what a database quotes in it."""
    if not any(refusal in value for refusal in _REFUSALS):
        return value
    return _QUOTES.sub(lambda found: f"{found[found.lastindex or 0]}{_HIDDEN}", value)


def _may_open(value: str) -> bool:
    """Whether it can hold what the pattern finds: to try it at each letter took half of what a line of log takes."""
    return len(value) >= _LONG or "://" in value or "Bearer " in value or "eyJ" in value


@lru_cache(maxsize=500)
def _is_private(name: str) -> bool:
    return _PRIVATE.search(name) is not None


def configure_logging(settings: Settings) -> None:
    """Set level and form of all logs, those of libraries too."""
    level = logging.getLevelNamesMapping()[settings.log_level]
    last = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    made: list[Processor] = [structlog.processors.format_exc_info, hide_secrets, last]
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[_handler(level, first, made)])
    structlog.configure(
        processors=[*first, *filter(None, [start_reporting(settings)]), *made],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        # To standard error, so that a command's own output stays clean.
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def speak_with_one_voice() -> None:
    """The worker's library logs as everything else does; left alone it would say each line again, in its own form.

    A file that somebody asked for with `--logfile` stays.
    """
    from redis import exceptions

    queue = logging.getLogger("huey")
    queue.addFilter(_is_told_nowhere_else)
    for handler in queue.handlers[:]:
        if type(handler) is logging.StreamHandler:
            queue.removeHandler(handler)
    for handler in logging.getLogger().handlers:
        handler.addFilter(Away((exceptions.ConnectionError, exceptions.TimeoutError)))


class Away(logging.Filter):
    """Has a worker say in one line, once a minute, that the queue is away: it asks three times a second."""

    def __init__(self, errors: tuple[type[Exception], ...]) -> None:
        super().__init__()
        self._errors = errors
        self._seldom = Seldom()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        error = record.exc_info[1] if record.exc_info else None
        if not (isinstance(error, self._errors) and record.name.startswith("huey.consumer")):
            return True
        record.msg, record.args = "%s: %s", (record.getMessage().rstrip("."), error)
        record.exc_info = record.exc_text = None
        return self._seldom.is_due()


class Seldom:
    """Says of what goes on whether it is to be told again: once a minute, each of it by itself."""

    def __init__(self) -> None:
        self._told: dict[str, float] = {}

    def is_due(self, what: str = "") -> bool:
        """Whether it is; then it counts as told."""
        now = time.monotonic()
        if now - self._told.get(what, -_SAID_AGAIN) < _SAID_AGAIN:
            return False
        self._told[what] = now
        return True


class TaskWaits:
    """Has a worker say in one line, once a minute for each task, that the database was away from it.

    Nothing is lost by that, and where in the code it was found out tells nobody anything. It is for the signal by which
    the worker's library says that a task has failed.
    """

    def __init__(self) -> None:
        self._seldom = Seldom()

    def __call__(self, _signal: str, task: Any, error: BaseException) -> None:
        """Say it, if that is the reason."""
        if not is_away(error):
            return
        log = structlog.get_logger()
        log.debug("task_failed", task=task.name, exc_info=error)
        if self._seldom.is_due(task.name):
            log.error("task_waits_for_database", task=task.name, error=str(getattr(error, "orig", None) or error))


def _is_told_nowhere_else(record: logging.LogRecord) -> bool:
    """False of what the library says of a task that `TaskWaits` tells of."""
    error = record.exc_info[1] if record.exc_info else None
    return error is None or not is_away(error)


def _handler(level: int, first: list[Processor], made: list[Processor]) -> logging.Handler:
    """Gives lines of libraries the form of the portal's own, and takes out of them what its own must not hold."""
    handler = logging.StreamHandler()
    handler.setLevel(level)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *first],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *made],
        )
    )
    return handler
