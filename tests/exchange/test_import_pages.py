"""Imports in pages, as a browser without JavaScript does them: upload, how to read, check, confirm."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module
from portal.exchange.models import ImportRow, ImportRun, ImportState
from portal.extensions import db
from portal.jobs.running import run_waiting_jobs
from portal.notifications.models import Notification
from tests.support.files import COURSE, FIRST, LAST, everything
from tests.support.import_desk import Desk, contents, csv_of, words

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]


@pytest.fixture
def app(fresh_app: Flask) -> Flask:
    """The worker writes its progress beside the work, so what is written is really committed here."""
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    return fresh_app


def runs(app: Flask) -> list[ImportRun]:
    with app.app_context():
        db.session.rollback()
        return list(db.session.scalars(db.select(ImportRun).order_by(ImportRun.id)))


def test_a_term_is_uploaded_checked_and_imported(app: Flask, desk: Desk, small_term: Path, rows_of: Any) -> None:
    address = desk.begin(contents(small_term))
    report = words(desk.report(address))
    assert "Ready to import" in report
    assert "14 would be new, 0 would change" in report
    assert rows_of(Module.code) == [], "a check writes nothing"
    done = words(desk.confirm(address))
    assert "14 rows were written." in done
    assert rows_of(Module.code) == [("CS101",), ("CS102",)]
    assert [run.state for run in runs(app)] == [ImportState.DONE]
    with app.app_context():
        assert "import_done" in db.session.scalars(db.select(Notification.kind)).all()
    assert "Imported" in words(desk.client.get("/imports/").text)


def test_it_writes_what_the_command_writes(app: Flask, desk: Desk, small_term: Path, run: Any) -> None:
    run("exchange", "import", small_term)
    before = everything(app)
    address = desk.begin(contents(small_term))
    assert "Everything is as the files say" in desk.report(address)
    assert everything(app)["course_offerings"] == before["course_offerings"]


def test_importing_ones_own_export_changes_nothing(
    app: Flask, desk: Desk, small_term: Path, run: Any, tmp_path: Path
) -> None:
    run("exchange", "import", small_term)
    for ending, option in (("csv", ()), ("xlsx", ("--xlsx",))):
        run("exchange", "export", tmp_path / ending, *option)
        address = desk.begin(contents(tmp_path / ending))
        with app.app_context():
            verdicts = set(db.session.scalars(db.select(ImportRow.verdict)))
        assert verdicts == {"unchanged"}
        assert "Everything is as the files say" in desk.report(address)


def test_columns_of_other_names_are_guessed_and_can_be_changed(desk: Desk, rows_of: Any) -> None:
    content = "Kürzel;Benennung;Dept.;Credit hours;Remarks\nCS101;Programming;CS;3;old\n".encode()
    reading = desk.upload({"Export 2026.csv": content})
    fields = desk.fields(reading)
    assert fields["kind-0"] == ""
    shown = desk.client.post(reading, data=fields | {"kind-0": "modules", "do": "check"})
    assert shown.status_code == 200, "the columns of another kind are seen before they count"
    assert "Choose the column for “Code”" in shown.text.replace("&#34;", '"')
    page = desk.client.post(
        reading,
        data={"version": "1", "was-0": "modules", "kind-0": "modules", "place-0-code": "0", "place-0-name": "1",
              "place-0-department": "2", "place-0-credits": "3", "do": "check"},
    )  # fmt: skip
    assert page.status_code == 303
    desk.work()
    desk.confirm(page.headers["Location"])
    assert rows_of(Module.code, Module.name, Module.credits) == [("CS101", "Programming", 3)]


def test_rows_with_errors_are_shown_downloaded_and_left_out_when_asked(desk: Desk, rows_of: Any) -> None:
    good, bad = ("CS101", "Programming", "CS", "100", 3), ("CS102", "", "CS", "100", "many")
    address = desk.begin({"modules.csv": csv_of("modules", good, bad)})
    for asked in ("", "?verdict=error"):
        report = desk.report(address + asked)
        assert "1 row has an error" in report
        assert "line 3" in report
        assert "CS101" not in words(report).partition("Row by row")[2]
    assert "CS101" in words(desk.report(f"{address}?verdict=all")).partition("Row by row")[2]
    assert "There are rows with errors" in words(desk.confirm(address)), "the other button was not offered"
    assert rows_of(Module.code) == []
    errors = desk.client.get(f"{address}/errors.csv?file=modules.csv")
    assert errors.data.decode("utf-8-sig").splitlines() == [
        "code,name,department,level,credits,error",
        "CS102,,CS,100,many,Name: This cell must not be empty.",
    ]
    desk.confirm(address, errors="skip")
    assert rows_of(Module.code) == [("CS101",)]
    mended = errors.data.replace(b"CS102,,", b"CS102,Data,").replace(b"many", b"4")
    again = desk.begin({"modules-errors.csv": mended})
    desk.confirm(again)
    assert rows_of(Module.code, Module.credits) == [("CS101", 3), ("CS102", 4)]


def test_a_contradiction_calls_columns_as_pages_do(desk: Desk, small_term: Path, run: Any) -> None:
    run("exchange", "import", small_term)
    address = desk.begin({"offerings.csv": csv_of("offerings", (*COURSE, "F1", FIRST, LAST, 25),
                                                  (*COURSE, "F2", FIRST, LAST, 26))})  # fmt: skip
    said = "Same course as line 2, but Facilitator, Places is F1, 25 there and F2, 26 here."
    assert said in words(desk.report(address))
    assert f'"Facilitator, Places: {said}"' in desk.client.get(f"{address}/errors.csv").text


def test_messages_are_in_the_readers_language(desk: Desk) -> None:
    address = desk.begin({"modules.csv": csv_of("modules", ("CS102", "", "CS", "100", 3))})
    assert "This cell must not be empty." in desk.report(address)
    desk.client.get("/lang/fr")
    assert "This cell must not be empty." not in desk.report(address)


def test_what_a_second_import_would_undo_is_said(desk: Desk, small_term: Path, run: Any, app: Flask) -> None:
    run("exchange", "import", small_term)
    row = (*COURSE, "F2", FIRST, LAST, 40)
    address = desk.begin({"offerings.csv": csv_of("offerings", row)})
    report = desk.report(address)
    assert "1 course would go to another facilitator than it has now." in report
    assert "Facilitator: F1 → F2" in words(report)
    assert "Places: 25 → 40" in words(report)
    assert "Facilitator: F1 → F2" in words(desk.report(f"{address}?verdict=update&field=facilitator_employee_id"))
    assert "There are no such rows" in desk.report(f"{address}?verdict=update&field=start_date")


def test_data_that_changed_since_is_checked_and_shown_again(
    app: Flask, desk: Desk, small_term: Path, run: Any, rows_of: Any
) -> None:
    run("exchange", "import", small_term)
    address = desk.begin({"offerings.csv": csv_of("offerings", (*COURSE, "F1", FIRST, LAST, 40))})
    with app.app_context():
        db.session.execute(db.update(CourseOffering).values(max_students=33))
        db.session.commit()
    shown = words(desk.confirm(address))
    assert "has changed since you checked, so nothing was written" in shown
    assert "Places: 33 → 40" in shown
    assert (33,) in rows_of(CourseOffering.max_students)
    assert (40,) not in rows_of(CourseOffering.max_students)
    desk.confirm(address)
    assert (40,) in rows_of(CourseOffering.max_students)


def test_a_file_that_was_changed_on_the_disk_is_not_written(app: Flask, desk: Desk, rows_of: Any) -> None:
    address = desk.begin({"modules.csv": csv_of("modules", ("CS101", "Programming", "CS", "100", 3))})
    folder = app.config["PORTAL"].portal_data_dir / "imports"
    (path,) = folder.rglob("*.csv")
    path.write_bytes(csv_of("modules", ("CS666", "Other", "CS", "100", 3)))
    assert "has changed since you checked" in desk.confirm(address)
    assert rows_of(Module.code) == []


def test_a_double_click_and_a_second_window_import_once(app: Flask, desk: Desk, rows_of: Any) -> None:
    address = desk.begin({"modules.csv": csv_of("modules", ("CS101", "Programming", "CS", "100", 3))})
    version = re.search(r'name="version" value="(\d+)"', desk.report(address))
    assert version
    for _ in range(2):
        assert desk.client.post(f"{address}/confirm", data={"version": version[1]}).status_code == 303
    with app.app_context():
        assert run_waiting_jobs() == 1
    desk.client.post(f"{address}/confirm", data={"version": version[1]})
    with app.app_context():
        assert run_waiting_jobs() == 0
    assert rows_of(Module.code) == [("CS101",)]


def test_one_that_is_discarded_is_gone(app: Flask, desk: Desk) -> None:
    address = desk.begin({"modules.csv": csv_of("modules", ("CS101", "Programming", "CS", "100", 3))})
    run = runs(app)[-1]
    desk.client.post(f"{address}/discard", data={"version": str(run.version)})
    assert runs(app)[-1].state is ImportState.DISCARDED
    assert not (app.config["PORTAL"].portal_data_dir / "imports" / run.files[0]["path"]).exists()
    assert desk.client.post(f"{address}/confirm", data={"version": str(run.version + 1)}).status_code == 303
    with app.app_context():
        assert run_waiting_jobs() == 0


def test_the_history_costs_the_same_with_one_import_and_with_twelve(
    desk: Desk, count_sql: Callable[[], Any], make: Any
) -> None:
    sizes = []
    for total in (1, 12):
        while len(runs(desk.app)) < total:
            desk.upload({"modules.csv": csv_of("modules", ("CS101", "Programming", "CS", "100", 3))})
        with count_sql() as sql:
            desk.client.get("/imports/")
        sizes.append(len(sql))
    assert sizes[0] == sizes[1] == 3
