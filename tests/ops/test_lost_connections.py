"""Every error that MariaDB, MySQL and their driver are known to give while a server goes, wherever it may show.

It is raised by the driver's connection, at a statement, a flush, a commit and a rollback, in pages, fragments, the API
and long work: nobody sees a 500, nothing is half-done, and the next who asks is served.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from pymysql.connections import Connection
from pymysql.err import InterfaceError, InternalError, OperationalError
from sqlalchemy import func, select

from portal.allocations.models import CourseOffering
from portal.catalogue.models import Department
from portal.extensions import db
from portal.jobs import services, works
from portal.jobs.models import Job, JobState
from portal.jobs.running import run_waiting_jobs
from portal.jobs.works import Owner, Work
from tests.support import servers
from tests.support.api import Program

pytestmark = [pytest.mark.one_database, pytest.mark.servers]
UNDONE, REFUSED, LOST = "undone", "refused", "lost"
HX = {"HX-Request": "true"}


@dataclass(frozen=True)
class Form:
    """An error as it comes out of the driver, and what it means: undone and safe to repeat, refused, or lost."""

    make: Callable[[], Exception]
    means: str

    def __str__(self) -> str:
        return f"{self.make()!r}"


def _said(code: int, means: str) -> Form:
    return Form(lambda: OperationalError(code, "what the server says"), means)


FORMS = [
    *(_said(code, UNDONE) for code in (1047, 1205, 1213, 1467)),
    # No room, shutting down, network, killed, read-only after a failover, too long, ended while it committed.
    *(
        _said(code, REFUSED)
        for code in (1040, 1053, 1158, 1159, 1160, 1161, 1180, 1290, 1317, 1792, 1836, 1969, 2003, 3024)
    ),
    *(_said(code, LOST) for code in (1927, 2006, 2013, 2055, 4031)),
    Form(lambda: InterfaceError(0, ""), LOST),
    Form(lambda: InternalError("Packet sequence number wrong - got 1 expected 2"), LOST),
    Form(lambda: struct.error("unpack requires a buffer of 4 bytes"), LOST),
    Form(lambda: IndexError("index out of range"), LOST),
    Form(lambda: ConnectionResetError(104, "Connection reset by peer"), LOST),
    Form(lambda: BrokenPipeError(32, "Broken pipe"), LOST),
    Form(lambda: AttributeError("'NoneType' object has no attribute 'settimeout'"), LOST),
]


# One of each kind, where the way through the code is the same for all.
FEW = [form for form in FORMS if any(word in str(form) for word in (
    "1047", "1213", "1180", "2013", "InterfaceError", "InternalError", "struct", "AttributeError"))]  # fmt: skip


class Server:
    """Raises a form the first time that a statement begins so and names this; after a lost one nobody is there."""

    def __init__(self) -> None:
        self.form: Form | None = None
        self.begins, self.names, self.is_kept = "", "", False

    def fail(self, form: Form | None, begins: str = "", names: str = "", *, is_kept: bool = False) -> None:
        """Fail so from now on, once; `is_kept` is for a commit whose answer alone is lost."""
        self.form, self.begins, self.names, self.is_kept = form, begins, names, is_kept

    def meet(self, connection: Any, sql: Any, do: Callable[[], Any]) -> Any:
        """Do it or fail."""
        form, text = self.form, sql if isinstance(sql, str) else ""
        if form is None or not text.startswith(self.begins) or self.names not in text:
            return do()
        self.form = None
        if self.is_kept:
            do()
        elif form.means == UNDONE:
            _query(connection, "ROLLBACK")
        if form.means == LOST:
            connection._force_close()
        raise form.make()


_query, _commit, _rollback = Connection.query, Connection.commit, Connection.rollback


@pytest.fixture
def database_kind(leave_out: Any) -> str:
    if not servers.is_there("mariadb"):
        leave_out("mariadbd is not installed")
    return "mariadb"


@pytest.fixture
def server(monkeypatch: Any) -> Server:
    found = Server()
    monkeypatch.setattr(Connection, "query", lambda self, sql, unbuffered=False: found.meet(
        self, sql, lambda: _query(self, sql, unbuffered)))  # fmt: skip
    monkeypatch.setattr(Connection, "commit", lambda self: found.meet(self, "COMMIT", lambda: _commit(self)))
    monkeypatch.setattr(Connection, "rollback", lambda self: found.meet(self, "ROLLBACK", lambda: _rollback(self)))
    return found


@pytest.fixture
def portal(fresh_app: Flask) -> Flask:
    fresh_app.config |= {"WTF_CSRF_ENABLED": False, "TESTING": False, "PROPAGATE_EXCEPTIONS": False}
    return fresh_app


def departments(app: Flask, code: str) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).where(Department.code == code)) or 0


def each(*places: tuple[str, str], forms: Sequence[Form] = FEW) -> Iterator[tuple[Form, tuple[str, str], str]]:
    """Each form at every place, with a code that nothing else has."""
    for number, place in enumerate(places):
        for at, form in enumerate(forms):
            yield form, place, f"D{number}X{at}"


def expected(form: Form, status: int, done: int) -> tuple[int, int, bool]:
    return (status, done, False) if form.means == UNDONE else (503, 0, True)


WRITING = (("SELECT", "FROM departments"), ("INSERT", "INTO departments"), ("COMMIT", ""))


def test_a_form_is_kept_whole_or_not_at_all(portal, make_fresh, sign_in, server):
    client, wrong = portal.test_client(), []
    sign_in(client, make_fresh.manager())
    for form, place, code in each(*WRITING, forms=FORMS):
        server.fail(form, *place)
        answer = client.post("/catalogue/departments/new", data={"code": code, "name": code})
        if server.form is not None:
            wrong.append((str(form), place, "was not met"))
        server.fail(None)
        found = (answer.status_code, departments(portal, code), answer.headers.get("Retry-After") == "10")
        if found != expected(form, 303, 1):
            wrong.append((str(form), place, found))
    assert not wrong


def test_a_fragment_says_503_too_and_reading_is_repeated(portal, make_fresh, sign_in, server):
    client, wrong = portal.test_client(), []
    sign_in(client, make_fresh.manager())
    person, course = make_fresh.facilitator(), make_fresh.offering(module_id=make_fresh.module().id)
    for form, place, _ in each(("SELECT", "FROM course_offerings"), ("UPDATE", "course_offerings"), ("COMMIT", "")):
        before = version_of(portal, course.id)
        sent = {"facilitator": "" if before[1] else person.profile_id, "version": before[0]}
        server.fail(form, *place)
        address = f"/allocations/{course.id}/facilitator"
        answer = client.post(address, data=sent | ({"deed": "remove"} if before[1] else {}), headers=HX)
        server.fail(None)
        found = (answer.status_code, version_of(portal, course.id)[0] - before[0])
        if found != ((200, 1) if form.means == UNDONE else (503, 0)):
            wrong.append((str(form), place, found))
    for form, place, _ in each(("SELECT", "FROM course_offerings"), ("SELECT", "FROM user_sessions")):
        server.fail(form, *place)
        status = client.get("/allocations/?q=x", headers=HX).status_code
        server.fail(None)
        if status not in ({200} if "course" in place[1] and form.means != REFUSED else {200, 503}):
            wrong.append((str(form), place, status))
    assert not wrong


def version_of(app: Flask, course_id: int) -> tuple[int, int | None]:
    with app.app_context():
        course = db.session.get_one(CourseOffering, course_id)
        return course.version, course.facilitator_id


def test_a_program_is_told_to_come_again_and_a_key_keeps_it_from_doing_it_twice(portal, make_fresh, server):
    program, wrong = Program(portal, make_fresh.admin()), []
    for form, place, code in each(*WRITING):
        server.fail(form, *place)
        answer = program("POST", "/departments", {"code": code, "name": code})
        server.fail(None)
        found = (answer.status_code, departments(portal, code), answer.headers.get("Retry-After") == "10")
        if found != expected(form, 201, 1) or not answer.is_json:
            wrong.append((str(form), place, found))
    for form, place, code in each(("COMMIT", ""), ("INSERT", "INTO departments")):
        keyed = {"Idempotency-Key": code}
        server.fail(form, *place, is_kept=place[0] == "COMMIT")
        statuses = [program("POST", "/departments", {"code": code + "K", "name": code}, headers=keyed).status_code]
        server.fail(None)
        statuses += [program("POST", "/departments", {"code": code + "K", "name": code}, headers=keyed).status_code]
        if not set(statuses) <= {201, 409, 503} or departments(portal, code + "K") > 1 or 500 in statuses:
            wrong.append((str(form), place, statuses))
    assert not wrong


def test_an_answer_stands_though_its_rollback_cannot_be_said(portal, make_fresh, sign_in, server):
    client = portal.test_client()
    sign_in(client, make_fresh.manager())
    away, course = make_fresh.facilitator(profile={"is_available": False}), make_fresh.offering()
    for form in FORMS:
        server.fail(form, "ROLLBACK")
        sent = {"facilitator": away.profile_id, "version": course.version}
        answer = client.post(f"/allocations/{course.id}/facilitator", data=sent)
        assert server.form is None, "the person is locked, so something is rolled back"
        assert answer.status_code == 422, str(form)


@pytest.fixture
def work(portal) -> Iterator[None]:
    def run(params: Any, _owner: Owner, _progress: Any) -> dict[str, Any]:
        params["begin"]()
        found = db.session.scalar(select(func.count()).select_from(Department))
        db.session.add(Department(code=params["code"], name=params["code"]))
        db.session.flush()
        return {"found": found}

    def begun(params: Any, owner: Owner, progress: Any) -> dict[str, Any]:
        return run({**params, "begin": BEGIN[0]}, owner, progress)

    works.register("losing", Work(begun, lambda _params: "Work", lambda _p, _r: "/"))
    yield
    works._WORKS.pop("losing", None)


BEGIN: list[Callable[[], None]] = [lambda: None]


@pytest.mark.usefixtures("work")
def test_long_work_is_begun_again_and_done_once(portal, server):
    wrong = []
    for form, place, code in each(*WRITING):
        with portal.app_context():
            job_id = services.start_job("losing", Owner(None, None), code=code)
            db.session.commit()
            BEGIN[0] = lambda form=form, place=place: server.fail(form, *place)
            run_waiting_jobs()
            BEGIN[0] = lambda: None
            server.fail(None)
            db.session.rollback()
            first = (db.session.get_one(Job, job_id).state, departments(portal, code))
            db.session.rollback()
            run_waiting_jobs()
            db.session.rollback()
            db.session.expire_all()
            second = (db.session.get_one(Job, job_id).state, departments(portal, code))
        if (first, second) != ((JobState.WAITING, 0), (JobState.DONE, 1)):
            wrong.append((str(form), place, first, second))
    assert not wrong


def test_a_pool_whose_new_connections_go_too_says_503(portal, make_fresh, sign_in, monkeypatch):
    client = portal.test_client()
    sign_in(client, make_fresh.student())
    assert client.get("/courses/").status_code == 200
    monkeypatch.setattr("portal.thrift.ThriftyConnection._has_news", lambda _self: True)
    monkeypatch.setattr(Connection, "ping", lambda self, reconnect=True: self._force_close() or _gone())
    for method in ("GET", "POST"):
        answer = client.open("/courses/", method=method)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    monkeypatch.undo()
    assert client.get("/courses/").status_code == 200


def _gone() -> None:
    raise InterfaceError(0, "")
