"""Sending one message: to an address that was checked, within a time, without following where it is sent on to.

No library of requests is used: each of them looks the name up again when it connects.
"""

import math
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPConnection, HTTPException
from threading import Event, Timer
from typing import Any

from portal import clock
from portal.webhooks.addresses import NotAllowed, Reach, Target, read_target, resolve
from portal.webhooks.models import MAX_ANSWER

# Standard Webhooks advises 15 to 30 seconds.
TIME_LIMIT = 15.0
_CONNECT_LIMIT = 5.0
# What is read of an answer, in bytes; a letter has at most four.
_MOST_BYTES = 4 * MAX_ANSWER
_MOST_ADDRESSES = 4
_OK, _REDIRECT, _REFUSED = 200, 300, 400
GONE, TOO_MANY, AWAY = 410, 429, 503
_LONGEST_WAIT = 24 * 3600
_TOO_MANY_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: the status of the answer and how it begins, or in a word what kept it from arriving.

    `wait` is after how many seconds the other side wants to be asked again.
    """

    status_code: int | None
    error: str | None
    answer: str = ""
    duration_ms: int = 0
    wait: int = 0

    @property
    def arrived(self) -> bool:
        """Whether the other side took it."""
        return self.error is None


class _Connection(HTTPConnection):
    """A connection to addresses that were looked up before, whatever the name stands for by now."""

    def __init__(self, target: Target, places: Sequence[tuple[int, tuple[Any, ...]]], limit: float) -> None:
        super().__init__(target.host, target.port, timeout=limit)
        self._target, self._places, self._limit = target, places, limit
        # The base class lets go of its own once it knows that the answer ends with the connection.
        self._present: socket.socket | None = None

    def connect(self) -> None:
        """Take the first address that answers."""
        self.sock = self._present = self._reach()
        if self._target.is_secure:
            # The handshake by itself: from here on `abort` finds the socket that it is made on.
            secure = _trust().wrap_socket(self.sock, server_hostname=self._target.host, do_handshake_on_connect=False)
            self.sock = self._present = secure
            secure.do_handshake()

    def _reach(self) -> socket.socket:
        last: OSError = ConnectionRefusedError()
        for family, place in self._places[:_MOST_ADDRESSES]:
            plain = socket.socket(family, socket.SOCK_STREAM)
            try:
                plain.settimeout(min(_CONNECT_LIMIT, self._limit))
                plain.connect(place)
                plain.settimeout(self._limit)
                return plain
            except OSError as error:
                plain.close()
                last = error
        raise last

    def abort(self) -> None:
        """End it from another thread: whoever reads or writes gets an error at once."""
        if self._present is not None:
            with suppress(OSError):
                socket.socket.shutdown(self._present, socket.SHUT_RDWR)


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def send(url: str, headers: Mapping[str, str], body: bytes, reach: Reach, limit: float = TIME_LIMIT) -> Outcome:
    """Send a body to an address, and say what became of it; never raises, never takes longer than about `limit`."""
    began = time.monotonic()
    is_over = Event()
    try:
        target = read_target(url, reach)
        found = _exchange(target, resolve(target, reach), headers, body, limit - (time.monotonic() - began), is_over)
    except NotAllowed as error:
        found = Outcome(None, error.code)
    except Exception as error:  # whatever one endpoint does must not keep back the others
        found = Outcome(None, "timeout" if is_over.is_set() else _word_of(error))
    took = int((time.monotonic() - began) * 1000)
    return Outcome(found.status_code, found.error, found.answer, took, found.wait)


def _exchange(
    target: Target, places: Sequence[Any], headers: Mapping[str, str], body: bytes, limit: float, is_over: Event
) -> Outcome:
    if limit <= 0:
        return Outcome(None, "timeout")
    connection = _Connection(target, places, limit)

    def end() -> None:
        is_over.set()
        connection.abort()

    # A limit for each read alone would let an endpoint that answers a byte at a time go on for hours.
    watch = Timer(limit, end)
    watch.daemon = True
    watch.start()
    try:
        connection.request("POST", target.path, body, {**headers, "Host": target.name, "Accept-Encoding": "identity"})
        response = connection.getresponse()
        read = response.read(_MOST_BYTES)
        if is_over.is_set():
            return Outcome(None, "timeout")
        return _judged(response.status, read, response.getheader("Retry-After", ""))
    finally:
        watch.cancel()
        connection.close()


def _judged(status: int, read: bytes, retry_after: str) -> Outcome:
    answer = "".join(
        letter if letter.isprintable() else " " for letter in read.decode("utf-8", "replace")[:MAX_ANSWER]
    ).strip()
    if _OK <= status < _REDIRECT:
        return Outcome(status, None, answer)
    error = "redirect" if _REDIRECT <= status < _REFUSED else "status"
    wait = _seconds_of(retry_after.strip()) if status in {TOO_MANY, AWAY} else 0
    return Outcome(status, error, answer, wait=min(wait, _LONGEST_WAIT))


def _seconds_of(retry_after: str) -> int:
    """How long to wait by `Retry-After`, which says a number of seconds or a moment (RFC 9110, section 10.2.3)."""
    if retry_after.isascii() and retry_after.isdigit() and len(retry_after) < _TOO_MANY_DIGITS:
        return int(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, TypeError):
        return 0
    return max(math.ceil((moment - clock.now()).total_seconds()), 0) if moment.tzinfo else 0


def _word_of(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "broken" if isinstance(error, HTTPException | OSError) else "fault"
