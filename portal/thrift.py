"""Connections of PyMySQL that ask MariaDB and MySQL for nothing that need not be asked.

A request that only reads sends its own statements and nothing else: no ping before, no rollback after. At READ
COMMITTED each statement sees what is committed when it begins, within a transaction or without, so reads need none;
the first statement that writes or locks opens one.
"""

import select
import ssl
from functools import cache
from struct import error as StructError  # noqa: N812 (a class)
from time import monotonic, perf_counter
from typing import Any

from pymysql.connections import Connection
from pymysql.constants.CR import CR_SERVER_LOST
from pymysql.err import InternalError, MySQLError, OperationalError
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import Pool

from portal.measuring import note_statement
from portal.results import CONVERSIONS, ArrivedResult

# What the server says with each answer (SERVER_STATUS_IN_TRANS, SERVER_STATUS_AUTOCOMMIT).
_IN_TRANSACTION, _BY_ITSELF = 1, 2
_READS = ("SELECT", "SET", "SHOW")
_LOCKS = ("FOR UPDATE", "FOR SHARE", "LOCK IN SHARE MODE")
_DEADLOCK = 1213
# The pulses are read as one text, which MySQL would cut at 1,024 bytes.
_LONGEST_TEXT = "SET SESSION group_concat_max_len = 262144"
# How much of an answer is taken from the socket at once: what has arrived is read without a call for each packet.
_AT_ONCE = 64 * 1024
# For this many seconds a connection is taken to be there as long as nothing has come from it unasked.
_TRUSTED = 5.0


class ThriftyConnection(Connection):
    """A connection that knows whether it is in a transaction, and opens one where something is written."""

    used_at = 0.0
    _read_timeout: float | None

    def _create_ssl_ctx(self, sslp: Any) -> ssl.SSLContext:
        """What TLS is spoken with: where no certificate is asked for, the same for all, for making one takes 30 ms."""
        made: ssl.SSLContext = super()._create_ssl_ctx(sslp) if sslp else _unasking_tls()
        return made

    def query(self, sql: Any, unbuffered: bool = False) -> int:
        """Send a statement, in a transaction if it needs one."""
        try:
            if self.server_status & (_IN_TRANSACTION | _BY_ITSELF) == _BY_ITSELF and not _only_reads(sql):
                super().query("BEGIN")
            began = perf_counter()
            found = int(super().query(sql, unbuffered))
            note_statement(perf_counter() - began)
            return found
        except Exception as error:
            if isinstance(error, OperationalError) and error.args[0] == _DEADLOCK:
                self.server_status &= ~_IN_TRANSACTION  # the server has undone it all by itself
            self.tell_loss(error)
            raise

    def _read_query_result(self, unbuffered: bool = False) -> int:
        """Read an answer as `results.py` does; one that is fetched bit by bit as the driver does."""
        if unbuffered:
            return int(super()._read_query_result(unbuffered))
        self._result = None
        result = ArrivedResult(self)
        result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows)

    def commit(self) -> None:
        """Keep what was written, if anything was, or else undo it: nobody is to be given what is left of it."""
        if self.server_status & _IN_TRANSACTION:
            try:
                super().commit()
            except Exception as error:
                self.rollback()
                self.tell_loss(error)
                raise

    def rollback(self) -> None:
        """Undo what was written, if anything was. A server that cannot be told undoes it when the connection ends."""
        if self.server_status & _IN_TRANSACTION:
            try:
                super().rollback()
            except Exception:
                self._force_close()
                self.server_status &= ~_IN_TRANSACTION

    def tell_loss(self, error: Exception) -> None:
        """Raise one error for a lost connection, where the driver lets out what it stumbled over just then.

        A packet out of order is one of its own faults; half a packet, one of its parser's.
        """
        is_half = isinstance(error, OSError | StructError | IndexError)
        is_known = isinstance(error, MySQLError) and not isinstance(error, InternalError)
        if not is_known and (self._sock is None or is_half):
            self._force_close()
            raise OperationalError(CR_SERVER_LOST, f"Lost connection to MySQL server ({error!r})") from error

    def make_sure(self) -> None:
        """Raise an error of the driver when the server is known to have gone, or is silent when it is asked."""
        moment = monotonic()
        if (self.used_at and moment - self.used_at > _TRUSTED) or self._has_news():
            patience, self._read_timeout = self._read_timeout, self.connect_timeout
            try:
                self.ping(reconnect=False)
            finally:
                self._read_timeout = patience
        self.used_at = moment

    def _has_news(self) -> bool:
        """Whether something has come unasked: the end of the connection, as when the server stops or cuts it."""
        if self._sock is None:
            return True
        asked = select.poll()
        asked.register(self._sock, select.POLLIN)
        return bool(asked.poll(0))


@cache
def _unasking_tls() -> ssl.SSLContext:
    made: ssl.SSLContext = Connection._create_ssl_ctx(None, {})
    return made


def connect_thriftily(*arguments: Any, **settings: Any) -> ThriftyConnection:
    """A new connection, whose statements are transactions by themselves until one is opened."""
    level = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
    # A server that takes connections and says nothing is away; the driver's own limit ends with the connection.
    patience = settings.pop("read_timeout", None)
    made = ThriftyConnection(
        *arguments, **settings, read_timeout=settings.get("connect_timeout"), autocommit=True, init_command=level,
        conv=CONVERSIONS, defer_connect=True,
    )  # fmt: skip
    try:
        made.connect()
    except Exception as error:
        made.tell_loss(error)
        raise
    made.query(_LONGEST_TEXT)
    made._read_timeout = patience
    made._rfile = made._sock.makefile("rb", _AT_ONCE)
    return made


@event.listens_for(Pool, "checkout")
def _make_sure(connection: Any, _record: Any, _proxy: Any) -> None:
    """Whoever takes a connection from a pool gets one that is there; all older ones are given up with one that is not.

    A ping each time would cost a read as much as its statement.
    """
    if isinstance(connection, ThriftyConnection):
        is_new = not connection.used_at
        try:
            connection.make_sure()
        except Exception as error:
            if is_new:  # there is no better one just now, and the pool would not say why
                raise OperationalError(CR_SERVER_LOST, f"Lost connection to MySQL server ({error!r})") from error
            raise InvalidatePoolError from error


def _only_reads(sql: Any) -> bool:
    return isinstance(sql, str) and sql.startswith(_READS) and not any(lock in sql for lock in _LOCKS)
