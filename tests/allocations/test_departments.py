"""Managers who answer for departments: what they see agrees everywhere, what they do stays within, loads are true."""

import re
from datetime import time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import ManagerDepartment
from portal.allocations.models import CourseOffering, Meeting
from portal.allocations.queries.scopes import find_scope
from portal.allocations.services.views import save_view
from portal.catalogue.calendar import rules_of
from portal.extensions import db
from portal.jobs.works import Owner
from portal.notifications.models import Notification
from portal.scoping import within
from portal.tracker.models import ActivityLog
from portal.tracker.queries.alerts import list_responsible
from portal.tracker.services.weekly import tell_weekly
from tests.support.api import Program
from tests.support.import_desk import words
from tests.support.scoping import COMMON, FAR, OWN, World, answer_for, make_world

pytestmark = pytest.mark.in_turn


@pytest.fixture(autouse=True)
def scoped(app: Flask, monkeypatch) -> None:
    monkeypatch.setattr(app.config["PORTAL"], "portal_manager_scope", "department")


@pytest.fixture
def world(make) -> World:
    return make_world(make)


@pytest.fixture
def manager(app, make, world, client, sign_in):
    person = answer_for(app, make.manager(), world.departments[OWN])
    sign_in(client, person)
    return person


def ids_of(world: World, *names: str) -> set[int]:
    return {course.id for name in names for course in world.courses[name]}


def stored(app: Flask, offering: Any) -> CourseOffering:
    with app.app_context():
        return db.session.get_one(CourseOffering, offering.id)


def test_every_count_is_of_the_same_courses(app, world, manager, client):
    own = ids_of(world, OWN, COMMON)
    program = Program(app, manager)
    listed = program("GET", "/course-offerings?limit=100")
    assert {one["id"] for one in listed.json} == own
    assert listed.headers["X-Total-Count"] == str(len(own))
    page = client.get("/allocations/").text
    assert {int(one) for one in re.findall(r'href="/allocations/(\d+)"', page)} == own
    assert f"You see the courses of your departments ({OWN} department), and those of no department." in words(page)
    rows = client.get("/allocations/export.csv").text.splitlines()
    assert len(rows) == len(own) + 1
    logs = program("GET", "/activity-tracker?limit=100")
    assert {one["allocation_id"] for one in logs.json} == {world.courses[name][0].id for name in (OWN, COMMON)}
    assert logs.headers["X-Total-Count"] == "4"
    summary = program("GET", "/activity-tracker/summary?week_number=1").json
    assert summary["total"] == summary["missing"] == 2
    wanting = client.get("/compliance/logs").text
    assert len(set(re.findall(r'href="/tracker/logs/(\d+)', wanting))) == 4


def test_what_is_kept_is_kept_for_who_sees_the_same(app, make, world, manager, client, new_client, sign_in):
    everything, other = make.admin(), answer_for(app, make.manager(), world.departments[FAR])
    seen = {}
    for _ in range(2):
        for person in (manager, everything, other):
            one = new_client()
            sign_in(one, person)
            page = one.get("/allocations/").text
            seen.setdefault(person.email, set()).add((OWN in page, FAR in page, len(re.findall("<tr ", page))))
    assert seen[manager.email] != seen[other.email]
    assert [len(found) for found in seen.values()] == [1, 1, 1]


def test_a_tag_is_no_longer_good_once_departments_change(app, world, manager):
    program = Program(app, manager)
    first = program("GET", "/course-offerings")
    again = program("GET", "/course-offerings", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    with app.app_context():
        db.session.execute(ManagerDepartment.__table__.update().values(department_id=world.departments[FAR]))
        db.session.commit()
    now = program("GET", "/course-offerings", headers={"If-None-Match": first.headers["ETag"]})
    assert now.status_code == 200
    assert {one["id"] for one in now.json} == ids_of(world, FAR, COMMON)


def test_it_costs_one_statement_and_nothing_without_the_setting(app, world, manager, client, count_sql, monkeypatch):
    counts = {}
    for setting in ("department", "all"):
        monkeypatch.setattr(app.config["PORTAL"], "portal_manager_scope", setting)
        client.get("/allocations/")
        with count_sql() as sql:
            client.get("/allocations/")
        counts[setting] = len(sql)
        assert ("manager_departments" in sql.text) is (setting == "department")
    assert counts["department"] == counts["all"] + 1


def test_a_change_of_all_that_match_stays_within(app, world, manager, client):
    seen = client.get("/allocations/bulk", query_string={"deed": "places", "all": "1", "to_places": "44"}).text
    form = seen[seen.index('class="confirm"') :]
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[: form.index("</form>")])
    assert client.post("/allocations/bulk", data=dict(pairs)).status_code == 303
    with app.app_context():
        changed = set(db.session.scalars(select(CourseOffering.id).where(CourseOffering.max_students == 44)))
    assert changed == ids_of(world, OWN, COMMON)
    ticked = {"deed": "places", "id": world.courses[FAR][0].id, "to_places": "45"}
    assert 'class="confirm"' not in client.get("/allocations/bulk", query_string=ticked).text


def test_who_lost_a_department_takes_back_what_they_still_answer_for(app, world, manager, client):
    answer_for(app, manager, world.departments[FAR])
    seen = client.get("/allocations/bulk", query_string={"deed": "places", "all": "1", "to_places": "44"}).text
    form = seen[seen.index('class="confirm"') :]
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[: form.index("</form>")])
    done = client.post("/allocations/bulk", data=dict(pairs)).headers["Location"]
    with app.app_context():
        far = ManagerDepartment.department_id == world.departments[FAR]
        db.session.execute(ManagerDepartment.__table__.delete().where(far))
        db.session.commit()
    assert FAR not in client.get(done).text
    assert client.post(f"{done}/undo").status_code == 303
    with app.app_context():
        kept = set(db.session.scalars(select(CourseOffering.id).where(CourseOffering.max_students == 44)))
    assert kept == ids_of(world, FAR)


def test_a_shared_view_shows_each_reader_their_own_courses(app, make, world, manager, client, new_client, sign_in):
    with app.app_context():
        save_view(manager.user_id, "Everything", {"q": "course"}, True, Owner(manager.user_id, None))
        db.session.commit()
    other, theirs = answer_for(app, make.manager(), world.departments[FAR]), new_client()
    sign_in(theirs, other)
    assert "Everything" in theirs.get("/allocations/").text
    found = {who: client_.get("/allocations/?q=course").text for who, client_ in (("own", client), ("far", theirs))}
    assert f"{FAR} course" not in found["own"]
    assert f"{FAR} course" in found["far"]
    assert f"{OWN} course" not in found["far"]


def test_nudging_all_reaches_no_other_department(app, make, world, manager, client):
    elsewhere = make.facilitator()
    make.log(make.offering(elsewhere, module_id=world.modules[FAR]), week=1)
    assert client.post("/compliance/nudge/all", data={"state": "missing"}).status_code == 303
    with app.app_context():
        told = set(db.session.scalars(select(Notification.recipient_id)))
    assert told == {world.teacher.user_id}


def test_a_load_is_whole_and_a_course_elsewhere_has_no_name(app, world, manager, client):
    vacant = world.courses[OWN][1]
    page = words(client.get(f"/allocations/workload/{world.teacher.profile_id}").text)
    assert "A course of another department" in page
    assert FAR not in page
    assert "3 of 2" in page
    asked = client.post(
        f"/allocations/{vacant.id}/facilitator",
        data={"facilitator": str(world.teacher.profile_id), "version": str(vacant.version)},
    )
    assert "4 of 2" in words(asked.text), "the course of another department counts"


@pytest.mark.parametrize("setting", ["department", "all"])
def test_home_list_workload_and_allocating_name_the_same_load(app, make, world, manager, client, monkeypatch, setting):
    """Two of their three courses are seen, or one is looked for: their load is three all the same."""
    monkeypatch.setattr(app.config["PORTAL"], "portal_manager_scope", setting)
    query = {"q": f"{OWN} course"} if setting == "all" else {}
    home = client.get("/compliance/", query_string=query).text
    needs = words(home[home.index('class="needs"') : home.index('class="whole"')])
    assert "Over the load limit" in needs
    assert "3 of 2 courses, over the limit" in needs
    assert "3 of 2" in words(client.get("/allocations/", query_string=query).text)
    assert "3 of 2" in words(client.get("/allocations/workload").text)
    assert "3 of 2" in words(client.get(f"/allocations/workload/{world.teacher.profile_id}").text)
    own = {"offering": world.courses[OWN][1].id, "q": "both"}
    assert "3 of 2 courses, 4 with this one" in words(client.get("/allocations/facilitators", query_string=own).text)
    nobody = client.get("/compliance/", query_string={"q": "vacant"}).text
    assert "Over the load limit" not in nobody, "who teaches nothing of what is shown"


def test_filters_offer_what_courses_that_are_seen_have(app, make, world, manager, client, count_sql, monkeypatch):
    teachers = {name: make.facilitator(first_name=name, last_name="Same") for name in (OWN, FAR, COMMON)}
    for name, teacher in teachers.items():
        cohort = make.cohort(code=f"{name}-2026", name=f"Same {name}")
        make.offering(teacher, module_id=world.modules[name], cohort_id=cohort.id)
    make.facilitator(first_name="Nobody", last_name="Same")
    make.cohort(code="EMPTY", name="Same, empty")
    asked = {"modules": "module", "cohorts": "same", "facilitators": "same", "departments": ""}
    counts = {}
    for setting in ("department", "all"):
        monkeypatch.setattr(app.config["PORTAL"], "portal_manager_scope", setting)
        for kind, text in asked.items():
            with count_sql() as sql:
                page = client.get(f"/allocations/options/{kind}", query_string={"q": text}).text
            offered = set(re.findall(r'data-text="([^"]+)"', page))
            counts.setdefault(setting, []).append(len(sql))
            assert {name for name in (OWN, FAR) if any(name.lower() in one.lower() for one in offered)} == (
                {OWN} if setting == "department" else {OWN, FAR}
            ), (kind, setting)
            others = {one for one in offered if "EMPTY" in one or "Nobody" in one}
            assert bool(others) is (setting == "all" and kind in {"cohorts", "facilitators"}), (kind, setting)
    assert counts["department"] == [number + 1 for number in counts["all"]], "the scope, and nothing else"


def test_a_clash_with_a_course_elsewhere_is_told_without_its_name(app, make, world, manager, client):
    with app.app_context():
        for name in (OWN, FAR):
            db.session.add(Meeting(offering_id=world.courses[name][0].id, weekday=1, starts_at=time(10),
                                   ends_at=time(11)))  # fmt: skip
        db.session.commit()
    page = client.get(f"/allocations/{world.courses[OWN][0].id}").text
    assert "a course of another department" in words(page)
    assert FAR not in page


def test_no_course_is_made_or_moved_into_another_department(app, make, world, manager):
    program, own = Program(app, manager), world.courses[OWN][1]
    body = {"module_id": world.modules[FAR], "class_id": make.study_class().id, "cohort_id": make.cohort().id,
            "mode_id": own.mode_id, "start_date": "2026-09-07", "end_date": "2026-12-06"}  # fmt: skip
    made = program("POST", "/course-offerings", body)
    assert made.status_code == 400
    assert "module_id" in made.json["fields"]
    moved = program("PATCH", f"/course-offerings/{own.id}", {"module_id": world.modules[FAR]})
    assert moved.status_code == 400
    assert stored(app, own).module_id == world.modules[OWN]
    assert program("POST", "/course-offerings", body | {"module_id": world.modules[COMMON]}).status_code == 201


def test_programs_change_no_module_of_another_department(app, world, manager):
    program = Program(app, manager)
    far, own = (f"/modules/{world.modules[name]}" for name in (FAR, OWN))
    assert program("GET", far).status_code == 200
    for method, body in (("PATCH", {"name": "X"}), ("PATCH", {"is_active": False}), ("DELETE", None)):
        assert program(method, far, body).status_code == 404, (method, body)
    refused = program("PATCH", own, {"department_id": world.departments[FAR]})
    assert refused.status_code == 400
    assert "department_id" in refused.json["fields"]
    assert program("PATCH", own, {"department_id": None}).status_code == 200


def test_leave_excuses_weeks_in_every_department(app, make, world, manager, client):
    log = make.log(world.courses[FAR][0], week=4)
    sent = {"facilitator": f"Both ({world.teacher.profile.employee_id})", "first_day": str(log.week_start),
            "last_day": str(log.week_start + timedelta(days=6)), "reason": "Ill"}  # fmt: skip
    assert client.post("/leave/", data=sent).status_code == 303
    with app.app_context():
        assert db.session.get_one(ActivityLog, log.id).excused_at is not None


def test_who_is_told_can_see_it(app, make, world, manager):
    with app.app_context():
        free, head = make.manager(), make.manager(is_head=True)
        answer_for(app, head, world.departments[OWN])
    with app.app_context():
        told = list_responsible()
        assert told.of(world.departments[OWN]) == [manager.user_id, head.user_id]
        assert told.of(world.departments[FAR]) == [free.user_id, head.user_id]
        assert told.of(None) == [manager.user_id, free.user_id, head.user_id]


def test_a_scope_is_in_joins_subqueries_and_outer_joins(app, world, manager):
    with app.app_context(), within(find_scope(manager.user_id)):
        in_one = select(ActivityLog.id).where(
            select(CourseOffering.id).where(CourseOffering.id == ActivityLog.allocation_id).exists()
        )
        joined = select(ActivityLog.id).join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        counted = select(func.count()).select_from(select(CourseOffering.id).subquery())
        assert len(db.session.scalars(in_one).all()) == len(db.session.scalars(joined).all()) == 4
        assert db.session.scalar(counted) == 4


def test_the_week_in_numbers_is_of_what_each_manager_sees(app, make, frozen_time):
    world = make_world(make)
    own, everything = answer_for(app, make.manager(), world.departments[OWN]), make.manager()
    with app.app_context():
        assert tell_weekly(clock.now(), rules_of(app.config["PORTAL"])) == 2
        told = dict(db.session.execute(select(Notification.recipient_id, Notification.params)).all())
    assert {person: params["late"] for person, params in told.items()} == {own.user_id: 2, everything.user_id: 3}
