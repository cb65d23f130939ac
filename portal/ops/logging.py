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


def hide_secrets(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take out of a line of log what must not be kept: passwords, tokens, and what people wrote."""
    for name, value in entry.items():
        if value is not None and _is_private(name):
            entry[name] = _HIDDEN
        elif isinstance(value, str) and _may_open(value):
            entry[name] = _OPENS.sub(_HIDDEN, value)
    return entry


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
        self._said = -_SAID_AGAIN

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is written."""
        error = record.exc_info[1] if record.exc_info else None
        if not (isinstance(error, self._errors) and record.name.startswith("huey.consumer")):
            return True
        record.msg, record.args = "%s: %s", (record.getMessage().rstrip("."), error)
        record.exc_info = record.exc_text = None
        is_due = time.monotonic() - self._said >= _SAID_AGAIN
        if is_due:
            self._said = time.monotonic()
        return is_due


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
