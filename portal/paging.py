"""Paging by key: page 1,000 costs what page 1 costs, and a row that is added meanwhile shifts nothing.

A cursor holds the sort values and the id of a page's last (or first) row, with its position for the eye.
Source of the technique: Markus Winand, "We need tool support for keyset pagination" (2013).
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_

Row = TypeVar("Row")

PAGE_SIZE = 50
# A cursor of two names of 210 letters in any script is shorter.
_LONGEST = 3000
_MOST = 2**31


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise ValueError("a moment without a time zone")
    return moment.astimezone(UTC)


# How the keys that JSON does not know are read back.
_READ: dict[type, Callable[[str], Any]] = {date: date.fromisoformat, datetime: _moment}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after (or before) this row; `position` is how many rows stand before the page."""

    values: tuple[str | int, ...]
    row_id: int
    position: int
    backward: bool = False

    def encode(self) -> str:
        """The cursor as it stands in an address."""
        parts = [list(self.values), self.row_id, self.position, int(self.backward)]
        packed = json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
        return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str | None) -> "Cursor | None":
        """The cursor in an address; None when it is absent or was tampered with (the first page then)."""
        if not text or len(text) > _LONGEST:
            return None
        try:
            parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            values, row_id, position, backward = parts
            cursor = cls(tuple(values), row_id, position, bool(backward))
        except (ValueError, TypeError, RecursionError, binascii.Error):
            return None
        numbers = (cursor.row_id, cursor.position)
        sane = all(_is_sane(value) for value in cursor.values) and all(type(number) is int for number in numbers)
        return cursor if sane and all(0 <= number < _MOST for number in numbers) else None


def _is_sane(value: object) -> bool:
    """Whether every database can take it: a bounded number, or text without NUL and half characters."""
    if type(value) is int:
        return abs(value) < _MOST
    half = isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value)
    return isinstance(value, str) and "\0" not in value and not half


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What part of a list is wanted: rows per page, the name of the sort, its direction, and where to begin."""

    sort: str
    descending: bool = False
    cursor: Cursor | None = None
    size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page, the position of its first row, the total, and the cursors of its neighbours."""

    rows: Sequence[Row]
    first: int
    total: int
    following: str | None
    previous: str | None

    @property
    def last(self) -> int:
        """The position of the page's last row, counted from 1; 0 on an empty page."""
        return self.first + len(self.rows) - 1 if self.rows else 0


def fitting(wanted: PageRequest, keys: Sequence[ColumnElement[Any]]) -> PageRequest:
    """The request without its cursor when that belongs to another sort: an address is edited by hand now and then."""
    if wanted.cursor is None or values_of(wanted.cursor, keys) is not None:
        return wanted
    return replace(wanted, cursor=None)


def slice_by_key(
    statement: Select[Any], keys: Sequence[ColumnElement[Any]], row_id: ColumnElement[int], wanted: PageRequest
) -> Select[Any]:
    """The statement ordered by `keys` (never null) and id, from the cursor on, one row longer than the page.

    Give it what `fitting` gives back; all keys run in the same direction.
    """
    cursor = wanted.cursor
    downward = wanted.descending != (cursor is not None and cursor.backward)
    columns = [*keys, row_id]
    if cursor is not None:
        values = [*(values_of(cursor, keys) or ()), cursor.row_id]
        statement = statement.where(beyond(columns, values, downward))
    order = [column.desc() if downward else column.asc() for column in columns]
    return statement.order_by(*order).limit(wanted.size + 1)


def make_page(found: Sequence[Row], ends: Sequence[tuple[Any, ...]], wanted: PageRequest, total: int) -> Page[Row]:
    """A page of what `slice_by_key` found; `ends` holds each row's sort values with its id last."""
    cursor = wanted.cursor
    backward = cursor is not None and cursor.backward
    more = len(found) > wanted.size
    rows, ends = list(found[: wanted.size]), list(ends[: wanted.size])
    if backward:
        rows.reverse()
        ends.reverse()
    if not rows:
        return Page([], 0, total, None, _way_back(wanted))
    before = _rows_before(wanted, len(rows), more)
    has_previous = more if backward else cursor is not None
    following = _cursor(ends[-1], before + len(rows)) if backward or more else None
    previous = _cursor(ends[0], before, backward=True) if has_previous else None
    return Page(rows, before + 1, total, following, previous)


def values_of(cursor: Cursor, keys: Sequence[ColumnElement[Any]]) -> list[Any] | None:
    """The cursor's values as the types of these columns; None when they cannot be that."""
    if len(cursor.values) != len(keys):
        return None
    typed: list[Any] = []
    for value, key in zip(cursor.values, keys, strict=True):
        wanted = key.type.python_type
        try:
            typed.append(_READ[wanted](value) if wanted in _READ and isinstance(value, str) else value)
        except (ValueError, OverflowError):
            return None
        if type(typed[-1]) is not wanted:
            return None
    return typed


def beyond(columns: Sequence[ColumnElement[Any]], values: Sequence[Any], downward: bool) -> ColumnElement[bool]:
    """Strictly after these values in the order of the columns; spelt out, since not all compare rows of values fast.

    The bound of the first column stands before the rest by itself: an index is entered there, not read from its end.
    """
    steps = []
    for at, (column, value) in enumerate(zip(columns, values, strict=True)):
        ties = [earlier == same for earlier, same in zip(columns[:at], values[:at], strict=True)]
        steps.append(and_(*ties, column < value if downward else column > value))
    first, bound = columns[0], values[0]
    return and_(first <= bound if downward else first >= bound, or_(*steps)) if len(columns) > 1 else or_(*steps)


def _cursor(end: tuple[Any, ...], position: int, *, backward: bool = False) -> str:
    values = tuple(value.isoformat() if isinstance(value, date) else value for value in end[:-1])
    return Cursor(values, end[-1], position, backward).encode()


def _rows_before(wanted: PageRequest, count: int, more: bool) -> int:
    cursor = wanted.cursor
    if cursor is None:
        return 0
    if not cursor.backward:
        return cursor.position
    # Going back, the first page is known by itself, whatever was added or taken away meanwhile.
    return max(1, cursor.position - count) if more else 0


def _way_back(wanted: PageRequest) -> str | None:
    """From a page that has run empty meanwhile back to the rows before it, the cursor's own among them."""
    cursor = wanted.cursor
    if cursor is None or cursor.backward:
        return None
    beside = cursor.row_id + (-1 if wanted.descending else 1)
    return replace(cursor, row_id=max(beside, 0), backward=True).encode()
