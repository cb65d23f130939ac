"""Where managers answer for departments alone: every address, as a manager of another department than the course's.

The scenes are those of `test_access`; what they make is put into a department that the manager does not answer for.
"""

import io
import itertools
import zipfile
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.routing import AnyConverter, Rule

from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module
from portal.extensions import db
from portal.notifications.models import Notification
from portal.ops.access_table import takes_ids
from portal.roles import Role
from portal.tracker.models import ActivityLog
from tests.support.api import Program
from tests.support.people import Person, add_facilitator_profile
from tests.support.scoping import FAR, OWN, answer_for, make_world
from tests.web.scenes import SCENES
from tests.web.test_access import API, address_of, audience_of, doors, sent
from tests.web.test_access import enter as enter  # noqa: PLC0414 (a fixture)

pytestmark = pytest.mark.one_database

OF_A_COURSE = {"offering_id", "log_id", "lesson_id", "round_id", "file_id"}
# How much of a file has arrived is for who sends it.
OF_WHO_SENDS = "lessons.upload_state"
# They look at the shape of what is sent first, and say the same of what is not there at all.
BODIES = {
    "api.replace_offering": {"mode_id": 1, "start_date": "2026-09-07", "end_date": "2026-12-06"},
    "api.assign_offering": {"facilitator_id": None},
}
# What everybody may read, and the names of classes, which are no department's.
OPEN = ("/api/modules", "/api/departments", "/api/classes", "/catalogue/", "/allocations/references/")


@pytest.fixture(autouse=True)
def scoped(app: Flask, monkeypatch) -> None:
    monkeypatch.setattr(app.config["PORTAL"], "portal_manager_scope", "department")


def doors_of_managers(app: Flask) -> list[tuple[Rule, str]]:
    return [(rule, method) for rule, method in doors(app) if Role.MANAGER in audience_of(app, rule)]


def put_all_courses_into(app: Flask, department_id: int, module_id: int) -> None:
    with app.app_context():
        db.session.execute(update(Module).values(department_id=department_id))
        lacking = CourseOffering.module_id.is_(None)
        db.session.execute(update(CourseOffering).where(lacking).values(module_id=module_id))
        db.session.commit()


def test_nothing_of_another_departments_course_is_there(app, make, enter, new_client):
    manager = answer_for(app, make.manager(), make.department().id)
    theirs = make.department().id
    manager_of_it = answer_for(app, make.manager(), theirs)
    tried = 0
    for rule, method in doors_of_managers(app):
        if not takes_ids(rule):
            continue
        scene = SCENES[rule.endpoint]
        set_up = scene.make(app, make)
        if not set_up.values.keys() & OF_A_COURSE:
            continue
        put_all_courses_into(app, theirs, make.module().id)
        address, tried = address_of(app, rule, set_up.values), tried + 1
        body = {"json": BODIES[rule.endpoint]} if rule.endpoint in BODIES else sent(address, scene)
        found = {}
        for person in (manager, manager_of_it) if method == "GET" and rule.endpoint != OF_WHO_SENDS else (manager,):
            client = new_client()
            headers = enter(client, person, address)
            answer = client.open(address, method=method, headers=headers, buffered=True, **body)
            found[person] = answer.status_code
        assert found.pop(manager) == 404, (method, address)
        assert all(status < 400 for status in found.values()), (method, address, found)
    assert tried > 70


def test_the_pages_say_nothing_of_another_departments_courses(app, make, enter, new_client):
    world = make_world(make)
    manager = answer_for(app, make.manager(), world.departments[OWN])
    client, program = new_client(), new_client()
    enter(client, manager, "/")
    headers = enter(program, manager, API)
    seen = set()
    for rule, method in doors_of_managers(app):
        people = {"facilitator_id": world.teacher.profile_id, "user_id": world.teacher.user_id}
        values = {name: people[name] for name in rule.arguments & people.keys()}
        if method != "GET" or (takes_ids(rule) and not values):
            continue
        for address in addresses_of(app, rule, values):
            if address.startswith(OPEN):
                continue
            who, said = (program, {"headers": headers}) if address.startswith(API) else (client, {})
            text = words_of(who.get(address, buffered=True, **said).data)
            assert FAR not in text, address
            seen |= {address.partition("?")[0]} if OWN in text else set()
    assert {"/allocations/", "/allocations/export.csv", "/allocations/export.xlsx", "/compliance/", "/reflections/",
            "/compliance/export.csv", "/compliance/export.xlsx", "/compliance/logs", "/api/course-offerings",
            "/allocations/options/modules", "/allocations/options/departments",
            f"/allocations/workload/{world.teacher.profile_id}"} <= seen  # fmt: skip


def addresses_of(app: Flask, rule: Rule, values: dict[str, object]) -> list[str]:
    """The addresses of a rule, one for each of the words that it lets choose from."""
    words = {name: sorted(kind.items) for name, kind in rule._converters.items() if isinstance(kind, AnyConverter)}
    chosen = [dict(zip(words, some, strict=True)) for some in itertools.product(*words.values())]
    return [address_of(app, rule, values | some) for some in chosen]


def words_of(content: bytes) -> str:
    """A page, or all that is in a workbook."""
    if not content.startswith(b"PK"):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


def test_programs_list_and_count_the_weeks_of_their_departments_alone(app, make, enter, new_client):
    world = make_world(make)
    manager, program = answer_for(app, make.manager(), world.departments[OWN]), new_client()
    headers = enter(program, manager, API)
    seen = {course.id for name, courses in world.courses.items() if name != FAR for course in courses}
    for query, pages in (
        ("limit=100", 1),
        ("limit=1", 4),
        ("limit=1&week_number=1", 2),
        ("limit=1&status=Not%20Started", 2),
    ):
        answers = [
            program.get(f"{API}activity-tracker?{query}&page={page + 1}", headers=headers) for page in range(pages)
        ]
        found = [log["allocation_id"] for answer in answers for log in answer.json]
        assert {answer.headers["X-Total-Count"] for answer in answers} == {str(len(found))}, query
        assert set(found) <= seen, query
        assert len(found) in {4, pages}, query


def test_heads_administrators_and_who_answers_for_all_see_everything(app, make, client, sign_in):
    world = make_world(make)
    everyone: dict[str, Person] = {
        "head": answer_for(app, make.manager(is_head=True), world.departments[OWN]),
        "unbound": make.manager(),
        "admin": make.admin(),
    }
    for who, person in everyone.items():
        sign_in(client, person)
        assert FAR in client.get("/allocations/").text, who
        for name, courses in world.courses.items():
            assert client.get(f"/allocations/{courses[0].id}").status_code == 200, (who, name)


def test_what_they_teach_is_theirs_too_and_their_own_places_stay_whole(app, make, client, sign_in):
    world = make_world(make)
    manager = answer_for(app, make.manager(), world.departments[OWN])
    with app.app_context():
        teaches = add_facilitator_profile(manager)
    far = make.offering(teaches, module_id=world.modules[FAR], title="My far course")
    make.log(far, week=1)
    sign_in(client, manager)
    assert "My far course" in client.get("/allocations/").text
    assert "My far course" in client.get("/tracker/").text
    assert client.get(f"/allocations/{world.courses[FAR][0].id}").status_code == 404
    with app.app_context():
        other = db.session.scalar(select(CourseOffering.id).where(CourseOffering.title == "My far course"))
    assert client.get(f"/allocations/{other}").status_code == 200


def test_who_gives_away_a_course_that_was_theirs_by_teaching_it_does_so_whole(app, make, client, sign_in):
    world, other = make_world(make), make.facilitator()
    manager = answer_for(app, make.manager(), world.departments[OWN])
    with app.app_context():
        teaches = add_facilitator_profile(manager)
    sign_in(client, manager)
    for choice in ({"deed": "remove"}, {"facilitator": str(other.profile_id)}):
        far = make.offering(teaches, module_id=world.modules[FAR])
        make.log(far, week=1)
        answer = client.post(f"/allocations/{far.id}/facilitator", data=choice | {"version": str(far.version)})
        assert answer.status_code == 303
        assert client.get(f"/allocations/{far.id}").status_code == 404
        with app.app_context():
            owed = select(ActivityLog.facilitator_id).where(ActivityLog.allocation_id == far.id).distinct()
            assert (other.profile_id in set(db.session.scalars(owed))) is ("facilitator" in choice)
            told = set(db.session.scalars(select(Notification.recipient_id)))
            assert (other.user_id in told) is ("facilitator" in choice)


def test_a_program_that_gives_such_a_course_away_is_answered(app, make):
    world, other = make_world(make), make.facilitator()
    manager = answer_for(app, make.manager(), world.departments[OWN])
    with app.app_context():
        teaches = add_facilitator_profile(manager)
    far, program = make.offering(teaches, module_id=world.modules[FAR]), Program(app, manager)
    body = {"facilitator_id": other.profile_id, "version": far.version}
    answer = program("POST", f"/course-offerings/{far.id}/assign", body)
    assert answer.status_code == 200, answer.text
    with app.app_context():
        assert db.session.get_one(CourseOffering, far.id).facilitator_id == other.profile_id
    assert program("GET", f"/course-offerings/{far.id}").status_code == 404


def test_the_catalogue_is_read_by_all_and_changed_by_who_answers_for_it(app, make, client, sign_in):
    world = make_world(make)
    manager = answer_for(app, make.manager(), world.departments[OWN])
    sign_in(client, manager)
    far, own = (f"/catalogue/modules/{world.modules[name]}" for name in (FAR, OWN))
    page = client.get(far)
    assert page.status_code == 200
    assert "You do not answer for this department" in page.text
    assert f'action="{far}' not in page.text
    sent: dict[str, Any] = {"code": "X 1", "name": "X", "credits": "3", "level": "", "department_id": ""}
    assert client.post(far, data=sent).status_code == 404
    assert client.post(f"{far}/active", data={"active": "0"}).status_code == 404
    assert client.post(f"{far}/delete").status_code == 404
    refused = client.post(own, data=sent | {"department_id": str(world.departments[FAR])})
    assert refused.status_code == 422
    assert "You do not answer for this department." in refused.text
    assert client.post(own, data=sent | {"department_id": str(world.departments[OWN])}).status_code == 303
    assert client.post("/catalogue/departments/new", data={"code": "NEW", "name": "New"}).status_code == 422
    assert client.post(f"/catalogue/departments/{world.departments[FAR]}", data={"code": "A", "name": "B"}
                       ).status_code == 404  # fmt: skip
