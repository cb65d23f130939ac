"""Errors for Sentry (or what speaks its protocol): where the code failed, and never what anybody wrote.

Off unless SENTRY_DSN is set. An event holds the kinds of the errors, the places in the code, and the request's id, by
which the log has the rest. Messages of errors, variables, addresses, headers and bodies stay here.
"""

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import Any

from portal.config import Settings, SettingsError
from portal.ops.version import version

_KEPT = ("event_id", "timestamp", "platform", "level", "release", "environment", "sdk", "tags")
_OF_FRAME = ("filename", "function", "module", "lineno", "in_app")
# Of what a line of log says beside its error: what tells nobody anything about people.
_TAGS = ("request_id", "kind", "job")
_MISSING = 'SENTRY_DSN: this needs sentry-sdk; install it with pip install ".[sentry]"'


def start_reporting(settings: Settings) -> Callable[..., MutableMapping[str, Any]] | None:
    """Begin, and give the part of the log that reports what it is told of; None where nobody is to be told."""
    if not settings.sentry_dsn:
        return None
    try:
        import sentry_sdk
        from sentry_sdk.utils import BadDsn
    except ImportError:
        raise SettingsError(_MISSING) from None
    try:
        sentry_sdk.init(
            settings.sentry_dsn, release=version(), environment=settings.portal_env, before_send=_strip,
            default_integrations=False, auto_enabling_integrations=False, auto_session_tracking=False,
            include_local_variables=False, include_source_context=False,
            max_request_body_size="never", max_breadcrumbs=0, server_name="", traces_sample_rate=None,
        )  # fmt: skip
    except BadDsn as error:
        raise SettingsError("SENTRY_DSN: use the address that Sentry shows, https://KEY@HOST/NUMBER") from error
    _follow_the_queue()
    return _report


def _report(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Report the error of a line of log, if it has one."""
    found = entry.get("exc_info")
    error = found if isinstance(found, BaseException) else sys.exc_info()[1] if found else None
    if error is not None:
        _send(error, {name: str(entry[name]) for name in _TAGS if entry.get(name)} | {"event": str(entry["event"])})
    return entry


def _send(error: BaseException, tags: dict[str, str]) -> None:
    import sentry_sdk

    with sentry_sdk.new_scope() as scope:
        for name, value in tags.items():
            scope.set_tag(name, value)
        sentry_sdk.capture_exception(error)


class _OfQueue(logging.Handler):
    """What the worker's library logs when a task fails outside of our own code's care."""

    def emit(self, record: logging.LogRecord) -> None:
        """Report it."""
        if record.exc_info and record.exc_info[1]:
            _send(record.exc_info[1], {"event": "task_failed"})


def _follow_the_queue() -> None:
    queue = logging.getLogger("huey")
    if not any(isinstance(one, _OfQueue) for one in queue.handlers):
        queue.addHandler(_OfQueue())


def _strip(event: Any, _hint: Any) -> Any:
    """Only what is listed leaves this machine, whatever the library gathers today or tomorrow."""
    errors = (event.get("exception") or {}).get("values") or ()
    kept = {name: event[name] for name in _KEPT if name in event}
    return kept | {"exception": {"values": [_plain(one) for one in errors]}}


def _plain(error: dict[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames") or ()
    places = [{name: frame[name] for name in _OF_FRAME if name in frame} for frame in frames]
    return {"type": error.get("type"), "module": error.get("module"), "stacktrace": {"frames": places}}
