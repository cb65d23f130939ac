"""The CSV reader against anything that somebody may put into a file."""

import csv
import io
import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.exchange.readers import BadFile
from portal.exchange.readers.csv_files import read_csv
from portal.exchange.readers.tables import as_table
from portal.exchange.readers.xlsx_files import read_xlsx
from portal.exchange.services.cells import Column, RowError, day, read_cell, text, whole
from portal.formulas import guard

pytestmark = pytest.mark.one_database

# Other work on the machine must not make a property fail.
patient = settings(deadline=None)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NAME = Column("name", text(1000))
# What the portal stores: one line, composed, without spaces around it.
STORED = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20).map(
    lambda value: value.strip()
)


@patient
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
@example(b'"')
def test_any_bytes_give_a_table_or_a_clear_answer(content: bytes) -> None:
    try:
        found: object = as_table("x.csv", read_csv("x.csv", content)).columns
    except BadFile as error:
        found = str(error.message)
    assert found


@patient
@given(st.binary(max_size=200))
def test_any_bytes_are_a_workbook_or_get_a_clear_answer(content: bytes) -> None:
    with pytest.raises(BadFile):
        list(read_xlsx("x.xlsx", content))


@patient
@given(
    st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=6),
    st.booleans(),
    st.sampled_from([("\r\n", csv.QUOTE_MINIMAL), ("\n", csv.QUOTE_ALL)]),
)
def test_what_a_spreadsheet_writes_is_read_back(rows: list[list[str]], mark: bool, manner: tuple[str, Any]) -> None:
    file = io.StringIO()
    csv.writer(file, lineterminator=manner[0], quoting=manner[1]).writerows([["a", "b", "c"], *rows])
    content = file.getvalue().encode("utf-8-sig" if mark else "utf-8")
    lines = list(read_csv("x.csv", content))
    assert [list(line.cells) for line in lines] == [["a", "b", "c"], *rows]
    whole_text = content.removeprefix(b"\xef\xbb\xbf").decode()
    assert [line.number for line in lines] == sorted({line.number for line in lines})
    assert lines[-1].number <= len(whole_text.splitlines())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_the_header_alone_tells_what_divides_cells(between: str, end: str) -> None:
    cells = [["a", "b"], ["1, 2, 3", "4; 5; 6\t\t\t7"]]
    file = io.StringIO()
    csv.writer(file, delimiter=between, lineterminator=end).writerows(cells)
    assert [list(line.cells) for line in read_csv("x.csv", file.getvalue().encode())] == cells


@patient
@given(STORED)
@example("=1+1")
@example("'=1+1")
@example("''")
@example("-5")
@example("@me")
def test_what_is_exported_is_imported_unchanged_and_runs_nowhere(value: str) -> None:
    exported = guard(value)
    assert not exported.startswith(("=", "+", "-", "@"))
    try:
        assert read_cell(NAME, exported) == unicodedata.normalize("NFC", value)
    except RowError:
        assert not value


@patient
@given(st.text(max_size=20))
def test_any_text_is_a_number_or_gets_a_clear_answer(value: str) -> None:
    try:
        found = read_cell(Column("places", whole(1, 5000)), value)
    except RowError as error:
        found = len(error.column)
    assert 1 <= found <= 5000


@patient
@given(st.one_of(st.text(max_size=12), st.dates().map(date.isoformat)))
def test_any_text_is_a_day_or_gets_a_clear_answer(value: str) -> None:
    try:
        found = read_cell(Column("start_date", day), value).isoformat()
    except RowError as error:
        found = value.strip() if error.column == "start_date" and str(error.message) else ""
    assert found == value.strip()
