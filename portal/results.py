"""What MariaDB and MySQL answer to PyMySQL, read from where it has arrived.

The driver takes every packet out of its buffer by itself, with twenty calls of Python for each of them, three more for
each value, and sixty to understand one column's description. That was more than a third of a short request. Here what
lies whole in the buffer is read in one go, and a result that is described as one before is not understood anew. All
else stays the driver's business: the first packet, one that has not arrived whole, very long ones, errors, the end.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from pymysql.connections import MAX_PACKET_LEN, Connection, MySQLResult
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions, convert_date, convert_datetime

# Each packet begins with three bytes that say its length, and its number.
_HEAD = 4
# What says instead of a length that there is no value, or how many bytes the length takes.
_NULL, _WIDTHS = 0xFB, {0xFC: 2, 0xFD: 3, 0xFE: 8}
# The first byte of what is no row for sure: an error. The end begins as a very long value does.
_END, _ERROR = 0xFE, 0xFF
# How many descriptions a process remembers; there are some hundred statements.
_MOST = 1000

Reader = Callable[[bytes], Any]
_known: dict[tuple[str, bytes], tuple[list[Any], list[Any], tuple[Any, ...], list[Reader]]] = {}


class ArrivedResult(MySQLResult):
    """A result that is read from the buffer of its connection as far as it lies there."""

    connection: Connection
    _readers: list[Reader]

    def _get_descriptions(self) -> None:
        connection = self.connection
        waiting = _arrived(connection)
        end = _end_of(waiting, self.field_count + 1, connection._next_seq_id)
        key = (connection.encoding, waiting[:end])
        if known := _known.get(key):
            connection._rfile.read(end)
            connection._next_seq_id = (connection._next_seq_id + self.field_count + 1) % 256
            self.fields, self.converters, self.description, self._readers = known
            return
        super()._get_descriptions()
        self._readers = [_reader(encoding, convert) for encoding, convert in self.converters]
        if end:
            if len(_known) >= _MOST:
                _known.clear()
            _known[key] = (self.fields, self.converters, self.description, self._readers)

    def _read_rowdata_packet(self) -> None:
        rows: list[tuple[Any, ...]] = []
        while True:
            _take_rows(self.connection, self._readers, rows)
            packet = self.connection._read_packet()
            if self._check_packet_is_eof(packet):
                break
            rows.append(self._read_row_from_packet(packet))
        self.connection = None
        self.affected_rows, self.rows = len(rows), tuple(rows)


def _arrived(connection: Connection) -> bytes:
    """What waits in the buffer, which is filled once if it is empty. A fault shows at the driver's next read."""
    try:
        found: bytes = connection._rfile.peek(1)
    except OSError:
        return b""
    return found


def _end_of(waiting: bytes, packets: int, number: int) -> int:
    """Where so many packets end; 0 unless all of them are there, one after the other."""
    at, size = 0, len(waiting)
    for count in range(packets):
        if at + _HEAD >= size or waiting[at + 3] != (number + count) % 256 or waiting[at + _HEAD] == _ERROR:
            return 0
        at += _HEAD + int.from_bytes(waiting[at : at + 3], "little")
    return at if at <= size else 0


def _take_rows(connection: Connection, readers: list[Reader], rows: list[tuple[Any, ...]]) -> None:
    """Take the rows that lie whole in the buffer, up to the first packet that is something else."""
    waiting = _arrived(connection)
    at, size, number = 0, len(waiting), connection._next_seq_id
    while at + _HEAD < size and waiting[at + 3] == number and waiting[at + _HEAD] < _END:
        length = int.from_bytes(waiting[at : at + 3], "little")
        end = at + _HEAD + length
        if end > size or length == MAX_PACKET_LEN:
            break
        rows.append(_row(waiting, at + _HEAD, readers))
        at, number = end, (number + 1) % 256
    connection._rfile.read(at)
    connection._next_seq_id = number


def _row(waiting: bytes, at: int, readers: list[Reader]) -> tuple[Any, ...]:
    row: list[Any] = []
    for read in readers:
        length = waiting[at]
        at += 1
        if length == _NULL:
            row.append(None)
            continue
        if length > _NULL:
            width = _WIDTHS[length]
            length = int.from_bytes(waiting[at : at + width], "little")
            at += width
        end = at + length
        row.append(read(waiting[at:end]))
        at = end
    return tuple(row)


def _reader(encoding: str | None, convert: Callable[[Any], Any] | None) -> Reader:
    """From the bytes of a value to the value, as the driver's two steps lead to it."""
    if convert is int:  # takes digits as they came
        return int
    if encoding is None:
        return convert or bytes
    if convert is None:
        return bytes.decode if encoding == "utf8" else lambda value: value.decode(encoding)
    if convert in _REPEATED:
        return _remembering(encoding, convert)
    return lambda value: convert(value.decode(encoding))


@cache
def _remembering(encoding: str, convert: Callable[[Any], Any]) -> Reader:
    """A reader of what comes again and again, as the days of a term do and the moments of a log with its items."""
    return lru_cache(maxsize=_MOST)(lambda value: convert(value.decode(encoding)))


def _day(value: str) -> date | str:
    """A day; what is none, such as 0000-00-00, as the driver gives it."""
    try:
        return date.fromisoformat(value)
    except ValueError:
        found: date | str = convert_date(value)
        return found


def _moment(value: str) -> datetime | str:
    """A moment; what is none as the driver gives it."""
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        found: datetime | str = convert_datetime(value)
        return found


_REPEATED = frozenset({_day, _moment})
# For `conv` of a connection: the driver's own, but days and moments read by the interpreter instead of a pattern.
CONVERSIONS = conversions | {FIELD_TYPE.DATE: _day, FIELD_TYPE.DATETIME: _moment, FIELD_TYPE.TIMESTAMP: _moment}
