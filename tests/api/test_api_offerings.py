"""Course offerings for programs: what the seed prints, who sees what, and what is refused."""

import pytest
from sqlalchemy import select

from portal.allocations.models import CourseOffering
from portal.audit.models import AuditEvent
from portal.extensions import db

pytestmark = pytest.mark.in_turn

PATH = "/course-offerings"


@pytest.fixture
def office(make, program):
    """A manager's program."""
    return program(make.manager())


@pytest.fixture
def parts(make):
    """What a new course is made of."""
    names = (
        ("module_id", make.module),
        ("class_id", make.study_class),
        ("cohort_id", make.cohort),
        ("mode_id", make.mode),
    )
    return {name: maker().id for name, maker in names}


def new(parts, **more):
    return parts | {"start_date": "2026-09-07", "end_date": "2026-12-18", "max_students": 30} | more


def test_a_course_is_made_and_answers_as_the_seed_prints_it(office, make, parts):
    teacher = make.facilitator()
    answer = office("POST", PATH, new(parts, facilitator_id=teacher.profile_id))
    assert answer.status_code == 201, answer.text
    shown = answer.json
    assert answer.headers["Location"] == f"/api{PATH}/{shown['id']}"
    assert list(shown["module"]) == ["id", "code", "name", "credits"]
    assert shown["facilitator"]["id"] == teacher.profile_id
    assert set(shown["facilitator"]["user"]) == {"first_name", "last_name", "email"}
    assert (shown["trimester"], shown["academic_year"], shown["intake_period"]) == (3, 2026, "FT")
    assert (shown["kind"], shown["enrolled_count"]) == ("cohort", 0)
    assert office("GET", f"{PATH}/{shown['id']}").json == shown
    again = office("POST", PATH, new(parts))
    assert again.status_code == 409


def test_a_course_that_is_over_is_entered_with_who_taught_it(app, office, make, parts):
    """As the seed prints it, in whatever year."""
    teacher = make.facilitator(profile={"max_course_load": 0, "is_available": False})
    body = new(parts, start_date="2024-01-15", end_date="2024-04-15", facilitator_id=teacher.profile_id)
    answer = office("POST", PATH, body)
    assert answer.status_code == 201, answer.text
    assert (answer.json["status"], answer.json["facilitator"]["id"]) == ("completed", teacher.profile_id)
    listed = office("GET", f"{PATH}?trimester=1&cohort_id={parts['cohort_id']}&facilitator_id={teacher.profile_id}")
    assert listed.json == [answer.json]
    assert office("GET", f"/activity-tracker?allocation_id={answer.json['id']}").json == []
    with app.app_context():
        assert db.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)).all()[-2:] == ["create", "assign"]
    unknown = office("POST", PATH, body | {"facilitator_id": 2**31 - 1, "class_id": make.study_class().id})
    assert (unknown.status_code, list(unknown.json["fields"])) == (400, ["facilitator_id"])


WRONG = {
    "an end before the start": ({"end_date": "2026-09-06"}, "end_date"),
    "no day": ({"start_date": "2026-02-30"}, "start_date"),
    "seconds": ({"start_date": 1_700_000_000}, "start_date"),
    "a moment": ({"start_date": "2026-09-07T00:00:00Z"}, "start_date"),
    "too many places": ({"max_students": 5001}, "max_students"),
    "places in words": ({"max_students": "30"}, "max_students"),
    "an unknown module": ({"module_id": 2**31 - 1}, "module_id"),
    "an unknown facilitator": ({"facilitator_id": 2**31 - 1}, "facilitator_id"),
    "a fourth trimester": ({"trimester": 4}, "trimester"),
    "no class": ({"class_id": None}, "class_id"),
    "a title of two lines": ({"title": "Soils\nand water"}, "title"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_and_nothing_is_made(app, office, parts, name):
    more, field = WRONG[name]
    answer = office("POST", PATH, new(parts, **more))
    assert answer.status_code == 400, answer.text
    assert list(answer.json["fields"]) == [field]
    with app.app_context():
        assert db.session.scalar(select(CourseOffering.id)) is None


def test_filters_sorting_and_pages(office, make):
    teacher = make.facilitator()
    mine, other = make.offering(teacher), make.offering()

    def ids(query):
        answer = office("GET", f"{PATH}?{query}")
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json]

    assert ids(f"facilitator_id={teacher.profile_id}") == [mine.id]
    assert ids("unallocated=true") == [other.id]
    assert ids("sort=-id") == [other.id, mine.id]
    assert ids("limit=1&page=2") == [other.id]
    shown = office("GET", f"{PATH}/{mine.id}").json
    for name in ("module", "class", "cohort", "mode"):
        assert mine.id in ids(f"{name}_id={shown[name]['id']}")
    assert ids(f"trimester={shown['trimester']}&intake={shown['intake_period']}&status={shown['status']}&sort=id") == [
        mine.id,
        other.id,
    ]
    answer = office("GET", f"{PATH}?limit=1")
    assert answer.headers["X-Total-Count"] == "2"
    assert 'rel="next"' in answer.headers["Link"]


def test_a_list_takes_the_same_statements_for_one_and_for_twelve(office, make, count_sql):
    make.offering(make.facilitator())
    with count_sql() as one:
        assert len(office("GET", f"{PATH}?sort=id").json) == 1
    for _ in range(11):
        make.offering(make.facilitator())
    with count_sql() as twelve:
        assert len(office("GET", f"{PATH}?sort=id&limit=100").json) == 12
    assert len(one) == len(twelve) == 3


def test_facilitators_see_theirs_and_students_those_they_are_on(make, program):
    teacher, student = make.facilitator(), make.student()
    mine, other = make.offering(teacher), make.offering()
    make.enrolment(other, student)
    for person, seen, hidden in ((teacher, mine, other), (student, other, mine)):
        asks = program(person)
        assert [one["id"] for one in asks("GET", PATH).json] == [seen.id]
        assert asks("GET", f"{PATH}/{hidden.id}").status_code == 404
    assert program(teacher)("PATCH", f"{PATH}/{mine.id}", {"title": "Mine"}).status_code == 404
    assert program(student)("POST", f"{PATH}/{other.id}/assign", {"facilitator_id": 1}).status_code == 403


def test_an_open_course_is_its_makers(make, program, parts):
    teacher = make.facilitator()
    asks = program(teacher)
    assert asks("POST", PATH, new(parts)).status_code == 403
    body = {"kind": "open", "mode_id": parts["mode_id"], "title": "Statistics at your pace",
            "start_date": "2026-09-07", "end_date": "2026-12-18"}  # fmt: skip
    made = asks("POST", PATH, body)
    assert made.status_code == 201, made.text
    path = f"{PATH}/{made.json['id']}"
    assert made.json["facilitator"]["id"] == teacher.profile_id
    assert asks("PATCH", path, {"title": "Statistics"}).json["title"] == "Statistics"
    assert asks("PATCH", path, {"facilitator_id": None}).status_code == 403
    assert program(make.facilitator())("PATCH", path, {"title": "x"}).status_code == 404


def test_a_change_is_whole_and_refused_when_stale(app, office, make):
    offering = make.offering()
    path = f"{PATH}/{offering.id}"
    before = office("GET", path)
    changed = office("PATCH", path, {"max_students": 44, "title": "Anew"}, headers={"If-Match": before.headers["ETag"]})
    assert (changed.json["max_students"], changed.json["title"]) == (44, "Anew")
    for how in ({"headers": {"If-Match": before.headers["ETag"]}}, {}):
        body = {"max_students": 45} | ({} if how else {"version": before.json["version"]})
        stale = office("PATCH", path, body, **how)
        assert (stale.status_code, list(stale.json["fields"])) == (409, ["version"])
    bad = office("PATCH", path, {"max_students": 46, "facilitator_id": 2**31 - 1})
    assert (bad.status_code, list(bad.json["fields"])) == (400, ["facilitator_id"])
    assert office("GET", path).json["max_students"] == 44
    whole = {"module_id": before.json["module"]["id"], "class_id": before.json["class"]["id"],
             "cohort_id": before.json["cohort"]["id"], "mode_id": before.json["mode"]["id"],
             "start_date": before.json["start_date"], "end_date": before.json["end_date"],
             "trimester": before.json["trimester"], "academic_year": before.json["academic_year"]}  # fmt: skip
    assert office("PUT", path, whole).json["title"] is None
    with app.app_context():
        seen = select(AuditEvent.action).where(AuditEvent.entity == "course_offerings").order_by(AuditEvent.id)
        assert list(db.session.scalars(seen))[-2:] == ["update", "update"]


def test_allocating_over_the_limit_needs_a_reason(office, make):
    teacher = make.facilitator(profile={"max_course_load": 1})
    make.offering(teacher)
    path = f"{PATH}/{make.offering().id}/assign"
    refused = office("POST", path, {"facilitator_id": teacher.profile_id})
    assert (refused.status_code, list(refused.json["fields"])) == (400, ["reason"])
    done = office("POST", path, {"facilitator_id": teacher.profile_id, "reason": "Covers for a colleague"})
    assert done.json["facilitator"]["id"] == teacher.profile_id
    assert office("POST", path, {"facilitator_id": None}).json["facilitator"] is None


def test_cancelling_and_deleting(office, make):
    used, fresh = make.offering(), make.offering()
    make.enrolment(used, make.student())
    assert office("DELETE", f"{PATH}/{used.id}").status_code == 409
    assert office("PATCH", f"{PATH}/{used.id}", {"status": "cancelled"}).status_code == 400
    gone = office("PATCH", f"{PATH}/{used.id}", {"status": "cancelled", "reason": "Too few"})
    assert (gone.json["status"], gone.json["is_active"]) == ("cancelled", False)
    assert office("DELETE", f"{PATH}/{fresh.id}").status_code == 204
    assert office("GET", f"{PATH}/{fresh.id}").status_code == 404
