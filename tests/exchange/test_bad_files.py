"""Files that cannot be read: a clear answer, no traceback, and nothing is written."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from portal.exchange.models import ImportRun
from portal.exchange.readers import folder as opening
from portal.exchange.readers import tables

pytestmark = pytest.mark.one_database

Run = Callable[..., Result]
RowsOf = Callable[..., list[tuple[Any, ...]]]


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


def test_a_file_of_too_many_rows(refused: Callable[..., str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_LINES", 2)
    (folder / "modules.csv").write_text("code,name\nM1,Logic\nM2,Maths\n\nM3,Music\n")
    assert "modules.csv: The file has more than 2 rows. Divide it." in refused()


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
    (folder / "modules.xlsx").write_bytes(b"")
    assert "modules.xlsx: modules.csv is there too. Keep the one that counts." in refused()


def test_names_of_files_in_another_encoding(run: Run, rows_of: RowsOf, tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "modules.csv").write_text("code,name\nM1,Logic\n")
    (folder / os.fsdecode(b"\xe9t\xe9.csv")).write_text("code\n")
    result = run("exchange", "import", folder)
    assert result.exit_code == 0
    assert "Note: �t�.csv: This file is not known" in result.output
    assert rows_of(ImportRun.source) == [(f"{tmp_path}/caf�",)]
    assert run("exchange", "export", folder).exit_code == 0
