"""What people upload: workbooks with several sheets, other separators and encodings, and what is no table at all."""

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import xlsxwriter
from flask import Flask

from portal import clock
from portal.catalogue.models import ClassGroup, Module
from portal.exchange.models import ImportRow, ImportRun, ImportState
from portal.exchange.readers import folder
from portal.exchange.readers.xlsx_files import MOST_UNPACKED
from portal.exchange.services.guessing import guess_kind, guess_places
from portal.exchange.services.kinds import OFFERINGS
from portal.exchange.services.runs import KEPT, delete_old_files, delete_some_old_rows
from portal.extensions import db
from tests.support.import_desk import MULTIPART, Desk, csv_of, multipart, words
from tests.support.term import HEADERS

pytestmark = pytest.mark.in_turn

PROGRAMMING = ("CS101", "Programming", "CS", "100", 3)


@pytest.fixture
def app(fresh_app: Flask) -> Flask:
    """The worker writes its progress beside the work, so what is written is really committed here."""
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    return fresh_app


def workbook(**sheets: list[list[Any]]) -> bytes:
    """A workbook with these sheets; a text that begins with = is a formula."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    return file.getvalue()


def uploads(app: Flask) -> list[str]:
    """The folders of what was uploaded and kept."""
    place = app.config["PORTAL"].portal_data_dir / "imports"
    return [path.name for path in place.iterdir()] if place.is_dir() else []


def test_each_sheet_of_a_workbook_is_read_as_what_it_is(desk: Desk, rows_of: Any) -> None:
    content = workbook(
        Notes=[["To do"], ["Ask the dean"]],
        Modules=[list(HEADERS["modules"]), list(PROGRAMMING)],
        Groups=[["Class", "Year"], ["CS A", 2026], ["CS B", 2026]],
        Empty=[],
    )
    reading = desk.upload({"fall.xlsx": content})
    page = words(desk.client.get(reading).text)
    assert "fall.xlsx · Modules 1 row" in page
    assert "fall.xlsx · Groups 2 rows" in page
    assert "Empty" not in page
    fields = desk.fields(reading)
    assert [fields[f"kind-{number}"] for number in range(3)] == ["", "modules", "classes"]
    desk.check(reading)
    desk.confirm(reading.removesuffix("/reading"))
    assert rows_of(Module.code) == [("CS101",)]
    assert rows_of(ClassGroup.name, ClassGroup.year) == [("CS A", 2026), ("CS B", 2026)]


def test_semicolons_and_tabs(desk: Desk, rows_of: Any) -> None:
    for sign in ";\t":
        content = csv_of("modules", PROGRAMMING).replace(b",", sign.encode())
        desk.confirm(desk.begin({"modules.csv": content}))
        assert rows_of(Module.code, Module.name) == [("CS101", "Programming")]


def test_a_formula_is_an_error_and_stays_harmless_in_the_download(desk: Desk) -> None:
    address = desk.begin({"m.xlsx": workbook(modules=[["code", "name"], ["CS101", "=1+1"], ["CS102", "Data"]])})
    assert "This looks like a formula." in desk.report(f"{address}?verdict=error")
    text = desk.client.get(f"{address}/errors.csv").data.decode("utf-8-sig")
    assert text.splitlines()[1].startswith("CS101,'=")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"\n \n", "The file is empty"),
        ("code,name\nCS1,Café\n".encode("latin-1"), "looks like Windows-1252 or Latin-1"),
        ("code,name\n".encode("utf-16"), "encoded in UTF-16"),
        (b"code,name\nCS1,\0\n", "contains NUL bytes"),
        (b"PK\x03\x04 and nothing more", "not a workbook that can be read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a workbook of the old kind"),
        (b'code,name\nCS1,"open', "A quotation mark is open"),
        (b"code,name\nCS1," + b"x" * 5_000_000, "more than a million characters"),
        (b"," * 400 + b"\n", "The file is empty"),
        (b"a," * 400 + b"\n", "at most 300 are read"),
    ],
)
def test_what_cannot_be_read_is_said_at_once_and_not_kept(app: Flask, desk: Desk, content: bytes, said: str) -> None:
    page = desk.upload({"modules.csv": content}, status=422)
    assert said in words(page)
    assert "modules.csv" in words(page)
    assert uploads(app) == []


def test_a_workbook_that_would_unpack_to_gigabytes(desk: Desk) -> None:
    file = io.BytesIO(workbook(modules=[["code", "name"], ["CS1", "One"]]))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/media/one", "w") as part:
        for _ in range(MOST_UNPACKED // (1 << 20) + 1):
            part.write(bytes(1 << 20))
    assert "unpacks to more than" in desk.upload({"modules.xlsx": file.getvalue()}, status=422)


def test_a_sheet_that_reaches_to_far_off_cells_spoils_no_other(desk: Desk) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        book.add_worksheet("Modules").write_row(0, 0, ["code", "name"])
        book.get_worksheet_by_name("Modules").write_row(1, 0, ["CS1", "One"])
        book.add_worksheet("Far").write(1_048_575, 16_383, "x")
    page = words(desk.client.get(desk.upload({"two.xlsx": file.getvalue()})).text)
    assert "far-off cells" in page
    assert "two.xlsx · Modules 1 row" in page


def test_a_file_that_is_too_large_is_refused_with_the_limit(
    app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.exchange.services.parts.MOST_BYTES", 1 << 20)
    page = words(desk.upload({"modules.csv": b"x" * ((1 << 20) + 1)}, status=413))
    assert "modules.csv is too large: at most 1 MB a file." in page
    assert uploads(app) == []


def test_a_body_that_is_too_large_is_refused_unread_with_the_limits(desk: Desk) -> None:
    answer = desk.client.post("/imports/", data=multipart({"m.csv": bytes(62 << 20)}), content_type=MULTIPART)
    assert answer.status_code == 413
    assert f"At most {folder.MOST_BYTES >> 20} MB a file and 60 MB together are taken" in answer.text
    other = desk.client.post("/imports/export", data=multipart({"m.csv": bytes(3 << 20)}), content_type=MULTIPART)
    assert other.status_code == 413, "elsewhere it is as before"
    assert "At most" not in other.text


def test_names_of_files_are_shown_and_never_used(app: Flask, desk: Desk) -> None:
    content = csv_of("modules", PROGRAMMING)
    reading = desk.upload({"../../etc/\u202epasswd\0<b>.csv": content, "modules.csv": content})
    assert all(len(name) == 32 for name in uploads(app))
    page = desk.client.get(reading).text
    assert "passwd" in page
    assert "<b>" not in page
    assert ".." not in words(page)


def test_without_a_file_it_says_so(desk: Desk) -> None:
    assert "Choose at least one file." in desk.upload({}, status=422)


def test_two_files_of_one_kind_are_not_read_both(desk: Desk) -> None:
    content = csv_of("modules", PROGRAMMING)
    reading = desk.upload({"modules.csv": content, "modules more.csv": content})
    fields = desk.fields(reading)
    assert (fields["kind-0"], fields["kind-1"]) == ("modules", "")
    again = fields | {"kind-1": "modules", "was-1": "modules", "place-1-code": "0", "place-1-name": "1", "do": "check"}
    answer = desk.client.post(reading, data=again)
    assert answer.status_code == 422
    assert "modules.csv is read as that already. Leave one of them out." in answer.text


@pytest.mark.parametrize("odd", ["9" * 30, "-1", "１", "\0", "x" * 400_000])
def test_odd_answers_to_how_files_are_read(desk: Desk, odd: str) -> None:
    reading = desk.upload({"modules.csv": csv_of("modules", PROGRAMMING)})
    for name in ("kind-0", "place-0-code", "version", "was-0"):
        answer = desk.client.post(reading, data=desk.fields(reading) | {name: odd, "do": "check"})
        assert answer.status_code in {200, 303, 422}, (name, answer.status_code)


@pytest.mark.parametrize("args", ["after=%00", "verdict=x&file=%00&field=%F0%9F%98%80", "after=" + "x" * 3000])
def test_odd_addresses_of_a_report(desk: Desk, args: str) -> None:
    address = desk.begin({"modules.csv": csv_of("modules", PROGRAMMING)})
    assert desk.client.get(f"{address}?{args}").status_code == 200
    assert desk.client.get(f"/imports/?{args}").status_code == 200
    assert desk.client.get(f"{address}/errors.csv?file=%00").status_code == 404


def test_columns_are_guessed_by_known_words_and_by_how_they_are_written() -> None:
    header = [
        "Course code",
        "Section",
        "Cohort",
        "Delivery mode",
        "Instructor id",
        "Start date",
        "End-date",
        "Capacity",
    ]
    assert guess_places(OFFERINGS, header) == {
        "module_code": 0, "class_name": 1, "cohort_code": 2, "mode": 3, "facilitator_employee_id": 4,
        "start_date": 5, "end_date": 6, "max_students": 7,
    }  # fmt: skip
    assert guess_kind("Export.csv", header) == "offerings"
    assert guess_kind("Lecturers 2026.csv", ["Staff number", "Surname", "Forename", "E-mail"]) == "facilitators"
    assert guess_kind("x.csv", ["a", "b"]) == ""


def test_what_is_old_is_cleaned_up(app: Flask, desk: Desk, rows_of: Any) -> None:
    desk.begin({"modules.csv": csv_of("modules", PROGRAMMING)})
    place = app.config["PORTAL"].portal_data_dir / "imports"
    with app.app_context():
        db.session.rollback()
        soon, later = clock.now() + KEPT - timedelta(hours=1), clock.now() + KEPT + timedelta(hours=1)
        assert (delete_old_files(place, soon), delete_some_old_rows(soon)) == (0, 0)
        assert (delete_old_files(place, later), delete_some_old_rows(later)) == (1, 1)
        db.session.commit()
    assert uploads(app) == []
    assert rows_of(ImportRow.id) == []
    assert rows_of(ImportRun.state) == [(ImportState.DISCARDED,)]
