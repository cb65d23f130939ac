"""The first sheet of an XLSX workbook as text.

A workbook is a ZIP archive: a small one can unpack to gigabytes, and a single cell in the last row
of the last column makes a reader lay out seventeen billion. Both are refused before it is read.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from portal.errors import lazy
from portal.exchange.readers.tables import BadFile, Line

MOST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 2_000
MOST_CELLS = 4_000_000
# Between < and > stands no other <: a tag that never ends is given up at the next one, not searched to the end.
_TAG = re.compile(rb"<(?:\w+:)?(row|c)((?:\s[^<>]*)?)>(\s*<(?:\w+:)?f[\s/>])?")
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)(\d+)["']""")
_ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
_SHEET = re.compile(rb"""<(?:\w+:)?sheet\s[^<>]*?:id\s*=\s*["']([^"'<]+)""")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^<>]*>")
_ATTRIBUTE = re.compile(rb"""\s(Id|Target)\s*=\s*["']([^"']*)""")
# What zipfile raises for archives that are damaged, encrypted, packed in an unknown way, or no workbook.
_DAMAGES = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, KeyError, ValueError)


def read_xlsx(file: str, content: bytes) -> Iterator[Line]:
    """The rows of the first sheet, header included. Raises BadFile.

    A formula, or an error such as #N/A, comes as a text that begins with `=`.
    """
    try:
        formulas = _inspect(file, content)
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (*_DAMAGES, CalamineError):
        message = lazy("This is no workbook that can be read (it may be damaged or locked). Save it as .xlsx or CSV.")
        raise BadFile(file, message) from None
    for number, cells in enumerate(rows, start=1):
        yield Line(number, tuple(_text(cell, (number, column) in formulas) for column, cell in enumerate(cells, 1)))


def _inspect(file: str, content: bytes) -> set[tuple[int, int]]:
    """Where formulas and errors stand in the first sheet, as (row, column).

    Raises BadFile when it would unpack to too much.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        # The sizes that it states hold: reading stops there, and a part that goes on fails its checksum.
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
            raise BadFile(file, lazy("The workbook unpacks to more than %(size)s MB.", size=MOST_UNPACKED >> 20))
        if archive.testzip() is not None:
            raise zipfile.BadZipFile
        return _formulas(file, archive.read(_first_sheet(archive)))


def _first_sheet(archive: zipfile.ZipFile) -> str:
    """The name of the part that holds the first sheet (ECMA-376 part 1, 12.3.23). Raises KeyError."""
    first = _SHEET.search(archive.read("xl/workbook.xml"))
    relations = _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {found.get(b"Id"): found.get(b"Target", b"") for found in map(dict, map(_ATTRIBUTE.findall, relations))}
    target = targets[first[1] if first else b""].decode()
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _formulas(file: str, sheet: bytes) -> set[tuple[int, int]]:
    """Cells with a formula or an error. A row or cell that does not say its place follows the one before (18.3.1.4)."""
    found, row, column, last_row, last_column = set(), 0, 0, 0, 0
    for tag in _TAG.finditer(sheet):
        kind, attributes, formula = tag.groups()
        place = _PLACE.search(attributes)
        if kind == b"row":
            row, column = int(place[2]) if place else row + 1, 0
        elif place:
            row, column = int(place[2]), _column(place[1].upper())
        else:
            column += 1
        last_row, last_column = max(last_row, row), max(last_column, column)
        if formula or (kind == b"c" and _ERROR.search(attributes)):
            found.add((row, column))
    if last_row * max(1, last_column) > MOST_CELLS:
        raise BadFile(file, lazy("The sheet reaches to far-off cells. Copy its table to a new workbook."))
    return found


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _text(cell: Any, is_formula: bool) -> str:
    """A cell as a person would type it in CSV."""
    if is_formula:
        return f"={cell}"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ")
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date) else str(cell)
