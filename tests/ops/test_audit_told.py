"""How the audit log tells a change: names for ids, days as they are read, long texts cut, one person or thing alone."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert

from portal.audit.models import AuditEvent
from portal.audit.services import Change, System, record_many
from portal.extensions import db
from portal.paging import Cursor
from portal.web.access import Actor

pytestmark = pytest.mark.in_turn


@pytest.fixture
def admin(make: Any, client: Any, sign_in: Any) -> Any:
    person = make.admin(first_name="Ada", last_name="Okafor", time_zone="Africa/Kigali")
    sign_in(client, person)
    return person


@pytest.fixture
def write(app: Any) -> Any:
    """Writes changes into the audit, by the portal itself or a person."""

    def do(*changes: Change, by: Any = None) -> None:
        with app.app_context():
            record_many(Actor(by.user_id, None) if by else System(), changes)
            db.session.commit()

    return do


def told(client: Any, query: str = "") -> str:
    answer = client.get(f"/admin/audit/{query}")
    assert answer.status_code == 200
    return answer.text


def test_ids_are_told_as_the_names_of_what_they_mean(client, admin, make, write):
    before, after = make.facilitator(), make.facilitator()
    offering = make.offering(before)
    fields = {"facilitator_id": (before.profile_id, after.profile_id), "module_id": (None, offering.module_id)}
    write(Change("assign", "course_offerings", offering.id, fields))
    page = told(client)
    assert f"<del>{before.full_name}</del>" in page
    assert f"<ins>{after.full_name}</ins>" in page
    assert f"<ins>{offering.module_id}</ins>" not in page


def test_an_id_of_what_is_gone_stays_a_number(client, admin, write):
    write(Change("assign", "course_offerings", 1, {"facilitator_id": (4711, 2**40)}))
    page = told(client)
    assert "<del>#4711</del>" in page
    assert f"<ins>#{2**40}</ins>" in page


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("role", "admin", "Administrator"),
        ("status", "active", "active"),
        ("locale", "fr", "Français"),
        ("is_active", False, "no"),
        ("start_date", "2026-09-21", "21 Sep 2026"),
        ("submitted_at", "2026-09-21T23:30:00+00:00", "22 Sep 2026 01:30:00"),
        ("notes", "2026-13-45", "2026-13-45"),
        ("notes", "Done", "Done"),
        ("departments", [99, 98], "#99, #98"),
        ("notes", ["a", None, 3], "a, , 3"),
    ],
)
def test_values_are_told_in_words(client, admin, write, field, value, said):
    write(Change("update", "users", 1, {field: (None, value)}))
    assert f"<ins>{said}</ins>" in told(client)


def test_items_of_a_checklist_are_called_as_on_their_page(client, admin, make, write):
    log = make.log(make.offering(make.facilitator()))
    write(Change("fill_in", "activity_trackers", log.id, {"summative_grading": ("Not Started", "Done")}))
    assert "<dt>Summative grading" in told(client)
    assert "<del>Not started</del>" in told(client)
    client.get("/lang/fr")
    assert "<dt>Summative grading" not in told(client)


def test_a_long_text_is_cut_and_opens_in_place(client, admin, write):
    text = "word " * 400 + "the very end"
    write(Change("update", "users", 1, {"bio": ("short", text)}))
    page = told(client)
    assert '<details class="long"><summary><ins>word word' in page
    assert page.count("the very end") == 1
    assert "<del>short</del>" in page


def test_everything_by_one_person_or_the_portal_itself(client, admin, make, write):
    write(Change("update", "users", 1, {"title": (None, "one")}), by=admin)
    write(Change("update", "users", 1, {"title": (None, "two")}), by=make.manager())
    write(Change("update", "users", 1, {"title": (None, "three")}))
    for query, found in ((f"actor={admin.user_id}", "one"), ("actor=0", "three"), ("actor=99999999", "")):
        page = told(client, f"?{query}")
        assert [word for word in ("one", "two", "three") if f"<ins>{word}</ins>" in page] == ([found] if found else [])
    assert '<input type="hidden" name="actor"' in page


def test_one_thing_keeps_being_the_one_when_another_filter_is_set(client, admin, make, write):
    person = make.student(first_name="Zoé", last_name="Martin")
    write(Change("update", "users", person.user_id, {"title": (None, "one")}))
    page = told(client, f"?entity=users&entity_id={person.user_id}")
    assert "<strong>Zoé Martin</strong>" in page
    assert f'<input type="hidden" name="entity_id" value="{person.user_id}">' in page
    assert 'id="filter-entity"' not in page


def test_someone_who_is_deleted_is_told_by_the_sign_that_stays(client, admin, make, write):
    former = make.student(first_name="—", last_name="#42")
    write(Change("update", "users", former.user_id, {}), by=former)
    assert told(client).count("— #42") == 2


def test_newest_comes_first_whatever_was_written_first(app, client, admin):
    with app.app_context():
        for day in (3, 1, 2):
            at = datetime(2026, 3, day, tzinfo=UTC)
            row = {"action": "update", "entity": "users", "entity_id": 1, "created_at": at, "updated_at": at}
            db.session.execute(insert(AuditEvent).values(**row, changes={"title": [None, f"day{day}"]}))
        db.session.commit()
    page = told(client)
    assert page.index("day3") < page.index("day2") < page.index("day1")


@pytest.mark.parametrize("moment", ["2026-03-01T00:00:00", "0001-01-01T00:00:00+14:00", "nonsense", "2026-03-01", ""])
def test_a_page_that_is_asked_for_by_a_forged_sign_is_the_first(client, admin, write, moment):
    write(Change("update", "users", 1, {"title": (None, "one")}))
    assert "<ins>one</ins>" in told(client, f"?at={Cursor((moment,), 1, 0).encode()}")


@pytest.mark.parametrize("rows", [1, 12])
def test_many_kinds_cost_a_statement_each_however_many_they_are(client, admin, make, write, count_sql, rows):
    for _ in range(rows):
        teacher, student = make.facilitator(), make.student()
        offering = make.offering(teacher)
        log, enrolment = make.log(offering), make.enrolment(offering, student)
        write(
            Change("update", "users", student.user_id, {"user_id": (None, teacher.user_id)}),
            Change("assign", "course_offerings", offering.id, {"facilitator_id": (None, teacher.profile_id)}),
            Change("submit", "activity_trackers", log.id, {"summative_grading": ("Pending", "Done")}),
            Change("create", "enrolments", enrolment.id, {}),
            Change("update", "modules", offering.module_id, {}),
            by=admin,
        )
    with count_sql() as sql:
        told(client, "?who=okafor")
    # Who asks, who is meant, the page, how many there are, six kinds of things, the checklist, the bell.
    assert len(sql) == 12, sql.text
