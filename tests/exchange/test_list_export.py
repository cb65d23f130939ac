"""The list of courses as a file: what stands on the screen, in its order, and nothing that a spreadsheet would run."""

import csv
import io

import pytest
from python_calamine import CalamineWorkbook

pytestmark = pytest.mark.in_turn


@pytest.fixture(autouse=True)
def courses(make, client, sign_in):
    sign_in(client, make.manager())
    online = make.mode("Online")
    siya = make.facilitator(first_name="=Siya", last_name="Bhat")
    return [
        make.offering(siya, module_id=make.module(code="CS2", name="Zebras").id, mode_id=online.id, max_students=12),
        make.offering(module_id=make.module(code="CS1", name="Apes 😀").id, mode_id=online.id, max_students=30),
        make.offering(module_id=make.module(code="ART1", name="Drawing").id),
    ]


def _rows(client, address: str) -> list[list[str]]:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert ".csv" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_file_has_the_filters_order_and_columns_of_the_screen(client):
    head, *rows = _rows(client, "/allocations/export.csv?mode=Online&sort=-places&columns=module&columns=places")
    assert head == ["Course", "Module code", "Places"]
    assert rows == [["Apes 😀", "CS1", "30"], ["Zebras", "CS2", "12"]]


def test_what_a_spreadsheet_would_run_is_marked_as_text(client):
    _head, *rows = _rows(client, "/allocations/export.csv?q=zebras&columns=facilitator")
    assert rows == [["Zebras", "'=Siya Bhat"]]


def test_a_workbook_keeps_numbers_and_days(client, courses):
    answer = client.get("/allocations/export.xlsx?q=zebras&columns=places&columns=start&columns=facilitator")
    head, row = CalamineWorkbook.from_object(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert head == ["Course", "Start date", "Places", "Facilitator"]
    assert row == ["Zebras", courses[0].start_date, 12, "'=Siya Bhat"]


def test_no_rows_are_a_file_with_its_head(client):
    assert _rows(client, "/allocations/export.csv?q=nothing-like-it&columns=code") == [["Course", "Code · class"]]
