"""A sheet of an XLSX workbook as text.

A workbook is a ZIP archive: a small one can unpack to gigabytes, and a single cell in the last row
of the last column makes a reader lay out seventeen billion. Both are refused before it is read.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from portal.errors import lazy
from portal.exchange.readers.tables import BadFile, Line

MOST_UNPACKED = 200 * 1024 * 1024
MOST_PARTS = 2_000
MOST_CELLS = 4_000_000
# Of more sheets than anyone looks through only the first are offered.
MOST_SHEETS = 30
# Between < and > stands no other <: a tag that never ends is given up at the next one, not searched to the end.
_TAG = re.compile(rb"<(?:\w+:)?(row|c)((?:\s[^<>]*)?)>(\s*<(?:\w+:)?f[\s/>])?")
_ROW = re.compile(rb"<(?:\w+:)?row[\s>][^<>]*>?\s*<(?:\w+:)?c[\s>/]")
_END_OF_ROW = re.compile(rb"</(\w+:)?row\s*>")
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]*)(\d+)["']""")
_ERROR = re.compile(rb"""\st\s*=\s*["']e["']""")
_SHEET = re.compile(rb"""<(?:\w+:)?sheet\s[^<>]*?:id\s*=\s*["']([^"'<]+)""")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\s[^<>]*>")
_ATTRIBUTE = re.compile(rb"""\s(Id|Target)\s*=\s*["']([^"']*)""")
# What zipfile raises for archives that are damaged, encrypted, packed in an unknown way, or no workbook.
_DAMAGES = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, KeyError, ValueError)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet of a workbook: its place among the sheets, its name, how many rows hold something, and the first ones.

    `trouble` says why it cannot be read, if it cannot.
    """

    place: int
    name: str
    rows: int
    first: Sequence[Line]
    trouble: Any = None


def read_xlsx(file: str, content: bytes, sheet: int = 0) -> Iterator[Line]:
    """The rows of a sheet, header included. Raises BadFile.

    A formula, or an error such as #N/A, comes as a text that begins with `=`.
    """
    with _opened(file, content) as (archive, parts, book):
        if sheet >= len(parts):
            raise BadFile(file, lazy("The workbook has no such sheet."))
        formulas = _formulas(file, archive.read(parts[sheet]))
        rows = book.get_sheet_by_index(sheet).to_python(skip_empty_area=False)
    for number, cells in enumerate(rows, start=1):
        yield _line(number, cells, formulas)


def list_sheets(file: str, content: bytes, most: int) -> Sequence[Sheet]:
    """The sheets of a workbook in their order, each with about so many of its first rows. Raises BadFile."""
    found: list[Sheet] = []
    begins, rows = _beginnings(file, content, most)
    with _opened(file, begins) as (archive, parts, book):
        for place, (about, part) in enumerate(zip(book.sheets_metadata, parts, strict=True)):
            if about.typ == SheetTypeEnum.WorkSheet and len(found) < MOST_SHEETS:
                found.append(_sheet(file, place, about.name, rows[part], archive.read(part), book, most))
    return found


def _beginnings(file: str, content: bytes, most: int) -> tuple[bytes, dict[str, int]]:
    """A workbook of the first rows of each sheet, and how many rows each had by its part.

    The reader lays out whole sheets: ten seconds and half a gigabyte for the largest that are taken.
    """
    begins, rows = io.BytesIO(), {}
    with _damages_told(file), zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(begins, "w") as cut:
        _refuse_bombs(file, archive)
        sheets = set(_sheet_parts(archive))
        for name in archive.namelist():
            if not name.endswith((".xml", ".rels")):
                continue
            raw = archive.read(name)
            if name in sheets:
                rows[name] = sum(1 for _ in _ROW.finditer(raw))
                raw = _cut(raw, most)
            cut.writestr(name, raw)
    return begins.getvalue(), rows


def _cut(sheet: bytes, most: int) -> bytes:
    """A sheet that ends after so many rows."""
    for number, end in enumerate(_END_OF_ROW.finditer(sheet), start=1):
        if number == most:
            prefix = end[1] or b""
            return sheet[: end.end()] + b"</%bsheetData></%bworksheet>" % (prefix, prefix)
    return sheet


def _sheet(file: str, place: int, name: str, rows: int, raw: bytes, book: CalamineWorkbook, most: int) -> Sheet:
    try:
        formulas = _formulas(file, raw)
    except BadFile as error:
        return Sheet(place, name, rows, (), error.message)
    first = book.get_sheet_by_index(place).to_python(skip_empty_area=False, nrows=most)
    return Sheet(place, name, rows, [_line(number, cells, formulas) for number, cells in enumerate(first, start=1)])


def _line(number: int, cells: Sequence[Any], formulas: Container[tuple[int, int]]) -> Line:
    return Line(number, tuple(_text(cell, (number, column) in formulas) for column, cell in enumerate(cells, 1)))


@contextmanager
def _opened(file: str, content: bytes) -> Iterator[tuple[zipfile.ZipFile, Sequence[str], CalamineWorkbook]]:
    """A workbook that unpacks to what can be held: its archive, the parts of its sheets, and its reader.

    Raises BadFile, also for whatever is found to be damaged while it is open.
    """
    with _damages_told(file), zipfile.ZipFile(io.BytesIO(content)) as archive:
        _refuse_bombs(file, archive)
        if archive.testzip() is not None:
            raise zipfile.BadZipFile
        parts = _sheet_parts(archive)
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            yield archive, parts, book


@contextmanager
def _damages_told(file: str) -> Iterator[None]:
    try:
        yield
    except (*_DAMAGES, CalamineError):
        message = lazy(
            "This is not a workbook that can be read (it may be damaged or locked). Save it as .xlsx or CSV."
        )
        raise BadFile(file, message) from None


def _refuse_bombs(file: str, archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    # The sizes that it states hold: reading stops there, and a part that goes on fails its checksum.
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise BadFile(file, lazy("The workbook unpacks to more than %(size)s MB.", size=MOST_UNPACKED >> 20))


def _sheet_parts(archive: zipfile.ZipFile) -> list[str]:
    """The names of the parts that hold the sheets, in their order (ECMA-376 part 1, 12.3.23). Raises KeyError."""
    relations = _RELATION.findall(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {found.get(b"Id"): found.get(b"Target", b"") for found in map(dict, map(_ATTRIBUTE.findall, relations))}
    found = [targets[sheet].decode() for sheet in _SHEET.findall(archive.read("xl/workbook.xml"))]
    if not found:
        raise KeyError("no sheet")
    return [target.removeprefix("/") if target.startswith("/") else f"xl/{target}" for target in found]


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
