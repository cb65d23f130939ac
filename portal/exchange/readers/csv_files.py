"""CSV as spreadsheets save it: RFC 4180, and with the semicolons or tabs that some languages' spreadsheets write."""

import csv
import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator

from portal.errors import lazy
from portal.exchange.readers.tables import BadFile, Line

_ADVICE = lazy("Save it again as “CSV UTF-8”.")
_DELIMITERS = ",;\t"
_LONGEST_CELL = 1_000_000
_FIRST_LINE = re.compile(r"\s*[^\r\n]*")


def read_csv(file: str, content: bytes) -> Iterator[Line]:
    """The rows of a CSV file, header included. Raises BadFile."""
    text = _decode(file, content)
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    begins = 1
    try:
        for cells in reader:
            yield Line(begins, tuple(cells))
            begins = reader.line_num + 1
    except csv.Error as error:
        message = lazy("A quotation mark is open or stands in the wrong place, so the rest cannot be read.")
        if "field limit" in str(error):
            message = lazy("A cell has more than a million characters; perhaps a quotation mark is open.")
        raise BadFile(file, message, begins) from None


def _decode(file: str, content: bytes) -> str:
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise BadFile(file, lazy("The file is encoded in UTF-16, not UTF-8. %(advice)s", advice=_ADVICE))
    if content.startswith(b"PK\x03\x04"):
        raise BadFile(file, lazy("This is a workbook, not CSV. Give it the ending .xlsx, or save it as “CSV UTF-8”."))
    if (place := content.find(b"\0")) >= 0:
        message = lazy("The file contains NUL bytes, as UTF-16 or damaged files do. %(advice)s", advice=_ADVICE)
        raise BadFile(file, message, _line_of(content, place))
    try:
        return content.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise _wrong_encoding(file, content, content.startswith(BOM_UTF8) * len(BOM_UTF8) + error.start) from None


def _wrong_encoding(file: str, content: bytes, place: int) -> BadFile:
    """What an older encoding would show there helps to find the cell."""
    shown = content[max(0, content.rfind(b"\n", 0, place) + 1, place - 20) : place + 10]
    message = lazy(
        "The file is not UTF-8; this looks like Windows-1252 or Latin-1: “%(text)s”. %(advice)s",
        text=shown.decode("cp1252", errors="replace").partition("\n")[0].strip(),
        advice=_ADVICE,
    )
    return BadFile(file, message, _line_of(content, place))


def _line_of(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1


def _delimiter(text: str) -> str:
    """What the header is divided by."""
    header = _FIRST_LINE.match(text)
    return max(_DELIMITERS, key=header[0].count) if header else _DELIMITERS[0]
