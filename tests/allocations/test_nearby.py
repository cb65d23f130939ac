"""A page by facilitator looks only at the courses of a few people, and shows what all courses in their order would."""

import pytest

from portal.allocations import queries
from portal.allocations.models import IntakePeriod
from portal.allocations.queries import OfferingFilter, nearby
from portal.paging import Cursor, PageRequest

SIZE = 3


@pytest.fixture
def crowd(make):
    """Forty people with two courses each, namesakes among them; the last ones teach the first half of the term."""
    names = ["Zoë", "ana", "Ana", "O'Hara", "Łukasz", "علي", "王", "Smith"]
    mode, module, cohort = make.mode("Online"), make.module(), make.cohort()
    for number in range(40):
        person = make.facilitator(first_name="Same", last_name=f"{names[number % 8]} {number // 24}")
        for _ in range(2):
            intake = IntakePeriod.HT1 if number > 34 else IntakePeriod.FT
            make.offering(person, mode_id=mode.id, module_id=module.id, cohort_id=cohort.id, intake_period=intake)
    make.offering(None, mode_id=mode.id, module_id=module.id, cohort_id=cohort.id)


def test_pages_by_facilitator_are_those_of_the_whole_list(app, crowd, monkeypatch):
    monkeypatch.setattr(nearby, "_WORTH_IT", 0)
    monkeypatch.setattr(nearby, "_AMPLE", 1)
    for wanted in (OfferingFilter(), OfferingFilter(intakes=(IntakePeriod.HT1,))):
        for downward in (False, True):
            pages_are_those_of_the_whole_list(app, wanted, downward)


def pages_are_those_of_the_whole_list(app, wanted, downward):
    with app.app_context():
        total = queries.facets_of(wanted).total
        whole = queries.page_of_offerings(wanted, PageRequest("facilitator", downward, size=500), total).rows
        asked = [nearby.people_nearby(PageRequest("facilitator", downward, size=SIZE), total)]
        found, page = [], PageRequest("facilitator", downward, size=SIZE)
        while page:
            shown = queries.page_of_offerings(wanted, page, total)
            found += shown.rows
            cursor = Cursor.decode(shown.following)
            page = cursor and PageRequest("facilitator", downward, cursor, SIZE)
        before = Cursor.decode(shown.previous)
        back = queries.page_of_offerings(wanted, PageRequest("facilitator", downward, before, SIZE), total).rows
    assert asked != [None]
    assert [row.id for row in found] == [row.id for row in whole]
    assert list(back) == found[-SIZE - len(shown.rows) : -len(shown.rows)]
