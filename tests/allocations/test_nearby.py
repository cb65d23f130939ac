"""A page looks only at the courses that stand near it, and shows what all courses in their order would."""

from datetime import date

import pytest

from portal.allocations import queries
from portal.allocations.models import IntakePeriod, OfferingStatus
from portal.allocations.queries import OfferingFilter, nearby
from portal.paging import Cursor, PageRequest

SIZE = 12


@pytest.fixture
def crowd(make):
    """Forty people with two courses each, namesakes among them; the last ones teach the first half of the term."""
    names = ["Zoë", "ana", "Ana", "O'Hara", "Łukasz", "علي", "王", "Smith"]
    modes, cohorts = [make.mode("Online"), make.mode("Hybrid")], [make.cohort() for _ in range(4)]
    modules = [make.module(name=f"{names[n % 8]} {n // 12}", credits=5 + n % 2) for n in range(20)]
    for number in range(40):
        person = make.facilitator(first_name="Same", last_name=f"{names[number % 8]} {number // 24}")
        for more in range(2):
            make.offering(
                person, mode_id=modes[number % 2].id, module_id=modules[(number + more) % 20].id,
                cohort_id=cohorts[number % 4].id, max_students=20 + number % 3, end_date=date(2026, 12, 1 + more),
                intake_period=IntakePeriod.HT1 if number > 34 else IntakePeriod.FT,
                status=list(OfferingStatus)[number % 4],
            )  # fmt: skip
    for module in modules[:7]:
        make.offering(None, mode_id=modes[0].id, module_id=module.id, cohort_id=cohorts[0].id)


def test_pages_are_those_of_the_whole_list(app, crowd, monkeypatch):
    for wanted in (OfferingFilter(), OfferingFilter(intakes=(IntakePeriod.HT1,))):
        for downward in (False, True):
            _compare(app, monkeypatch, wanted, downward)


def _compare(app, monkeypatch, wanted, downward):
    with app.app_context():
        facets = queries.facets_of(wanted)
        for sort in queries.SORTS:
            whole = queries.page_of_offerings(wanted, PageRequest(sort, downward, size=500), 0).rows
            assert whole == queries.page_of_offerings(wanted, PageRequest(sort, downward, size=500), 5).rows
            with monkeypatch.context() as few:
                few.setattr(nearby, "_WORTH_IT", 0)
                few.setattr(nearby, "_FEW", 0)
                few.setattr(nearby, "_AMPLE", 1)
                few.setattr(nearby, "_SHARE", 2)
                _walk(wanted, sort, downward, facets, [row.id for row in whole])


def _walk(wanted, sort, downward, facets, whole):
    """From page to page to the end, and one back."""
    first = PageRequest(sort, downward, size=SIZE)
    if sort != "load" and not wanted.narrows:
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
