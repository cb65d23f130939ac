"""Files of a manager who answers for a department: what is refused by name, and what is not there."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module
from portal.extensions import db
from tests.support.import_desk import Desk, words
from tests.support.people import Person
from tests.support.scoping import COMMON, FAR, OWN, World, answer_for, make_world
from tests.support.web import Maker

pytestmark = pytest.mark.in_turn


@pytest.fixture
def app(build_fresh_app: Callable[..., Flask]) -> Flask:
    """The worker writes its progress beside the work, so what is written is really committed here."""
    built = build_fresh_app(portal_manager_scope="department")
    built.config["WTF_CSRF_ENABLED"] = False
    return built


@pytest.fixture
def world(make: Maker) -> World:
    return make_world(make)


@pytest.fixture
def manager(app: Flask, make: Maker, world: World, client: Any, sign_in: Any) -> Person:
    person = answer_for(app, make.manager(), world.departments[OWN])
    sign_in(client, person)
    return person


def test_rows_of_another_departments_courses_are_refused_by_name(app, make, world, manager, client):
    desk = Desk(app, client)
    group, cohort = make.study_class(name="G 1"), make.cohort(code="K 1")
    head = "module_code,class_name,cohort_code,mode,start_date,end_date\n"
    rest = f",{group.name},{cohort.code},In-person,2027-01-04,2027-03-28\n"
    lines = "".join(f"{name} 1{rest}" for name in (OWN, FAR, COMMON))
    modules = f"code,name,department\n{FAR} 1,Changed,\n{OWN} 1,{OWN} better,{OWN.upper()}\nNEW 1,New,{FAR.upper()}\n"
    address = desk.begin({"offerings.csv": (head + lines).encode(), "modules.csv": modules.encode()})
    report = words(desk.report(address))
    assert "This module belongs to a department that you do not answer for." in report
    assert "You do not answer for this department." in report
    desk.confirm(address, errors="skip")
    with app.app_context():
        written = select(Module.code).join(CourseOffering, CourseOffering.module_id == Module.id)
        made = db.session.scalars(written.where(CourseOffering.academic_year == 2027)).all()
        names = dict(db.session.execute(select(Module.code, Module.name)).all())
    assert sorted(made) == [f"{COMMON} 1", f"{OWN} 1"]
    assert names[f"{FAR} 1"] == f"{FAR} module"
    assert names[f"{OWN} 1"] == f"{OWN} better"
    assert "NEW 1" not in names


def test_imports_of_others_are_not_there(app, make, world, manager, client, new_client, sign_in):
    other = new_client()
    sign_in(other, make.manager())
    address = Desk(app, other).begin({"modules.csv": b"code,name\nA 1,B\n"})
    assert client.get(address).status_code == 404
    assert address not in client.get("/imports/").text


def test_nor_are_those_of_a_colleague_who_answers_for_the_same(app, make, world, manager, client, new_client, sign_in):
    asked = {client: manager, new_client(): answer_for(app, make.manager(), world.departments[OWN])}
    begun = {}
    for one, person in asked.items():
        sign_in(one, person)
        begun[one] = Desk(app, one).begin({"modules.csv": b"code,name\nA 1,B\n"})
    for one in asked:
        assert [one.get(begun[other]).status_code for other in asked] == [
            200 if other is one else 404 for other in asked
        ]


def test_everything_that_is_exported_is_their_own(app, world, manager, client):
    client.post("/imports/export", data={"format": "csv"})
    Desk(app, client).work()
    with zipfile.ZipFile(io.BytesIO(client.get("/imports/export.zip", buffered=True).data)) as packed:
        offerings = packed.read("offerings.csv").decode()
        enrolments = packed.read("enrolments.csv").decode()
    assert OWN in offerings
    assert FAR not in offerings + enrolments
