"""Files that cannot be read: a clear answer, no traceback, and nothing is written."""

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from click.testing import Result

from portal.catalogue.models import Module
from portal.exchange.readers import folder as opening
from portal.exchange.readers import xlsx_files
from tests.support.files import counts

Run = Callable[..., Result]
RowsOf = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def refused(run: Run, rows_of: RowsOf, folder: Path) -> Callable[[], str]:
    """Imports the folder, sees that it is refused and that nothing is written, and gives what was said."""

    def do(*options: str) -> str:
        result = run("exchange", "import", folder, *options)
        assert result.exit_code == 1, result.output
        assert "Nothing was written" in result.output
        assert rows_of(Module.code) == []
        return " ".join(result.output.split())

    return do


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "modules.csv: The file is empty"),
        (b"\xef\xbb\xbf\r\n\r\n", "modules.csv: The file is empty"),
        (b"code,title\nM1,Logic\n", "modules.csv, line 1, column name: The column name is missing."),
        (b"M1,Logic\n", "The header has: m1, logic."),
        (b"code,name,Code\nM1,Logic,M1\n", "modules.csv, line 1, column code “Code”: The header has this column twice"),
        (
            "code,name\nM1,Logic\nM2,Économie\n".encode("latin-1"),
            "modules.csv, line 3: The file is not UTF-8; this looks like Windows-1252 or Latin-1: “M2,Économie”. "
            "Save it again as “CSV UTF-8”.",
        ),
        (
            "code,name\nM1,Logic\n".encode("utf-16"),
            "encoded in UTF-16, not UTF-8. Save it again as “CSV UTF-8”.",
        ),
        ("code,name\nM1,Logic\n".encode("utf-16-le"), "modules.csv, line 1: The file contains NUL bytes"),
        (b"code,name\nM1,Lo\0gic\n", "modules.csv, line 2: The file contains NUL bytes"),
        (b'code,name\nM1,"Logic\nM2,Maths\n', "modules.csv, line 2: A quotation mark is open"),
        (b'code,name\nM1,"Lo"gic\n', "modules.csv, line 2: A quotation mark is open or stands in the wrong place"),
        (b"PK\x03\x04 and so on", "This is a workbook, not CSV."),
    ],
)
def test_a_csv_file_that_cannot_be_read(refused: Callable[..., str], folder: Path, content: bytes, said: str) -> None:
    (folder / "modules.csv").write_bytes(content)
    assert said in refused()


def test_skip_errors_does_not_pass_over_a_whole_file(refused: Callable[..., str], folder: Path) -> None:
    (folder / "modules.csv").write_text("code,name\nM1,Logic\n")
    (folder / "classes.csv").write_text("year\n2026\n")
    assert "classes.csv, line 1, column name" in refused("--skip-errors")


def test_an_enormous_cell_is_too_long(run: Run, folder: Path) -> None:
    (folder / "modules.csv").write_text("code,name\nM1," + "x" * 900_000 + "\n")
    result = run("exchange", "import", folder)
    assert "This has 900000 characters; at most 200 fit." in result.output
    assert len(result.output) < 2_000, "the value is shown in part"


def test_a_file_of_50_mb_is_refused_before_it_is_opened(
    refused: Callable[..., str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "modules.csv"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)

    def opened(*_: Any, **__: Any) -> None:
        raise AssertionError("it was opened")

    monkeypatch.setattr(opening.Path, "open", opened)
    assert "modules.csv: The file has 50 MB; at most 20 MB are read." in refused()


def test_a_file_that_grows_while_it_is_read_is_refused(
    refused: Callable[..., str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "modules.csv").write_text("code,name\nM1,Logic\n")
    monkeypatch.setattr(opening, "MOST_BYTES", 5)
    sizes = os.stat_result((0o100644, 0, 0, 0, 0, 0, 1, 0, 0, 0))
    monkeypatch.setattr(opening.Path, "stat", lambda self, **_: sizes)
    assert "MB are read" in refused()


def test_there_is_no_such_folder(run: Run, tmp_path: Path) -> None:
    result = run("exchange", "import", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "nowhere: There is no such folder." in result.output


def test_a_file_is_no_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "modules.csv").write_text("code,name\n")
    result = run("exchange", "import", tmp_path / "modules.csv")
    assert result.exit_code == 1
    assert "This is a file; name the folder that it is in." in result.output


def test_a_folder_without_a_known_file(refused: Callable[..., str], folder: Path) -> None:
    (folder / "notes.txt").write_text("hello")
    (folder / "module.csv").write_text("code,name\n")
    assert "There is nothing to import here. Known files are breaks.csv, modules.csv" in refused()


def test_a_misnamed_file_is_told(run: Run, folder: Path) -> None:
    (folder / "modules.csv").write_text("code,name\nM1,Logic\n")
    (folder / "clases.csv").write_text("name\nA\n")
    result = run("exchange", "import", folder)
    assert result.exit_code == 0
    assert "clases.csv: This file is not known and was left alone." in result.output


def test_a_link_to_nowhere(refused: Callable[..., str], folder: Path) -> None:
    (folder / "modules.csv").symlink_to(folder / "gone")
    assert "modules.csv: The file cannot be read: No such file or directory" in refused()


def test_a_folder_of_a_files_name(refused: Callable[..., str], folder: Path) -> None:
    (folder / "modules.csv").mkdir()
    assert "modules.csv: This is not a file." in refused()


def test_a_pipe_is_not_waited_for(refused: Callable[..., str], folder: Path) -> None:
    os.mkfifo(folder / "modules.csv")
    assert "modules.csv: This is not a file." in refused()


def test_the_same_kind_twice(refused: Callable[..., str], folder: Path) -> None:
    (folder / "modules.csv").write_text("code,name\n")
    (folder / "modules.xlsx").write_bytes(workbook())
    assert "modules.xlsx: modules.csv is there too. Keep the one that counts." in refused()


# --- workbooks


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


NO_WORKBOOK = "modules.xlsx: This is no workbook that can be read"


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
