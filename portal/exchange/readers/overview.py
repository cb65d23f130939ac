"""A first look at an uploaded file: the tables in it, their headers and first rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from portal.errors import lazy
from portal.exchange.readers.csv_files import read_csv
from portal.exchange.readers.tables import BadFile, Line, open_table
from portal.exchange.readers.xlsx_files import Sheet, list_sheets

_FIRST = 5
_LOOKED_AT = 50
_SHOWN = 80
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Look:
    """A table of a file: its sheet in a workbook (None for CSV), rows, header, and some cells of its first rows.

    `trouble` says why it cannot be read, if it cannot.
    """

    sheet: int | None
    sheet_name: str
    rows: int
    header: Sequence[str] = ()
    first: Sequence[Sequence[str]] = ()
    trouble: Any = None


def ending_of(begin: bytes, name: str) -> str:
    """The ending for a file, by what it begins with and whatever its name says. Raises BadFile for an old workbook."""
    if begin.startswith(_OLD_WORKBOOK):
        raise BadFile(name, lazy("This is a workbook of the old kind, or a locked one. Save it as .xlsx or CSV."))
    return ".xlsx" if begin.startswith(b"PK\x03\x04") else ".csv"


def look_into(name: str, content: bytes, ending: str) -> Sequence[Look]:
    """The tables of a file. Raises BadFile when there is none that can be read."""
    if ending == ".csv":
        return [_look_at_csv(name, content)]
    looks = [_look_at_sheet(name, sheet) for sheet in list_sheets(name, content, _LOOKED_AT)]
    filled = [look for look in looks if look.rows]
    if not filled:
        raise BadFile(name, lazy("The workbook is empty."))
    return filled


def _look_at_csv(name: str, content: bytes) -> Look:
    lines = read_csv(name, content)
    header, filled = open_table(name, lines)
    first = list(islice(filled, _FIRST))
    rows = len(first) + sum(1 for _ in filled)
    return Look(None, "", rows, _shown(header), [_shown(line) for line in first])


def _look_at_sheet(name: str, sheet: Sheet) -> Look:
    if sheet.trouble:
        return Look(sheet.place, sheet.name, sheet.rows, trouble=sheet.trouble)
    if not sheet.rows:
        return Look(sheet.place, sheet.name, 0)
    try:
        header, filled = open_table(name, sheet.first)
    except BadFile as error:
        return Look(sheet.place, sheet.name, sheet.rows, trouble=error.message)
    first = [_shown(line) for line in islice(filled, _FIRST)]
    return Look(sheet.place, sheet.name, sheet.rows - 1, _shown(header), first)


def _shown(line: Line) -> list[str]:
    """The cells of a line as a page shows them and every database takes them."""
    return [storable(cell, _SHOWN) for cell in line.cells]


def storable(text: str, longest: int) -> str:
    """A text cut to a length, without what some database refuses."""
    text = text.replace("\0", "\ufffd").encode(errors="replace").decode()
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
