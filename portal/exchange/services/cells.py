"""From a cell's text to a value, or to a sentence that says what is wrong with it."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from portal.accounts.services import check_email
from portal.accounts.services.deletion import is_former_address
from portal.errors import DomainError, lazy
from portal.formulas import FORMULA, GUARDED

Kind = TypeVar("Kind", bound=StrEnum)

_NUMBER = re.compile(r"[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?%?", re.ASCII)
_WHOLE = re.compile(r"(\d{1,9})(\.0)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEARS = range(1950, 2151)
_INVISIBLE = {"Cc", "Cs", "Zl", "Zp"}
_SHOWN = 80
# Where a cell begins otherwise, in letters of ASCII, it is neither guarded nor a formula.
_MARKS = "'=+-@"


class RowError(Exception):
    """A row that cannot be taken: the column and value at fault, and a translatable message.

    `follows`: its only fault is that it depends on a row with an error.
    """

    def __init__(self, message: Any, column: str = "", value: str = "", *, follows: bool = False) -> None:
        super().__init__(message)
        self.message, self.column, self.value, self.follows = message, column, value[:_SHOWN], follows


class CellError(Exception):
    """What is wrong with a value, translatable."""

    def __init__(self, message: Any) -> None:
        super().__init__(message)
        self.message = message


class Blank(StrEnum):
    """What an empty cell means."""

    REFUSED = "refused"
    AS_BEFORE = "as before"  # as if the column were not there: what is stored stays, a new row gets the default
    NOTHING = "nothing"
    EMPTY_TEXT = "empty text"


@dataclass(frozen=True, slots=True)
class Column:
    """A known column: its name in header and draft, how its cells are read, and what an empty one means."""

    name: str
    read: Callable[[str], Any]
    blank: Blank = Blank.REFUSED
    required: bool = True

    @classmethod
    def optional(cls, name: str, read: Callable[[str], Any], blank: Blank = Blank.NOTHING) -> "Column":
        """A column that may be missing."""
        return cls(name, read, blank, required=False)


def read_cell(column: Column, raw: str) -> Any:
    """The value of a cell, or `Blank.AS_BEFORE`. Raises RowError."""
    try:
        text = _plain(raw)
        if text:
            return column.read(text)
    except CellError as error:
        raise RowError(error.message, column.name, raw) from None
    if column.blank is Blank.REFUSED:
        raise RowError(lazy("This cell must not be empty."), column.name)
    return {Blank.NOTHING: None, Blank.EMPTY_TEXT: ""}.get(column.blank, column.blank)


def _plain(raw: str) -> str:
    """The cell's text without the apostrophe of `guard` and without spaces around it."""
    if raw.isascii() and raw.isprintable() and raw[:1] not in _MARKS:
        return raw.strip()
    if GUARDED.match(raw):
        raw = raw[1:]
    elif FORMULA.match(raw) and not _NUMBER.fullmatch(raw.strip()):
        raise CellError(lazy("This looks like a formula. Write an apostrophe before it if it is meant as text."))
    text = unicodedata.normalize("NFC", raw.strip())
    if not text.isprintable() and any(unicodedata.category(letter) in _INVISIBLE for letter in text):
        raise CellError(lazy("There is a line break or an invisible control character in this cell."))
    return text


def text(longest: int) -> Callable[[str], str]:
    """Reads a text of at most so many characters."""

    def read(cell: str) -> str:
        if len(cell) > longest:
            raise CellError(
                lazy("This has %(count)s characters; at most %(limit)s fit.", count=len(cell), limit=longest)
            )
        return cell

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number between two, both included; 25.0 is one, as programs write it that know no other kind."""

    def read(cell: str) -> int:
        found = _WHOLE.fullmatch(cell)
        if found is None or not low <= int(found[1]) <= high:
            raise CellError(lazy("This must be a whole number from %(low)s to %(high)s.", low=low, high=high))
        return int(found[1])

    return read


def day(cell: str) -> date:
    """Reads a date, YYYY-MM-DD."""
    try:
        found = date.fromisoformat(cell) if _DATE.fullmatch(cell) else None
    except ValueError:
        raise CellError(lazy("There is no such day in the calendar.")) from None
    if found is None or found.year not in _YEARS:
        raise CellError(lazy("This is not a date such as 2026-08-24."))
    return found


def one_of(kind: type[Kind]) -> Callable[[str], Kind]:
    """Reads one of an enum's values, whatever its case."""
    known = {member.value.lower(): member for member in kind}

    def read(cell: str) -> Kind:
        if cell.lower() not in known:
            raise CellError(lazy("This must be one of %(values)s.", values=", ".join(kind)))
        return known[cell.lower()]

    return read


def email(cell: str) -> str:
    """Reads an email address, in lower case."""
    if is_former_address(cell):  # such as an export writes for who has left
        return cell
    try:
        return text(255)(check_email(cell))
    except DomainError as error:
        raise CellError(error.message) from None
