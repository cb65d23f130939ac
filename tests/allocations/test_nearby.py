"""A page looks only at the courses that stand near it, and shows what all courses in their order would."""

import re
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select, update

from portal.allocations import queries
from portal.allocations.models import CourseOffering, IntakePeriod, OfferingStatus
from portal.allocations.queries import OfferingFilter, nearby, values
from portal.catalogue.models import Department
from portal.extensions import db
from portal.paging import Cursor, PageRequest
from portal.pulses import PULSES_NOW, take
from portal.scoping import Scope, within
from tests.support.keeping import together

SIZE = 12


@pytest.fixture
def crowd(app, make):
    """Two dozen people with two courses each, namesakes among them; the last ones teach the first half of the term."""
    with app.app_context(), together():
        _crowd(make)


def _crowd(make):
    names = ["Zoë", "ana", "Ana", "O'Hara", "Łukasz", "علي", "王", "Smith"]
    modes, cohorts = [make.mode("Online"), make.mode("Hybrid")], [make.cohort() for _ in range(4)]
    homes = [make.department(code="ONE").id, make.department(code="TWO").id, None]
    modules = [
        make.module(name=f"{names[n % 8]} {n // 12}", credits=5 + n % 2, department_id=homes[n % 3]) for n in range(20)
    ]
    for number in range(24):
        person = make.facilitator(first_name="Same", last_name=f"{names[number % 8]} {number // 16}")
        for more in range(2):
            make.offering(
                person, mode_id=modes[number % 2].id, module_id=modules[(number + more) % 20].id,
                cohort_id=cohorts[number % 4].id, max_students=20 + number % 3, end_date=date(2026, 12, 1 + more),
                trimester=3 if number % 5 else 2,
                intake_period=IntakePeriod.HT1 if number > 18 else IntakePeriod.FT,
                status=list(OfferingStatus)[number % 4],
            )  # fmt: skip
    for module in modules[:7]:
        make.offering(None, mode_id=modes[0].id, module_id=module.id, cohort_id=cohorts[0].id)


@pytest.mark.in_turn
def test_pages_are_those_of_the_whole_list(app, crowd, monkeypatch):
    _compare(app, monkeypatch, OfferingFilter(), downward=False)
    _compare(app, monkeypatch, OfferingFilter(intakes=(IntakePeriod.HT1,)), downward=True)


def _compare(app, monkeypatch, wanted, *, downward):
    with app.app_context():
        facets = queries.facets_of(wanted)
        for sort in queries.SORTS:
            whole = queries.page_of_offerings(wanted, PageRequest(sort, downward, size=500), 0).rows
            assert whole == queries.page_of_offerings(wanted, PageRequest(sort, downward, size=500), 5).rows
            with monkeypatch.context() as few:
                _narrow(few, 0, 1)
                _walk(wanted, sort, downward, facets, [row.id for row in whole])


def _narrow(monkeypatch, few, ample):
    """Have lists of any length looked at nearby, and values of more than a few courses by their names."""
    monkeypatch.setattr(nearby, "_WORTH_IT", 0)
    monkeypatch.setattr(nearby, "_MANY", few)
    monkeypatch.setattr(nearby, "_FEW", few)
    monkeypatch.setattr(nearby, "_AMPLE", ample)


def _walk(wanted, sort, downward, facets, whole):
    """From page to page to the end, and one back."""
    first = PageRequest(sort, downward, size=SIZE)
    if not wanted.narrows:
        assert nearby.courses_nearby(wanted, first, facets.total, facets.shown), sort
    found, page = [], first
    while page:
        shown = queries.page_of_offerings(wanted, page, facets.total, facets.shown)
        found += [row.id for row in shown.rows]
        cursor = Cursor.decode(shown.following)
        page = cursor and PageRequest(sort, downward, cursor, SIZE)
    assert found == whole, sort
    if shown.previous is None:
        return
    before = PageRequest(sort, downward, Cursor.decode(shown.previous), SIZE)
    back = queries.page_of_offerings(wanted, before, facets.total, facets.shown).rows
    assert [row.id for row in back] == found[-SIZE - len(shown.rows) : -len(shown.rows)], sort


filters = st.builds(
    OfferingFilter,
    terms=st.sampled_from([(), ((2026, 3),), ((None, 2),), ((2026, None),)]),
    statuses=st.sampled_from([(), (OfferingStatus.ACTIVE,), (OfferingStatus.PLANNED, OfferingStatus.COMPLETED)]),
    modes=st.sampled_from([(), ("Hybrid",), ("Online", "Hybrid")]),
    departments=st.sampled_from([(), ("ONE",)]),
    unallocated=st.sampled_from([False, False, False, True]),
    q=st.sampled_from(["", "", "a", "same smith"]),
)


@pytest.mark.every_database
@settings(max_examples=16, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), wanted=filters, sort=st.sampled_from(list(queries.SORTS)), downward=st.booleans())
def test_any_page_is_that_of_the_plain_order(app, crowd, data, wanted, sort, downward):
    """Where values are many and few, from any row on, forwards and back, in one department and in all."""
    with app.app_context(), pytest.MonkeyPatch.context() as small:
        own = db.session.scalar(select(Department.id).where(Department.code == "ONE"))
        take(db.session.scalar(select(PULSES_NOW)))
        with within(data.draw(st.sampled_from([None, Scope((own,))]))):
            whole = queries.page_of_offerings(wanted, PageRequest(sort, downward, size=500), 0).rows
            size = data.draw(st.integers(1, 12))
            page = PageRequest(sort, downward, _cursor_in(data, wanted, sort, downward, len(whole)), size)
            facets = queries.facets_of(wanted)
            assert facets.total == len(whole)
            plain = queries.page_of_offerings(wanted, page, 0)
            _narrow(small, data.draw(st.sampled_from([0, 8, 2000])), data.draw(st.sampled_from([1, 6])))
            assert queries.page_of_offerings(wanted, page, facets.total, facets.shown).rows == plain.rows
        take()


def _cursor_in(data, wanted, sort, downward, courses):
    """The cursor behind or before some row; None for the first page."""
    stop = data.draw(st.integers(0, max(courses - 1, 0)))
    if not stop:
        return None
    page = queries.page_of_offerings(wanted, PageRequest(sort, downward, size=stop), 0)
    cursor = Cursor.decode(page.following)
    if data.draw(st.booleans()):
        return cursor
    following = queries.page_of_offerings(wanted, PageRequest(sort, downward, cursor, 1), 0)
    return Cursor.decode(following.previous)


@pytest.mark.every_database
def test_what_is_counted_ends_when_a_course_changes(fresh_app, make_fresh, sign_in, monkeypatch, count_sql):
    """By load and by places, also where another process wrote it."""
    _narrow(monkeypatch, 1, 6)
    module, people = make_fresh.module(), [make_fresh.facilitator(last_name=name) for name in ("One", "Two", "Three")]
    courses = [make_fresh.offering(people[n], module_id=module.id) for n in (0, 1, 1, 2, 2, 2)]
    client = fresh_app.test_client()
    sign_in(client, make_fresh.manager())

    def shown(sort):
        with count_sql() as sql:
            text = client.get(f"/allocations/?sort={sort}").text
        assert len(sql) <= 5
        loads = [statement for statement in sql.statements if "CASE WHEN" in statement and "GROUP BY" in statement]
        return [int(number) for number in re.findall(r'id="course-(\d+)"', text)], loads

    shown("-load")  # which has read so much that the loads wait for the next request
    assert {*shown("-load")[0][:3]} == {course.id for course in courses[3:]}
    assert shown("-load")[1] == []
    shown("-places")
    with fresh_app.app_context():
        db.session.execute(update(CourseOffering).where(CourseOffering.id == courses[0].id).values(max_students=77))
        course = db.session.get(CourseOffering, courses[1].id)
        course.facilitator_id = people[2].profile_id
        db.session.commit()
    ids, loads = shown("-load")
    assert {*ids[:4]} == {courses[1].id, *(course.id for course in courses[3:])}
    assert len(loads) == 1
    assert shown("-places")[0][0] == courses[0].id
    assert values.values_of_list(OfferingFilter(), "load", ()) is None


@pytest.mark.in_turn
def test_a_list_that_the_database_cut_short_is_not_gone_by(app, crowd, monkeypatch):
    """MySQL cuts what it puts together at `group_concat_max_len`; nobody is left out of a page by load for it."""
    cut = select(*(literal(value) for value in (2026, 3, 1, "1,2", 2, 2, 99)))
    monkeypatch.setattr(values, "_LOADS", cut)
    with app.app_context():
        wanted = OfferingFilter()
        facets = queries.facets_of(wanted)
        assert values.values_of_list(wanted, "load", facets.shown) is None
        _narrow(monkeypatch, 0, 1)
        page = PageRequest("load", size=SIZE)
        plain = queries.page_of_offerings(wanted, page, 0).rows
        assert queries.page_of_offerings(wanted, page, facets.total, facets.shown).rows == plain
