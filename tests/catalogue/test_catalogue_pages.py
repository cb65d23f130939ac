"""The pages of the catalogue: listing, making, changing, retiring and deleting entries."""

import json
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.catalogue.kinds import KINDS
from portal.catalogue.models import CalendarBreak, ClassGroup, Cohort, Department, Mode, Module
from portal.catalogue.services.entries import change_entry
from portal.extensions import db
from portal.jobs.models import Job
from portal.jobs.works import Owner, Silent, work_of
from portal.tracker.models import ActivityLog

pytestmark = pytest.mark.in_turn

SENT = {
    "modules": {"code": "CS357", "name": "Algorithmes avancés 😀", "credits": "6", "level": "300", "department_id": ""},
    "classes": {"name": "CS 1A", "year": "1", "section": "A"},
    "cohorts": {"code": "C-26", "name": "Autumn", "program": "BSc",
                "start_date": "2026-09-01", "end_date": "2029-06-30"},
    "modes": {"name": "Field trip", "expects_weekly_log": "y", "workload_percent": "80"},
    "departments": {"code": "CS", "name": "Computing"},
    "breaks": {"name": "Autumn break", "start_date": "2026-10-12", "end_date": "2026-10-18"},
}  # fmt: skip
MODELS = {"modules": Module, "classes": ClassGroup, "cohorts": Cohort, "modes": Mode, "departments": Department,
          "breaks": CalendarBreak}  # fmt: skip
HX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def manager(make, client, sign_in):
    person = make.manager()
    sign_in(client, person)
    return person


def _one(app, kind: str):
    """The newest; the four modes come with the portal."""
    with app.app_context():
        return db.session.scalars(select(MODELS[kind]).order_by(MODELS[kind].id.desc())).first()


def _run_jobs(app) -> None:
    """Do what waits for the worker, and forget it."""
    with app.app_context():
        for job in db.session.scalars(select(Job)).all():
            work = work_of(job.kind)
            assert work
            work.run(job.params, Owner(job.owner_id, None), Silent())
            assert work.title(job.params)
            db.session.delete(job)
        db.session.commit()


@pytest.mark.parametrize("kind", SENT)
def test_an_entry_is_made_listed_changed_and_deleted(app, client, kind):
    name = SENT[kind]["code" if "code" in SENT[kind] else "name"]
    before = 4 if kind == "modes" else 0
    assert ("Nothing here yet" in client.get(f"/catalogue/{kind}").text) is not bool(before)
    assert client.get(f"/catalogue/{kind}/new").status_code == 200
    made = client.post(f"/catalogue/{kind}/new", data=SENT[kind])
    assert made.status_code == 303
    page = client.get(f"/catalogue/{kind}").text
    assert name in page
    assert f"{before + 1} entr" in page
    entry = _one(app, kind)
    address = f"/catalogue/{kind}/{entry.id}"
    form = client.get(address).text
    for field, value in SENT[kind].items():
        assert f'name="was-{field}" value="{value}"' in form
    changed = client.post(address, data=SENT[kind] | {"name": "Another ñame"})
    assert changed.status_code == 303
    assert (_one(app, kind).name, _one(app, kind).version) == ("Another ñame", 2)
    client.post(address, data=SENT[kind] | {"name": "Another ñame"})
    assert _one(app, kind).version == 2
    assert client.post(f"{address}/delete").status_code == 303
    assert client.get(address).status_code == 404
    with app.app_context():
        of_it = AuditEvent.entity == MODELS[kind].__tablename__
        assert [*db.session.scalars(select(AuditEvent.action).where(of_it).order_by(AuditEvent.id))] == [
            "create", "update", "delete",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "wrong", "field"),
    [
        ("modules", {"code": ""}, "code"),
        ("modules", {"code": "\0 \0"}, "code"),
        ("modules", {"code": "x" * 41}, "code"),
        ("modules", {"credits": "-1"}, "credits"),
        ("modules", {"credits": "9" * 40}, "credits"),
        ("modules", {"credits": "six"}, "credits"),
        ("modules", {"department_id": "99"}, "department_id"),
        ("modules", {"level": "x" * 21}, "level"),
        ("classes", {"year": "0"}, "year"),
        ("classes", {"name": " "}, "name"),
        ("cohorts", {"end_date": "2026-09-01"}, "end_date"),
        ("cohorts", {"start_date": "soon"}, "start_date"),
        ("cohorts", {"start_date": "0001-01-01"}, "start_date"),
        ("modes", {"workload_percent": "501"}, "workload_percent"),
        ("departments", {"code": "x" * 21}, "code"),
        ("breaks", {"end_date": "2026-10-11"}, "end_date"),
        ("breaks", {"end_date": "2028-10-11"}, "end_date"),
        ("breaks", {"start_date": ""}, "start_date"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(app, client, kind, wrong, field):
    answer = client.post(f"/catalogue/{kind}/new", data=SENT[kind] | wrong)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    with app.app_context():
        written = select(AuditEvent.id).where(AuditEvent.entity == MODELS[kind].__tablename__)
        assert db.session.scalars(written).all() == []


@pytest.mark.parametrize("kind", ["modules", "classes", "modes", "breaks"])
def test_what_exists_in_any_case_is_linked(app, client, kind):
    client.post(f"/catalogue/{kind}/new", data=SENT[kind])
    key = KINDS[kind].key
    answer = client.post(f"/catalogue/{kind}/new", data=SENT[kind] | {key: SENT[kind][key].upper()})
    assert answer.status_code == 409
    assert f"/catalogue/{kind}/{_one(app, kind).id}" in answer.text


def test_a_used_entry_is_retired_and_not_deleted(app, client, make):
    module = make.module(code="CS1")
    make.offering(module_id=module.id)
    address = f"/catalogue/modules/{module.id}"
    assert "Delete" not in client.get(address).text
    client.post(f"{address}/delete")
    assert "it can be retired, but not deleted" in client.get(address).text
    for _ in range(2):
        client.post(f"{address}/active", data={"active": "0"})
    assert (_one(app, "modules").is_active, _one(app, "modules").version) == (False, 2)
    assert "CS1" not in client.get("/catalogue/modules").text
    assert "CS1" in client.get("/catalogue/modules?state=retired").text
    client.post(f"{address}/active", data={"active": "1"})
    assert _one(app, "modules").is_active
    assert client.post("/catalogue/breaks/1/active").status_code == 404


def _meanwhile(app, module_id: int, **values) -> None:
    with app.app_context():
        version = db.session.scalar(select(Module.version).where(Module.id == module_id))
        change_entry(KINDS["modules"], module_id, values, version, System())
        db.session.commit()


def test_two_people_at_different_fields_both_keep_theirs(app, client, make):
    module = make.module(code="CS1", name="Old", credits=3)
    sent = {"code": "CS1", "name": "Old", "credits": "3", "level": "", "department_id": ""}
    was = {f"was-{name}": value for name, value in sent.items()}
    _meanwhile(app, module.id, code="CS1", credits=5)
    assert client.post(f"/catalogue/modules/{module.id}", data=sent | was | {"name": "New"}).status_code == 303
    assert (_one(app, "modules").name, _one(app, "modules").credits) == ("New", 5)


@pytest.mark.parametrize(("take", "name"), [("mine", "Mine"), ("theirs", "Theirs")])
def test_two_people_at_one_field_are_asked(app, client, make, take, name):
    module = make.module(code="CS1", name="Old", credits=3)
    sent = {"code": "CS1", "name": "Mine", "credits": "3", "level": "", "department_id": ""}
    was = {f"was-{key}": value for key, value in (sent | {"name": "Old"}).items()}
    _meanwhile(app, module.id, code="CS1", name="Theirs")
    answer = client.post(f"/catalogue/modules/{module.id}", data=sent | was)
    assert answer.status_code == 409
    for words in ("Nothing was saved yet", "was Old", 'value="Mine"', "Theirs"):
        assert words in answer.text
    again = sent | was | {"was-name": "Theirs", "take-name": take}
    assert client.post(f"/catalogue/modules/{module.id}", data=again).status_code == 303
    assert _one(app, "modules").name == name


def test_a_break_has_the_weeks_planned_anew(app, client, make):
    course = make.offering(make.facilitator(), weeks_ago=0)
    make.logs(course)
    third, fourth = (course.start_date + timedelta(days=days) for days in (14, 21))
    weeks = select(ActivityLog.week_start).where(ActivityLog.allocation_id == course.id)

    def planned() -> set[date]:
        _run_jobs(app)
        with app.app_context():
            return set(db.session.scalars(weeks))

    def days(monday: date) -> dict[str, str]:
        return {"start_date": monday.isoformat(), "end_date": (monday + timedelta(days=6)).isoformat()}

    answer = client.post("/catalogue/breaks/new", data={"name": "Break"} | days(third))
    assert answer.headers["Location"].startswith("/jobs/")
    assert third not in planned()
    address = f"/catalogue/breaks/{_one(app, 'breaks').id}"
    assert client.post(address, data={"name": "Break"} | days(fourth)).headers["Location"].startswith("/jobs/")
    assert third in planned()
    assert fourth not in planned()
    assert client.post(address, data={"name": "Pause"} | days(fourth)).headers["Location"] == "/catalogue/breaks"
    assert client.post(f"{address}/delete").headers["Location"].startswith("/jobs/")
    assert fourth in planned()


def test_a_mode_that_owes_no_logs_any_more_has_them_planned_anew(app, client, make):
    mode = make.mode("Field trip")
    course = make.offering(make.facilitator(), weeks_ago=0, mode_id=mode.id)
    make.logs(course)
    client.post(f"/catalogue/modes/{mode.id}", data={"name": "Field trip", "workload_percent": "90"})
    _run_jobs(app)
    with app.app_context():
        assert not db.session.get(Mode, mode.id).expects_weekly_log
        assert db.session.scalars(select(ActivityLog.id)).all() == []
    client.post(f"/catalogue/modes/{mode.id}", data={"name": "Field trip", "workload_percent": "95"})
    with app.app_context():
        assert db.session.scalars(select(Job.id)).all() == []


def test_the_list_searches_sorts_and_pages(app, client, make):
    for number in range(60):
        make.module(code=f"M{number:03}", name=f"Éducation {59 - number:03}" if number else "100%_x")
    codes = re.compile(r'class="to"[^>]*>(M\d+)')
    first = client.get("/catalogue/modules").text
    assert codes.findall(first) == [f"M{number:03}" for number in range(50)]
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    assert codes.findall(client.get(following.group(1).replace("&amp;", "&")).text) == [
        f"M{n:03}" for n in range(50, 60)
    ]
    assert codes.findall(client.get("/catalogue/modules?sort=-code").text)[0] == "M059"
    assert codes.findall(client.get("/catalogue/modules?sort=name&q=education").text)[0] == "M059"
    assert codes.findall(client.get("/catalogue/modules?q=100%25_").text) == ["M000"]
    assert "Nothing matches" in client.get("/catalogue/modules?q=zzz").text
    for odd in ("sort=x", "after=x", "state=x", "q=%00"):
        assert client.get(f"/catalogue/modules?{odd}").status_code == 200
    answer = client.get("/catalogue/modules?q=m001", headers=HX)
    assert "<html" not in answer.text
    assert "1 entry" in answer.headers["HX-Trigger"]


@pytest.mark.parametrize("kind", SENT)
def test_the_list_takes_the_same_statements_with_1_and_with_12_rows(client, make, count_sql, kind):
    factories = {"modules": make.module, "classes": make.study_class, "cohorts": make.cohort,
                 "departments": make.department}  # fmt: skip
    counts = set()
    for more in (1, 11):
        for number in range(more):
            if kind in factories:
                factories[kind]()
            elif kind == "modes":
                make.mode(f"Mode {more} {number}")
            else:
                getattr(make, "break")(date(2026, 1, 1), date(2026, 1, 2), name=f"Break {more} {number}")
        with count_sql() as sql:
            client.get(f"/catalogue/{kind}")
        counts.add(len(sql))
    assert counts == {4}, sql.text


def test_a_form_that_misses_an_entry_makes_it_in_a_dialog(client):
    fragment = client.get("/catalogue/modules/new", headers=HX).text
    assert "<html" not in fragment
    assert 'hx-post="/catalogue/modules/new"' in fragment
    answer = client.post("/catalogue/modules/new", data=SENT["modules"], headers=HX)
    assert json.loads(answer.headers["HX-Trigger"]) == {"catalogue:created": {"kind": "modules", "key": "CS357"}}
    again = client.post("/catalogue/modules/new", data=SENT["modules"], headers=HX)
    assert again.status_code == 409
    assert "<html" not in again.text
