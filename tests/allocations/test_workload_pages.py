"""How much everyone has: the arithmetic, the pages, and who may change what."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from portal.accounts.models import Facilitator
from portal.allocations.forms.workload import OverrideForm
from portal.allocations.models import OfferingStatus, WorkloadFormula, WorkloadOverride
from portal.allocations.queries.workload import (
    WorkloadFilter,
    courses_of,
    load_of,
    loads_of,
    present_formula,
    total_workload,
)
from portal.allocations.services.workload import FormulaDraft, Terms, change_formula, change_terms, override_minutes
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.errors import Conflict, DomainError, NotFound
from portal.extensions import db

pytestmark = pytest.mark.in_turn

TERM = (2026, 3)
BY = System()


@pytest.fixture
def siya(make):
    return make.facilitator(first_name="Siya", last_name="Bhat", profile={"employee_id": "F1", "max_course_load": 2})


@pytest.fixture
def course(make, siya):
    """Of 4 credits for 10 students, taught for the first time: 4 × 30 h + 10 × 1 h + 4 × 10 h = 170 h."""
    module = make.module(code="CS1", name="Algorithms", credits=4)
    return make.offering(siya, module_id=module.id, academic_year=2026, trimester=3, max_students=10)


def _load(app, person, term=TERM):
    with app.app_context():
        return load_of(person.profile_id, term, present_formula())


def test_a_course_is_its_credits_students_and_first_preparation(app, siya, course):
    load = _load(app, siya)
    assert (load.courses, load.credits, load.students, load.minutes) == (1, 4, 10, 170 * 60)
    assert load.percent == 28  # of 600 h
    with app.app_context():
        (one,) = courses_of(siya.profile_id, TERM, present_formula())
        assert loads_of([siya.profile_id], TERM, present_formula())[siya.profile_id] == load
    assert (one.is_first, one.is_planned, one.minutes, one.mode_percent) == (True, True, 170 * 60, 100)


def test_who_taught_it_before_prepares_it_no_more(app, make, siya, course):
    make.offering(siya, module_id=course.module_id, academic_year=2026, trimester=1)
    assert _load(app, siya).minutes == 130 * 60
    make.offering(siya, module_id=course.module_id, academic_year=2027, trimester=1)
    assert _load(app, siya).minutes == 130 * 60


def test_the_mode_weighs_and_the_enrolled_count_once_there_are_some(app, make, siya):
    module, mode = make.module(credits=0), make.mode("Seminar", workload_percent=50)
    course = make.offering(siya, module_id=module.id, mode_id=mode.id, academic_year=2026, trimester=3, max_students=30)
    assert _load(app, siya).minutes == 15 * 60
    make.enrolment(course, make.student())
    assert _load(app, siya).minutes == 30


def test_only_planned_and_running_courses_of_the_term_count(app, make, siya):
    for status in (OfferingStatus.CANCELLED, OfferingStatus.COMPLETED):
        make.offering(siya, status=status, academic_year=2026, trimester=3)
    make.offering(siya, academic_year=2026, trimester=2)
    load = _load(app, siya)
    assert (load.courses, load.minutes, load.percent, load.is_over) == (0, 0, 0, False)


def test_what_somebody_said_stands_instead_of_the_formula(app, make, siya, course):
    with app.app_context():
        assert override_minutes(course.id, 90, "Taught with a colleague", None, BY)
        assert not override_minutes(course.id, 90, "Taught with a colleague", 90, BY)
        with pytest.raises(Conflict):
            override_minutes(course.id, 80, "Stale", None, BY)
        db.session.commit()
    assert _load(app, siya).minutes == 90
    with app.app_context():
        assert override_minutes(course.id, None, "", 90, BY)
        assert db.session.scalars(select(WorkloadOverride)).all() == []
        found = db.session.scalars(
            select(AuditEvent.changes).where(AuditEvent.action == "weigh").order_by(AuditEvent.id)
        ).all()
    assert [changes["minutes"] for changes in found] == [[None, 90], [90, None]]


@pytest.mark.parametrize(
    ("minutes", "reason", "field"), [(-1, "x", "minutes"), (600_001, "x", "minutes"), (5, " ", "reason")]
)
def test_an_override_that_cannot_be_names_its_field(app, course, minutes, reason, field):
    with app.app_context():
        with pytest.raises(DomainError) as refused:
            override_minutes(course.id, minutes, reason, None, BY)
        assert refused.value.field == field
        with pytest.raises(NotFound):
            override_minutes(2**31 - 1, 5, "x", None, BY)


def test_nobody_without_time_is_lost_in_a_division(app, make):
    guest = make.facilitator(profile={"fte": Decimal(0)})
    assert _load(app, guest).percent == 0
    make.offering(guest, academic_year=2026, trimester=3)
    assert _load(app, guest).percent == 999
    assert _load(app, guest).is_over


def test_a_new_formula_counts_from_now_on_and_the_old_one_stays(app, siya, course):
    with app.app_context():
        seen = present_formula()
        assert not change_formula(FormulaDraft(seen.per_credit, seen.per_student, seen.first_time, seen.full_time),
                                  seen.id, BY)  # fmt: skip
        assert change_formula(FormulaDraft(60, 0, 0, 2400), seen.id, BY)
        with pytest.raises(Conflict):
            change_formula(FormulaDraft(61, 0, 0, 2400), seen.id, BY)
        with pytest.raises(DomainError):
            change_formula(FormulaDraft(61, 0, 0, 0), present_formula().id, BY)
        assert len(db.session.scalars(select(WorkloadFormula.id)).all()) == 2
        db.session.commit()
    assert (_load(app, siya).minutes, _load(app, siya).percent) == (240, 10)


def test_how_much_somebody_may_have_is_changed_unless_somebody_was_faster(app, siya):
    seen = Terms(Decimal("1.00"), 2, True)
    with app.app_context():
        assert change_terms(siya.profile_id, Terms(Decimal("0.50"), 3, False), seen, BY)
        assert not change_terms(siya.profile_id, seen, seen, BY)
        with pytest.raises(Conflict):
            change_terms(siya.profile_id, Terms(Decimal(1), 5, True), seen, BY)
        for wrong, field in ((Terms(Decimal(3), 2, True), "fte"), (Terms(Decimal(1), 100, True), "max_course_load")):
            with pytest.raises(DomainError) as refused:
                change_terms(siya.profile_id, wrong, seen, BY)
            assert refused.value.field == field
        profile = db.session.get(Facilitator, siya.profile_id)
        assert (profile.fte, profile.max_course_load, profile.is_available) == (Decimal("0.50"), 3, False)


def test_the_totals_are_the_sum_of_the_list(app, make, siya, course):
    other = make.facilitator(first_name="Ada", last_name="King", profile={"max_course_load": 0})
    make.offering(other, module_id=course.module_id, academic_year=2026, trimester=3, max_students=10)
    with app.app_context():
        totals = total_workload(WorkloadFilter(TERM), present_formula())
    assert (totals.people, totals.courses, totals.minutes, totals.over) == (2, 2, 340 * 60, 1)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Siya", "Zoë"]),
        ("sort=-minutes", ["Siya", "Zoë"]),
        ("sort=courses", ["Zoë", "Siya"]),
        ("q=zoe", ["Zoë"]),
        ("q=F1", ["Siya"]),
        ("department=ART", ["Zoë"]),
        ("which=free", ["Zoë", "Siya"]),
        ("which=none", ["Zoë"]),
        ("which=over", []),
        ("which=odd&sort=odd&term=odd&after=odd", ["Siya", "Zoë"]),
    ],
)
def test_the_list_filters_and_sorts(client, manager, make, siya, course, query, names):
    make.facilitator(first_name="Zoë", last_name="Zimt", profile={"department": "ART"})
    page = client.get(f"/allocations/workload?{query}").text
    found = re.findall(r"<bdi>(\S+) (?:Bhat|Zimt)</bdi>", page)
    assert sorted(found) == sorted(names)
    if query in ("", "sort=-minutes", "sort=courses"):
        assert found == names
    if not names:
        assert "Nobody matches" in page


def test_the_list_takes_the_same_statements_with_1_and_with_12_rows(client, manager, make, count_sql):
    counts = set()
    for more in (1, 11):
        for _ in range(more):
            make.offering(make.facilitator(), academic_year=2026, trimester=3)
        with count_sql() as sql:
            client.get("/allocations/workload")
        counts.add(len(sql))
    assert counts == {7}, sql.text
    fragment = client.get("/allocations/workload?q=a", headers={"HX-Request": "true"})
    assert "<html" not in fragment.text


def test_every_total_opens_to_its_inputs(client, manager, siya, course):
    page = client.get(f"/allocations/workload/{siya.profile_id}").text
    for words in ("170 h", "4 credits, 30 h each", "10 places (nobody is enrolled yet), 1 h each", "first time, 10 h"):
        assert words in page
    assert client.get(f"/allocations/workload/{2**31 - 1}").status_code == 404


def test_a_manager_says_what_a_course_is(client, manager, siya, course):
    address = f"/allocations/{course.id}/minutes"
    data = {"facilitator": siya.profile_id, "seen": "", "minutes": "12,5", "reason": "Shared"}
    answer = client.post(address, data=data | {"term": "x" * 70_000})
    assert (answer.status_code, len(answer.location) < 100) == (303, True)
    page = client.get(f"/allocations/workload/{siya.profile_id}").text
    assert "Set by Édouard Deschênes" in page
    assert "12.5 h" in page
    assert "Hours of work: 12.5 added" in client.get(f"/allocations/{course.id}").text
    for wrong, status in (
        ({"minutes": "many"}, 422), ({"minutes": "-1"}, 422), ({"minutes": "NaN"}, 422), ({"minutes": "1e99"}, 422),
        ({"seen": "x"}, 422), ({"seen": "750", "reason": ""}, 422), ({}, 409),
    ):  # fmt: skip
        answer = client.post(address, data=data | wrong)
        assert answer.status_code == status, wrong
        assert 'id="minutes-error"' in answer.text or 'id="reason-error"' in answer.text
    assert client.post(address, data=data | {"facilitator": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [("12,5", 750), ("12.5", 750), ("1,200", 72_000), ("1 200", 72_000), ("1\u202f200,5", 72_030), (" ", None)],
)
def test_hours_are_read_as_people_write_them(app, typed, minutes):
    with app.test_request_context():
        assert OverrideForm(MultiDict({"minutes": typed, "seen": ""})).read() == (minutes, None)


def test_a_manager_says_how_much_somebody_may_have(app, client, manager, siya):
    address = f"/allocations/workload/{siya.profile_id}/terms"
    data = {"fte": "0.5", "max_course_load": "3", "is_available": "y", "seen": "1.00 2 1"}
    assert client.post(address, data=data).status_code == 303
    assert 'value="1.00 2 1"' not in client.get(f"/allocations/workload/{siya.profile_id}").text
    assert client.post(address, data=data).status_code == 409
    for wrong in ({"fte": "3"}, {"fte": "x"}, {"max_course_load": "-1"}, {"seen": ""}, {"fte": "9" * 40}):
        assert client.post(address, data=data | wrong).status_code == 422


def test_the_formula_is_seen_before_it_is_put_in_force(app, client, make, sign_in, siya, course):
    sign_in(client, make.admin())
    page = client.get("/allocations/workload/formula").text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    data = {"per_credit": "1", "per_student": "0", "first_time": "0.5", "full_time": "40", "seen": seen.group(1)}
    preview = client.post("/allocations/workload/formula", data=data | {"preview": "1"}).text
    assert re.search(r"170</td>\s*<td[^>]*>6</td>", preview)
    assert client.post("/allocations/workload/formula", data=data).status_code == 303
    assert _load(app, siya).minutes == 6 * 60
    assert client.post("/allocations/workload/formula", data=data).status_code == 409
    for wrong in ({"full_time": "0"}, {"per_credit": "-1"}, {"per_credit": "x"}, {"seen": "x"}, {"first_time": "1e9"}):
        assert client.post("/allocations/workload/formula", data=data | wrong).status_code in {409, 422}, wrong


def test_managers_read_the_formula_only(client, manager):
    assert "An administrator can change it." in client.get("/allocations/workload/formula").text
    assert client.post("/allocations/workload/formula").status_code == 403


def test_facilitators_read_their_own(client, sign_in, siya, course):
    sign_in(client, siya)
    assert 'href="/allocations/workload/mine"' in client.get("/tracker/").text
    page = client.get("/allocations/workload/mine").text
    assert "My workload" in page
    assert "170 h" in page
    assert '<form class="in-line"' not in page
    assert client.get(f"/allocations/workload/{siya.profile_id}").status_code == 403


def test_the_file_holds_the_list_and_no_formulas(client, manager, make, siya, course):
    make.facilitator(first_name="=1+1", last_name="x")
    text = client.get("/allocations/workload.csv").text
    assert "Siya Bhat,F1,,1.00,1,2,4,10,170.0,28" in text
    assert "'=1+1 x" in text
