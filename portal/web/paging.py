"""Paging by key: page 1,000 costs what page 1 costs, and a row that is added meanwhile shifts nothing.

A cursor is the sort value and id of a page's last (or first) row, with its position for the eye.
Source of the technique: Markus Winand, "We need tool support for keyset pagination" (2013).
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_

Row = TypeVar("Row")

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after (or before) this row; `position` is how many rows stand before the page."""

    value: str | int | None
    row_id: int
    position: int
    backward: bool = False

    def encode(self) -> str:
        """The cursor as it stands in an address."""
        packed = json.dumps([self.value, self.row_id, self.position, int(self.backward)], separators=(",", ":"))
        return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str | None) -> "Cursor | None":
        """The cursor in an address; None when it is absent or was tampered with (the first page then)."""
        if not text or len(text) > 600:
            return None
        try:
            value, row_id, position, backward = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, TypeError, binascii.Error):
            return None
        sane = isinstance(value, str | int) and isinstance(row_id, int) and isinstance(position, int) and 0 <= position < 10**9
        return cls(value, row_id, position, bool(backward)) if sane and abs(row_id) < 2**31 else None


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


def slice_by_key(statement: Select[Any], key: ColumnElement[Any], row_id: ColumnElement[int], wanted: PageRequest) -> Select[Any]:
    """The statement ordered by `key` (never null) and id, from the cursor on, one row longer than the page."""
    cursor = wanted.cursor
    backward = cursor is not None and cursor.backward
    downward = wanted.descending != backward
    if cursor is not None:
        beyond = (key < cursor.value, row_id < cursor.row_id) if downward else (key > cursor.value, row_id > cursor.row_id)
        statement = statement.where(or_(beyond[0], and_(key == cursor.value, beyond[1])))
    order = (key.desc(), row_id.desc()) if downward else (key.asc(), row_id.asc())
    return statement.order_by(*order).limit(wanted.size + 1)


def make_page(found: Sequence[Row], keys: Sequence[tuple[Any, int]], wanted: PageRequest, total: int) -> Page[Row]:
    """A page of what `slice_by_key` found; `keys` holds each row's sort value and id."""
    cursor = wanted.cursor
    backward = cursor is not None and cursor.backward
    more = len(found) > wanted.size
    rows, ends = list(found[: wanted.size]), list(keys[: wanted.size])
    if backward:
        rows.reverse()
        ends.reverse()
    before = _position(cursor, len(rows), backward)
    has_previous = more if backward else cursor is not None and bool(rows)
    has_next = bool(rows) if backward else more
    following = Cursor(*ends[-1], before + len(rows)).encode() if rows and has_next else None
    previous = Cursor(*ends[0], before, backward=True).encode() if rows and has_previous else None
    return Page(rows, before + 1 if rows else 0, total, following, previous)


def _position(cursor: Cursor | None, count: int, backward: bool) -> int:
    if cursor is None:
        return 0
    return max(0, cursor.position - count) if backward else cursor.position
