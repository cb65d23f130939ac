"""Imports in the worker: stopped, killed, crossed by others' edits; and the export of everything."""

import io
import threading
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from portal import clock
from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module
from portal.database import impatient
from portal.exchange.models import ImportRun, ImportState
from portal.exchange.services import check_files
from portal.extensions import db
from portal.jobs.models import Job, JobState
from portal.jobs.running import run_waiting_jobs
from portal.jobs.services import LEASE
from portal.jobs.works import Cancelled
from tests.support.files import COURSE, FIRST, LAST, everything
from tests.support.import_desk import Desk, contents, csv_of, words
from tests.support.web import Maker, session_of

pytestmark = pytest.mark.in_turn

PROGRAMMING = ("CS101", "Programming", "CS", "100", 3)


@pytest.fixture
def app(fresh_app: Flask) -> Flask:
    """The worker writes its progress beside the work, so what is written is really committed here."""
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    return fresh_app


def stop(app: Flask) -> None:
    """Wish that whatever runs be stopped, from elsewhere."""
    with impatient(), db.engine.begin() as connection:
        connection.execute(db.update(Job).values(cancel_asked_at=clock.now()))


def test_a_check_that_is_stopped_can_be_begun_again(
    app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch, rows_of: Any
) -> None:
    reading = desk.upload({"modules.csv": csv_of("modules", PROGRAMMING)})

    def stopped(*arguments: Any) -> Any:
        stop(app)
        return check_files(*arguments)

    monkeypatch.setattr("portal.exchange.services.check_files", stopped)
    desk.client.post(reading, data=desk.fields(reading) | {"do": "check"})
    desk.work()
    assert rows_of(ImportRun.state) == [(ImportState.UPLOADED,)]
    assert "It was stopped. Nothing was changed." in desk.client.get(reading).text
    monkeypatch.undo()
    assert "Ready to import" in desk.check(reading)


@pytest.mark.parametrize("end", ["stopped", "killed", "crashed"])
def test_an_import_that_does_not_come_to_its_end_changes_nothing(
    app: Flask, desk: Desk, small_term: Path, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    address = desk.begin(contents(small_term))
    with app.app_context():
        db.session.rollback()
    before = everything(app)

    def interrupt(*_: Any, **__: Any) -> None:
        if end == "killed":
            raise SystemExit
        if end == "crashed":
            raise ConnectionResetError("the power went out")
        raise Cancelled

    monkeypatch.setattr("portal.exchange.services.writing.plan_logs", interrupt)
    with suppress(SystemExit):
        desk.confirm(address)
    monkeypatch.undo()
    after = everything(app)
    unchanged = [name for name in before if name != "import_runs"]
    assert {name: after[name] for name in unchanged} == {name: before[name] for name in unchanged}
    with app.app_context():
        assert db.session.scalar(db.select(ImportRun.state)) is ImportState.CHECKED
        db.session.rollback()
    if end == "killed":
        desk.work()  # another worker takes it up
        assert "14 rows were written." in desk.report(address)
    else:
        assert "14 rows were written." in desk.confirm(address)


@pytest.mark.every_database
def test_a_check_keeps_nobody_from_writing(
    app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch, make: Maker, rows_of: Any
) -> None:
    reading = desk.upload({"modules.csv": csv_of("modules", PROGRAMMING)})

    def check(*arguments: Any) -> Any:
        checked = check_files(*arguments)
        with impatient(), db.engine.begin() as connection:
            connection.execute(db.update(Job).values(kind="import_check"))
        return checked

    monkeypatch.setattr("portal.exchange.services.check_files", check)
    assert "Ready to import" in desk.check(reading)


@pytest.mark.every_database
def test_what_is_edited_between_the_last_check_and_the_writing_is_not_lost(
    app: Flask, desk: Desk, small_term: Path, run: Any, monkeypatch: pytest.MonkeyPatch, rows_of: Any
) -> None:
    run("exchange", "import", small_term)
    address = desk.begin({"modules.csv": csv_of("modules", ("CS101", "Another name", "CS", "100", 3))})

    def check(*arguments: Any) -> Any:
        checked = check_files(*arguments)
        with impatient(), db.engine.begin() as connection:
            connection.execute(db.update(Module).where(Module.code == "CS101").values(name="A manager's name"))
        return checked

    monkeypatch.setattr("portal.exchange.services.check_files", check)
    shown = desk.confirm(address)
    assert "Something was changed while the import ran. Nothing was written" in shown
    assert rows_of(Module.name)[0] == ("A manager's name",)
    monkeypatch.undo()
    assert "has changed since you checked" in desk.confirm(address)
    desk.confirm(address)
    assert rows_of(Module.name)[0] == ("Another name",)


@pytest.mark.every_database
def test_an_import_and_an_edit_at_once_lose_nobodys_work(
    app: Flask, desk: Desk, small_term: Path, run: Any, monkeypatch: pytest.MonkeyPatch, rows_of: Any
) -> None:
    """Real threads: an edit of the same course arrives while the import holds its row, and one before it does."""
    run("exchange", "import", small_term)
    address = desk.begin({"offerings.csv": csv_of("offerings", (*COURSE, "F2", FIRST, LAST, 40))})
    offering_id = rows_of(CourseOffering.id)[0][0]
    written, edited = threading.Event(), []

    def edit() -> None:
        written.wait(10)
        with app.app_context():
            changed = db.session.execute(
                db.update(CourseOffering)
                .where(CourseOffering.id == offering_id, CourseOffering.version == 1)
                .values(max_students=33, version=CourseOffering.version + 1)
            )
            db.session.commit()
            edited.append(changed.rowcount)

    thread = threading.Thread(target=edit)
    with app.app_context():
        engine = db.engine

    def tell(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE course_offerings") and threading.current_thread() is not thread:
            written.set()

    event.listen(engine, "after_cursor_execute", tell)
    thread.start()
    desk.confirm(address)
    thread.join(20)
    event.remove(engine, "after_cursor_execute", tell)
    assert edited == [0], "who edits learns that the course was changed meanwhile, and is asked again"
    assert rows_of(CourseOffering.max_students, CourseOffering.version)[-1] == (40, 2)


@pytest.mark.every_database
def test_two_who_confirm_at_once_import_once(app: Flask, desk: Desk, make: Maker, rows_of: Any) -> None:
    address = desk.begin({"modules.csv": csv_of("modules", PROGRAMMING)})
    version = str(rows_of(ImportRun.version)[0][0])
    barrier, people = threading.Barrier(2), [make.manager(), make.manager()]

    def press(person: Any) -> None:
        client = app.test_client()
        with client.session_transaction() as session:
            session.update(session_of(person, app))
        barrier.wait(10)
        client.post(f"{address}/confirm", data={"version": version})

    threads = [threading.Thread(target=press, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with app.app_context():
        db.session.rollback()
        assert run_waiting_jobs() == 1
    assert rows_of(Module.code) == [("CS101",)]


@pytest.mark.every_database
def test_a_worker_that_was_lost_is_followed_by_another(app: Flask, desk: Desk, rows_of: Any) -> None:
    reading = desk.upload({"modules.csv": csv_of("modules", PROGRAMMING)})
    desk.client.post(reading, data=desk.fields(reading) | {"do": "check"})
    with app.app_context():
        gone = clock.now() - LEASE
        db.session.execute(db.update(Job).values(state=JobState.RUNNING, attempts=1, leased_until=gone))
        db.session.commit()
    desk.work()
    assert "Ready to import" in desk.report(reading.removesuffix("/reading"))


def test_managers_see_each_others_imports_and_others_none(
    app: Flask, desk: Desk, make: Maker, sign_in: Any, client: Any
) -> None:
    reading = desk.upload({"modules.csv": csv_of("modules", PROGRAMMING)})
    desk.client.post(reading, data=desk.fields(reading) | {"do": "check"})
    address = reading.removesuffix("/reading")
    sign_in(client, make.manager())
    assert "Somebody else began it" in client.get(address).text
    desk.work()
    assert "Ready to import" in client.get(address).text
    for person, status in ((make.facilitator(), 403), (make.student(), 403), (None, 303)):
        sign_in(client, person)
        for path in ("", "/reading", "/errors.csv"):
            assert client.get(f"{address}{path}").status_code == status


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_everything_as_one_archive_imports_to_no_change(
    app: Flask, desk: Desk, small_term: Path, run: Any, ending: str
) -> None:
    run("exchange", "import", small_term)
    assert desk.client.get("/imports/export.zip").status_code == 404
    assert desk.client.post("/imports/export", data={"format": ending}).status_code == 303
    desk.client.post("/imports/export", data={"format": ending})
    with app.app_context():
        assert run_waiting_jobs() == 1, "one that waits is not begun again"
    assert "Your export is ready" in words(desk.client.get("/imports/export").text)
    with (
        desk.client.get("/imports/export.zip") as answer,
        zipfile.ZipFile(io.BytesIO(answer.data)) as archive,
    ):
        files = {name: archive.read(name) for name in archive.namelist()}
    assert len(files) == 8
    assert "Everything is as the files say" in desk.report(desk.begin(files))


def test_an_export_is_its_owners(app: Flask, desk: Desk, make: Maker, sign_in: Any, client: Any) -> None:
    desk.client.post("/imports/export")
    desk.work()
    with desk.client.get("/imports/export.zip") as answer:
        assert answer.status_code == 200
    sign_in(client, make.manager())
    assert client.get("/imports/export.zip").status_code == 404
