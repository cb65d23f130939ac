"""Who changed what: found, in words, with what it was before, and open to administrators alone."""

import ast
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from portal.audit.models import AuditEvent
from portal.audit.services import Change, System, record_many
from portal.extensions import db
from portal.ops.audit_log.words import ACTIONS, ENTITIES
from portal.web.access import Actor

pytestmark = pytest.mark.in_turn

ROOT = Path(__file__).resolve().parents[2]
# Which arguments are the action and the entity.
PLACES = {
    "record": {"action": 1, "entity": 2},
    "Change": {"action": 0, "entity": 1},
    "record_plan": {"entity": 1},
}
# What is put together in the code, or handed through: by file and expression, all that it may be.
COMPOSED: dict[tuple[str, str], set[str]] = {
    ("accounts/services/links.py", "f'send_{purpose}_link'"): {"send_confirmation_link", "send_reset_link"},
    ("accounts/services/passwords.py", "action"): {"change_password", "reset_password"},
    ("accounts/services/bulk.py", "action"): {"create", "update"},
    ("accounts/services/refresh_tokens.py", "action"): {"issue", "renew", "reuse", "revoke"},
    ("allocations/services/bulk_changes.py", "change.action"): {
        "assign",
        "cancel",
        "complete",
        "reactivate",
        "shift",
        "update",
    },
    ("allocations/services/by_calendar.py", "action"): {"begin", "complete"},
    ("allocations/services/by_calendar.py", "table"): {"course_offerings"},
    ("allocations/services/standing.py", "DEEDS[status]"): {"cancel", "complete", "reactivate"},
    ("catalogue/services/entries.py", "kind.model.__tablename__"): {
        "modules",
        "classes",
        "cohorts",
        "modes",
        "departments",
        "calendar_breaks",
    },
    ("catalogue/services/entries.py", "model.__tablename__"): set(),
    ("exchange/seeding.py", "UP if step.is_upgrade else DOWN"): {"seed_up", "seed_down"},
    ("exchange/seeding.py", "UP"): {"seed_up"},
    ("exchange/seeding.py", "DOWN"): {"seed_down"},
    ("exchange/seeding.py", "_ENTITY"): {"seeds"},
    ("audit/services.py", "action"): set(),
    ("audit/services.py", "entity"): set(),
    ("bulk.py", "entity"): set(),
    ("allocations/services/open_courses.py", "action"): {"archive", "publish", "update"},
    ("enrolments/services/joining.py", "ENROLMENTS"): {"enrolments"},
    ("enrolments/services/places.py", "ENROLMENTS"): {"enrolments"},
    ("reflections/services/keeping.py", "_ENTITY"): {"reflection_forms"},
    ("enrolments/services/joining.py", "action"): {"withdraw"},
    ("tracker/services/logs.py", "_LOGS.name"): {"activity_trackers"},
}


@pytest.fixture
def write(app: Any) -> Any:
    """Writes changes into the audit: by whom (a person or None), and what."""

    def do(by: Any, *changes: Change, request_id: str | None = None) -> None:
        with app.app_context():
            record_many(Actor(by.user_id, request_id) if by else System(), changes)
            db.session.commit()

    return do


@pytest.fixture
def admin(make: Any, client: Any, sign_in: Any) -> Any:
    person = make.admin(first_name="Ada", last_name="Okafor")
    sign_in(client, person)
    return person


@cache
def recorded() -> Sequence[tuple[str, str, str]]:
    """Of every change that the code records: whether action or entity, where, and the words it is made of."""
    return list(_read_changes())


def _read_changes() -> Iterator[tuple[str, str, str]]:
    for where, name, call in calls():
        for kind, place in PLACES.get(name, {}).items():
            argument = call.args[place]
            choices = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
            for one in choices:
                yield kind, where, repr(one.value) if isinstance(one, ast.Constant) else ast.unparse(one)


@cache
def calls() -> Sequence[tuple[str, str, ast.Call]]:
    """Every call of the code that may record: in which file, of what, and the call itself."""
    return [
        (str(path.relative_to(ROOT / "portal")), name, node)
        for path in (ROOT / "portal").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and (name := name_of(node.func)) in PLACES
    ]


def name_of(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def in_full(kind: str, where: str, written: str) -> set[str]:
    """The words that an expression of the code stands for."""
    if written.startswith("'"):
        return {ast.literal_eval(written)}
    if written.endswith(".__tablename__"):
        name = written.split(".", maxsplit=1)[0]
        return {mapper.class_.__tablename__ for mapper in db.Model.registry.mappers if mapper.class_.__name__ == name}
    assert (where, written) in COMPOSED, f"{where} records the {kind} {written}: say in COMPOSED what that may be"
    return COMPOSED[where, written]


def test_every_deed_and_thing_that_the_code_records_has_a_word():
    found: dict[str, set[str]] = {"action": set(), "entity": set()}
    for kind, where, written in recorded():
        found[kind] |= in_full(kind, where, written)
    assert len(found["action"]) > 25
    assert found["action"] <= ACTIONS.keys()
    assert found["entity"] <= ENTITIES.keys()


def test_no_secret_is_recorded():
    fields = {
        keyword.arg for _where, name, call in calls() if name == "record" for keyword in call.keywords if keyword.arg
    }
    assert len(fields) > 8
    assert {name for name in fields if re.search("password|hash|token$|secret|nonce|key", name)} == set()


def test_no_deed_has_a_word_that_nothing_records():
    used = set().union(*(in_full(*one) for one in recorded() if one[0] == "action"))
    assert ACTIONS.keys() - used == set()


def test_it_is_open_to_administrators_alone(client, make, sign_in):
    for role in ("student", "facilitator", "manager"):
        sign_in(client, getattr(make, role)())
        for address in ("/admin/audit/", "/admin/audit.csv"):
            assert client.get(address).status_code == 403, (role, address)


def test_an_empty_audit_says_what_will_stand_there(client, admin):
    assert "Nothing was changed yet" in client.get("/admin/audit/").text


def test_a_change_is_told_with_what_it_was_before(client, admin, make, write):
    person = make.student(first_name="Zoé", last_name="O'Neill")
    write(admin, Change("update", "users", person.user_id, {"first_name": ("Zoe", "Zoé"), "title": (None, "Dr <b>")}))
    page = client.get("/admin/audit/").text
    for said in ("Ada Okafor", "changed", "Zoé O&#39;Neill", "<del>Zoe</del>", "<ins>Zoé</ins>", "Dr &lt;b&gt;"):
        assert said in page
    assert f'href="/admin/users/{person.user_id}"' in page


def test_the_portal_itself_and_things_that_are_gone_are_told_too(client, admin, write):
    write(None, Change("delete", "calendar_breaks", 4711, {}), Change("new_deed", "new_things", 5, {"x": (1, 2)}))
    page = client.get("/admin/audit/").text
    assert "The portal itself" in page
    assert "4711" in page
    assert "new deed" in page
    assert "new things" in page


def test_things_of_every_kind_are_named(client, admin, make, write):
    teacher, student = make.facilitator(), make.student()
    offering = make.offering(teacher)
    log, enrolment = make.log(offering), make.enrolment(offering, student)
    write(
        admin,
        *(
            Change("update", entity, number, {})
            for entity, number in [
                ("course_offerings", offering.id),
                ("activity_trackers", log.id),
                ("enrolments", enrolment.id),
                ("modules", offering.module_id),
                ("classes", offering.class_id),
                ("cohorts", offering.cohort_id),
                ("facilitators", teacher.profile_id),
                ("students", student.profile_id),
            ]
        ),
    )
    page = client.get("/admin/audit/").text
    assert f'href="/allocations/{offering.id}"' in page
    assert f'href="/tracker/courses/{offering.id}"' in page
    assert student.full_name in page
    assert teacher.full_name in page
    assert student.profile.student_number in page


FILTERS = {
    "who=okafor": {"one"},
    "who=ADA": {"one"},
    "who=nobody": set(),
    "action=create": {"two"},
    "entity=modules": {"two"},
    "entity=users&entity_id=77": {"one"},
    "entity_id=99999999999": {"one", "two"},
    "since=2026-10-14": {"one", "two"},
    "since=2026-10-15": set(),
    "until=2026-10-13": set(),
    "until=2026-10-14": {"one", "two"},
    "since=yesterday": {"one", "two"},
    "request=abc-12345": {"one"},
    "who=%00%F0%9F%98%80": set(),
    "at=nonsense": {"one", "two"},
}


@pytest.mark.every_database
def test_filters(frozen_time, client, admin, write):
    write(admin, Change("update", "users", 77, {"title": (None, "one")}), request_id="abc-12345")
    write(None, Change("create", "modules", 78, {"name": (None, "two")}))
    pages = {query: client.get(f"/admin/audit/?{query}").text for query in FILTERS}
    shown = {query: {word for word in ("one", "two") if f"<ins>{word}</ins>" in page} for query, page in pages.items()}
    assert shown == FILTERS
    for query in ("since=yesterday", "entity_id=99999999999"):
        assert "was not understood" in pages[query], query


def test_days_are_those_of_the_reader(client, make, sign_in, write, frozen_time):
    frozen_time.move_to(datetime(2026, 10, 14, 23, tzinfo=UTC))
    sign_in(client, make.admin(time_zone="Africa/Kigali"))
    write(None, Change("update", "users", 77, {"title": (None, "late")}))
    assert "<ins>late</ins>" in client.get("/admin/audit/?since=2026-10-15").text
    assert "<ins>late</ins>" not in client.get("/admin/audit/?until=2026-10-14").text


@pytest.mark.every_database
def test_pages_follow_each_other(client, admin, write):
    write(None, *(Change("update", "users", number, {"title": (None, f"t{number}.")}) for number in range(1, 61)))
    first = client.get("/admin/audit/").text
    assert "<ins>t60.</ins>" in first
    assert "<ins>t10.</ins>" not in first
    assert "60 changes" in first
    following = first.partition('id="page-next"')[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = client.get(following).text
    assert "<ins>t10.</ins>" in second
    assert "<ins>t11.</ins>" not in second


def test_htmx_gets_the_list_alone(client, admin, write):
    write(None, Change("update", "users", 1, {}))
    answer = client.get("/admin/audit/?action=update", headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert answer.headers["HX-Push-Url"] == "/admin/audit/?action=update"


@pytest.mark.parametrize("rows", [1, 12])
def test_the_page_costs_the_same_whatever_it_shows(client, admin, make, write, count_sql, rows):
    people = [make.student() for _ in range(rows)]
    write(admin, *(Change("update", "users", person.user_id, {}) for person in people))
    modules = [make.module() for _ in range(rows)]
    write(None, *(Change("update", "modules", module.id, {}) for module in modules))
    with count_sql() as sql:
        client.get("/admin/audit/")
    # Who asks, the page, how many there are, two kinds of things, the bell.
    assert len(sql) == 6, sql.text


@pytest.mark.every_database
def test_a_long_audit_is_not_counted_to_its_end(app, client, admin, count_sql):
    now = datetime(2026, 10, 14, tzinfo=UTC)
    row = {"action": "update", "entity": "users", "changes": {}, "created_at": now, "updated_at": now}
    with app.app_context():
        db.session.execute(insert(AuditEvent), [row | {"entity_id": number} for number in range(1, 1203)])
        db.session.commit()
    assert "More than 1,000 changes" in client.get("/admin/audit/").text
