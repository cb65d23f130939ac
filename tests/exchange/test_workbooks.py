"""Workbooks as spreadsheets and other programs write them, and such as nobody should."""

import io
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from click.testing import Result

from portal.catalogue.models import Module
from portal.exchange.readers import xlsx_files
from tests.support.files import counts

pytestmark = pytest.mark.in_turn

Run = Callable[..., Result]
RowsOf = Callable[..., list[tuple[Any, ...]]]


def workbook(fill: Callable[[Any, Any], None] | None = None) -> bytes:
    """A workbook with one module in its first sheet, and a second sheet with a formula."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet("Modules")
    sheet.write_row(0, 0, ["code", "name", "credits"])
    sheet.write_row(1, 0, ["M1", "Logic", 5])
    if fill:
        fill(book, sheet)
    book.add_worksheet("Sums").write_formula("A2", "=1+1")
    book.close()
    return content.getvalue()


def repacked(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A workbook with its parts changed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return packed.getvalue()


def test_a_workbook_is_read_like_csv(run: Run, rows_of: RowsOf, folder: Path) -> None:
    (folder / "modules.xlsx").write_bytes(workbook())
    assert counts(run("exchange", "import", folder).output) == {"modules.xlsx": (1, 0, 0, 0, 0)}
    assert rows_of(Module.code, Module.name, Module.credits) == [("M1", "Logic", 5)]


def test_dates_and_numbers_of_a_workbook(run: Run, folder: Path) -> None:
    from datetime import datetime

    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet, as_date = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_row(0, 0, ["name", "start_date", "end_date"])
    sheet.write(1, 0, 2026)
    sheet.write_datetime(1, 1, datetime(2026, 12, 24), as_date)  # noqa: DTZ001  (a day in a sheet has no zone)
    sheet.write(1, 2, "2026-12-31")
    book.close()
    (folder / "breaks.xlsx").write_bytes(content.getvalue())
    run("exchange", "import", folder)
    assert run("calendar", "list-breaks").output == "2026-12-24  2026-12-31  2026\n"


def test_a_formula_in_a_workbook(refused: Callable[..., str], folder: Path) -> None:
    content = workbook(lambda _, sheet: sheet.write_formula("B2", '="Lo"&"gic"', None, "Logic"))
    (folder / "modules.xlsx").write_bytes(content)
    assert "modules.xlsx, line 2, column name “=Logic”: This looks like a formula." in refused()


NO_WORKBOOK = "modules.xlsx: This is not a workbook that can be read"


@pytest.mark.parametrize("content", [b"", b"code,name\nM1,Logic\n", b"PK\x03\x04 torn off", b"\xd0\xcf\x11\xe0 locked"])
def test_what_is_no_workbook(refused: Callable[..., str], folder: Path, content: bytes) -> None:
    (folder / "modules.xlsx").write_bytes(content)
    assert NO_WORKBOOK in refused()


def test_a_damaged_workbook(refused: Callable[..., str], folder: Path) -> None:
    whole = workbook()
    (folder / "modules.xlsx").write_bytes(whole[: len(whole) // 2])
    assert NO_WORKBOOK in refused()


def test_a_workbook_with_a_flipped_byte(refused: Callable[..., str], folder: Path) -> None:
    content = bytearray(workbook())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        sheet = archive.getinfo("xl/worksheets/sheet1.xml")
    content[sheet.header_offset + 80] ^= 0xFF
    (folder / "modules.xlsx").write_bytes(bytes(content))
    assert NO_WORKBOOK in refused()


def test_an_archive_without_sheets(refused: Callable[..., str], folder: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("hello.txt", "hello")
    (folder / "modules.xlsx").write_bytes(packed.getvalue())
    assert NO_WORKBOOK in refused()


def test_a_workbook_that_would_unpack_to_gigabytes(
    refused: Callable[..., str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx_files, "MOST_UNPACKED", 2 * 1024 * 1024)

    def swell(name: str, content: bytes) -> bytes:
        return content + b" " * (xlsx_files.MOST_UNPACKED + 1) if name.endswith("sheet1.xml") else content

    content = repacked(workbook(), swell)
    assert len(content) < 100_000
    (folder / "modules.xlsx").write_bytes(content)
    assert "modules.xlsx: The workbook unpacks to more than 2 MB." in refused()


def test_a_workbook_that_hides_its_size(refused: Callable[..., str], folder: Path) -> None:
    def swell(name: str, content: bytes) -> bytes:
        return content + b" " * 5_000_000 if name.endswith("sheet1.xml") else content

    content = bytearray(repacked(workbook(), swell))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    content = content.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))
    (folder / "modules.xlsx").write_bytes(bytes(content))
    assert NO_WORKBOOK in refused()


@pytest.mark.parametrize("cell", ["XFD1048576", "A1048576", "xfd1048576"])
def test_a_cell_in_the_far_corner_does_not_fill_the_memory(
    refused: Callable[..., str], folder: Path, cell: str
) -> None:
    def far(name: str, content: bytes) -> bytes:
        row = f'<row r="1048576"><c r="{cell}"><v>1</v></c><c r="XFD1048576"><v>1</v></c></row></sheetData>'
        return content.replace(b"</sheetData>", row.encode()) if name.endswith("sheet1.xml") else content

    (folder / "modules.xlsx").write_bytes(repacked(workbook(), far))
    assert "modules.xlsx: The sheet reaches to far-off cells." in refused()


def test_an_error_in_a_cell_is_not_taken_for_an_empty_one(refused: Callable[..., str], folder: Path) -> None:
    def fail(name: str, content: bytes) -> bytes:
        error = b'<c r="C2" t="e"><v>#N/A</v></c>'
        return content.replace(b'<c r="C2"><v>5</v></c>', error) if name.endswith("sheet1.xml") else content

    (folder / "modules.xlsx").write_bytes(repacked(workbook(), fail))
    assert "modules.xlsx, line 2, column credits “=" in refused()


def without_places(name: str, content: bytes) -> bytes:
    """A sheet whose rows and cells do not say where they stand, which is allowed."""
    return re.sub(rb'(<(?:row|c)) r="[A-Z0-9]+"', rb"\1", content) if name.endswith("sheet1.xml") else content


def test_cells_need_not_say_where_they_stand(run: Run, folder: Path) -> None:
    (folder / "modules.xlsx").write_bytes(repacked(workbook(), without_places))
    assert counts(run("exchange", "import", folder).output) == {"modules.xlsx": (1, 0, 0, 0, 0)}


def test_a_formula_in_a_cell_that_does_not_say_where_it_stands(refused: Callable[..., str], folder: Path) -> None:
    content = workbook(lambda _, sheet: sheet.write_formula("B2", '="Lo"&"gic"', None, "Logic"))
    (folder / "modules.xlsx").write_bytes(repacked(content, without_places))
    assert "modules.xlsx, line 2, column name “=Logic”: This looks like a formula." in refused()


@pytest.mark.parametrize(
    ("part", "tag"),
    [
        ("xl/worksheets/sheet1.xml", b"<c "),
        ("xl/worksheets/sheet1.xml", b"<row "),
        ("xl/workbook.xml", b"<sheet "),
        ("xl/_rels/workbook.xml.rels", b"<Relationship "),
    ],
)
def test_tags_that_never_end_take_no_time(refused: Callable[..., str], folder: Path, part: str, tag: bytes) -> None:
    content = repacked(workbook(), lambda name, content: tag * 100_000 if name == part else content)
    (folder / "modules.xlsx").write_bytes(content)
    began = time.monotonic()
    assert NO_WORKBOOK in refused()
    assert time.monotonic() - began < 5
