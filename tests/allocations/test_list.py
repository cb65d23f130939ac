"""The list of courses: filters, counts, sorting, paging."""

import re
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import cycle, product
from urllib.parse import parse_qsl

import pytest
from werkzeug.datastructures import MultiDict

from portal.allocations import queries
from portal.allocations.forms import listing
from portal.allocations.forms.listing import ListForm
from portal.allocations.models import IntakePeriod, OfferingStatus
from portal.allocations.queries import OfferingFilter
from portal.paging import Cursor, PageRequest
from tests.support.keeping import together

ALL = (
    "algorithms, algorithms again, data, data hybrid, drawing, drawing last year, drawing first term, drawing over, "
    "self-paced"
)


DRAWINGS = "drawing, drawing last year, drawing first term, drawing over"


FILTERS = [
    ("trimester=3", ALL.replace("drawing first term, ", "")),
    ("trimester=2026-1", "drawing first term"),
    ("trimester=2025", "drawing last year"),
    ("trimester=3&academic_year=2025", "drawing last year"),
    ("academic_year=2025", "drawing last year"),
    ("trimester=2026-1&trimester=2025", "drawing first term, drawing last year"),
    ("trimester=1&trimester=2025-3", "drawing first term, drawing last year"),
    ("cohort=CS-PG-2026&cohort=nobody", "algorithms again, drawing"),
    ("intake=HT1&intake=HT2", "data"),
    ("mode=Hybrid&mode=ONLINE", ALL),
    ("mode=Hybrid&mode=", "data hybrid, drawing over"),
    ("module=CS357 · x&module=art", "algorithms, algorithms again, " + DRAWINGS),
    ("department=CS&department=ART · Fine Arts", ALL.replace(", self-paced", "")),
    ("facilitator=fac02559&facilitator=حسن", ALL.replace("data, ", "").replace("drawing first term, ", "")),
    ("status=planned&status=completed", "drawing, drawing over"),
    ("status=planned&status=none", "data, drawing first term, drawing"),
    ("status=planned&unallocated=1", ""),
    ("mode=Hybrid&mode=Online&status=active&cohort=CS-UG-2026&department=CS&q=data", "data, data hybrid"),
    ("cohort=CS-PG-2026", "algorithms again, drawing"),
    ("cohort=cs-pg-2026", "algorithms again, drawing"),
    ("cohort=CS", ""),
    ("intake=HT1", "data"),
    ("intake=ht1", "data"),
    ("facilitator=Siya Bhat (FAC02559)", "algorithms, algorithms again, drawing last year, drawing over"),
    ("facilitator=fac02559", "algorithms, algorithms again, drawing last year, drawing over"),
    ("facilitator=bha si", "algorithms, algorithms again, drawing last year, drawing over"),
    ("facilitator=حسن", "data hybrid, drawing, self-paced"),
    ("facilitator=Nobody (FAC99999)", ""),
    ("mode=Hybrid", "data hybrid, drawing over"),
    ("mode=hybrid", "data hybrid, drawing over"),
    ("mode=Telepathy", ""),
    ("module=CS357 · Algorithmes avancés", "algorithms, algorithms again"),
    ("module=CS", "algorithms, algorithms again, data, data hybrid"),
    ("module=AVANCES", "algorithms, algorithms again"),
    ("department=CS", "algorithms, algorithms again, data, data hybrid"),
    ("department=CS · Computing", "algorithms, algorithms again, data, data hybrid"),
    ("status=planned", "drawing"),
    ("status=completed", "drawing over"),
    ("status=cancelled", ""),
    ("status=none", "data, drawing first term"),
    ("unallocated=1", "data, drawing first term"),
    ("unallocated=1&status=active", "data, drawing first term"),
    ("q=advances", ""),
    ("q=ALGORITHMES avances", "algorithms, algorithms again"),
    ("q=cs357 siya", "algorithms, algorithms again"),
    ("q=undergraduates cs100", "data, data hybrid"),
    ("q=chess", "self-paced"),
    ("q=😀", "self-paced"),
    ("q=علي", "data hybrid, drawing, self-paced"),
    ("q=%_", "data, data hybrid"),
    ("q=%25_s", "data, data hybrid"),
    ("q=100%25_", "data, data hybrid"),
    ("q=_", "data, data hybrid"),
    ("q=\\", ""),
    ("q=' OR 1=1 --", ""),
    ("q=" + "x" * 10000, ""),
    ("q=%00", ALL),
    ("facilitator=Siya Bhat (FAC02559)&trimester=2026-3&status=active&mode=Online", "algorithms, algorithms again"),
]  # fmt: skip


def names_in(expected):
    return {name for name in expected.split(", ") if name}


def test_each_filter_finds_what_matches(app, term):
    def found(address):
        form = ListForm.from_args(MultiDict(parse_qsl(address, keep_blank_values=True)))
        facets = queries.facets_of(form.wanted)
        rows = queries.page_of_offerings(form.wanted, form.page, facets.total, facets.shown).rows
        assert facets.total == len(rows), address
        return {term[row.id] for row in rows}

    with app.app_context():
        assert {address: found(address) for address, _ in FILTERS} == {
            address: names_in(expected) for address, expected in FILTERS
        }


@pytest.mark.in_turn
def test_the_page_shows_what_its_filters_find(client, manager, term, shown):
    for address, expected in FILTERS[::4]:
        answer = client.get(f"/allocations/?{address}")
        assert {term[key] for key in shown(answer)} == names_in(expected), address


def test_search_finds_accents_in_every_name(app, make):
    cohort = make.cohort(code="C-1", name="Génie électronique")
    study_class = make.study_class(name="Été A")
    course = make.offering(title="Échecs et chef-d’œuvre", cohort_id=cohort.id, class_id=study_class.id)
    make.offering()
    for word in ("Été", "été", "ete", "Électro", "electro", "ÉCHECS", "Génie", "œuvre", "ŒUVRE"):
        with app.app_context():
            rows = queries.page_of_offerings(OfferingFilter(q=word), PageRequest("course"), 1).rows
        assert [row.id for row in rows] == [course.id], word


def test_a_mode_of_ones_own_is_a_choice_like_any_other(app, make):
    make.offering(mode_id=make.mode("À distance").id)
    with app.app_context():
        for mode in ("À distance", "à distance"):
            facets = queries.facets_of(OfferingFilter(modes=(mode,)))
            rows = queries.page_of_offerings(OfferingFilter(modes=(mode,)), PageRequest("course"), 1).rows
            assert facets.total == len(rows) == 1


def test_counts_of_a_choice_ignore_that_choice_and_keep_the_others(app, term):
    with app.app_context():
        facets = queries.facets_of(
            OfferingFilter(modes=("Online",), statuses=(OfferingStatus.ACTIVE,), terms=((2026, None),))
        )
    assert facets.total == 5
    assert facets.modes == {"Online": 5, "Hybrid": 1}
    assert facets.statuses == {OfferingStatus.ACTIVE: 5, OfferingStatus.PLANNED: 1}
    assert facets.without_facilitator == 2
    assert facets.terms == {(2026, 3): 4, (2026, 1): 1, (2025, 3): 1}
    assert facets.any_status == 6
    assert facets.intakes == {IntakePeriod.FT: 4, IntakePeriod.HT1: 1}


def test_each_count_is_what_choosing_it_shows(app, term):
    for wanted in (
        OfferingFilter(),
        OfferingFilter(terms=((2026, 3),)),
        OfferingFilter(terms=((2026, 1), (2025, None)), modes=("Online", "Hybrid")),
        OfferingFilter(statuses=(OfferingStatus.PLANNED, OfferingStatus.COMPLETED), without_facilitator=True),
        OfferingFilter(unallocated=True),
        OfferingFilter(q="drawing", modes=("Online",)),
        OfferingFilter(facilitators=("siya", "حسن"), intakes=(IntakePeriod.FT,)),
    ):
        with app.app_context():
            each_count_is_what_choosing_it_shows(wanted)


def each_count_is_what_choosing_it_shows(wanted):
    facets = queries.facets_of(wanted)

    def shown_by(**changes):
        return len(queries.page_of_offerings(replace(wanted, **changes), PageRequest("course"), 0).rows)

    assert facets.total == shown_by() == facets.allocated + facets.unallocated, wanted
    assert {name: shown_by(modes=(name,)) for name in facets.modes} == facets.modes, wanted
    assert {intake: shown_by(intakes=(intake,)) for intake in facets.intakes} == facets.intakes, wanted
    statuses = {status: shown_by(statuses=(status,), without_facilitator=False) for status in facets.statuses}
    assert statuses == facets.statuses, wanted
    assert shown_by(statuses=(), without_facilitator=True) == facets.without_facilitator, wanted
    terms = {(year, number): shown_by(terms=((year, number),)) for year, number in facets.terms}
    assert terms == facets.terms, wanted


@pytest.mark.in_turn
def test_the_page_says_where_things_stand(client, manager, term):
    page = client.get("/allocations/?trimester=2026-3").text
    assert "<strong>7 courses</strong>; 6 have a facilitator, <strong>1 does not</strong>." in page
    assert "2026, trimester 3" in page
    assert "<strong>2 courses</strong> without a facilitator." in client.get("/allocations/?status=none").text
    assert "<strong>1 course</strong>; it has a facilitator." in client.get("/allocations/?status=planned").text


def test_load_counts_running_courses_of_the_same_term(app, term):
    with app.app_context():
        rows = queries.page_of_offerings(OfferingFilter(), PageRequest("course"), 9).rows
    loads = {term[row.id]: (row.load, row.limit) for row in rows}
    assert loads["algorithms"] == (2, 2)  # neither last year's nor the completed one
    assert loads["drawing last year"] == (1, 2)
    assert loads["drawing"] == (3, 4)
    assert loads["data"] == (None, None)


def make_many(app, make, count):
    """Courses in which every sort finds ties."""
    with app.app_context(), together():
        _make_many(make, count)


def _make_many(make, count):
    names = ["Zoë", "Anaïs", "Ana", "ana", "Øyvind", "Łukasz", "王小明", "علي حسن", "😀 Smile", "O'Hara"]
    people = [make.facilitator(first_name="Same", last_name=name) for name in names[:4]]
    modules = [make.module(code=f"M{n}", name=name) for n, name in enumerate(names)]
    cohort, group = make.cohort(), make.study_class()
    for n in range(count):
        make.offering(
            people[n % 5] if n % 5 < 4 else None, module_id=modules[n % 10].id, class_id=group.id, cohort_id=cohort.id,
            academic_year=2000 + n, max_students=20 + n % 3, start_date=date(2026, 8, 3 + n % 2),
            end_date=date(2026, 12, 1),
            status=list(OfferingStatus)[n % 4],
        )  # fmt: skip


def test_every_sort_holds_across_pages(make, app):
    make_many(app, make, 30)
    for descending, sort in product((False, True), queries.SORTS):

        def read(cursor=None, size=12, descending=descending, sort=sort):
            wanted = PageRequest(sort, descending, Cursor.decode(cursor), size)
            return queries.page_of_offerings(OfferingFilter(), wanted, 30)

        with app.app_context():
            pages = [read()]
            while pages[-1].following:
                pages.append(read(pages[-1].following))
            found = [row.id for page in pages for row in page.rows]
            assert [len(page.rows) for page in pages] == [12, 12, 6], sort
            assert len(set(found)) == 30, sort
            back = pages[-1]
            for page in reversed(pages[:-1]):
                back = read(back.previous)
                assert [row.id for row in back.rows] == [row.id for row in page.rows], sort
            assert [row.id for row in read(size=500).rows] == found, sort
            assert [row.id for row in read(size=500, descending=not descending).rows] == found[::-1], sort


@pytest.mark.in_turn
def test_the_links_of_every_sort_lead_on_and_back(client, manager, make, app, shown, monkeypatch):
    monkeypatch.setattr(listing, "PageRequest", partial(PageRequest, size=10))
    make_many(app, make, 15)
    for sign, sort in zip(cycle(("", "-")), queries.SORTS, strict=False):
        first = client.get(f"/allocations/?sort={sign}{sort}")
        second = client.get(neighbour("next", first))
        assert [len(shown(page)) for page in (first, second)] == [10, 5], sort
        assert 'id="page-next"' not in second.text, sort
        assert shown(client.get(neighbour("prev", second))) == shown(first), sort
        with app.app_context():
            whole = queries.page_of_offerings(OfferingFilter(), PageRequest(sort, sign == "-", size=500), 15)
        assert shown(first) + shown(second) == [row.id for row in whole.rows], sort


def neighbour(which, page):
    return re.search(rf'id="page-{which}"[^>]* href="([^"]+)"', page.text)[1].replace("&amp;", "&")


def test_courses_that_need_someone_come_first_and_names_sort_without_accents(app, term):
    with app.app_context():
        by_standing = queries.page_of_offerings(OfferingFilter(terms=((None, 3),)), PageRequest("status"), 8).rows
        by_course = queries.page_of_offerings(OfferingFilter(), PageRequest("course"), 9).rows
        by_places = queries.page_of_offerings(OfferingFilter(), PageRequest("places"), 9).rows
        by_start = queries.page_of_offerings(OfferingFilter(), PageRequest("start"), 9).rows
    standing = [term[row.id] for row in by_standing]
    assert standing[0] == "data"
    assert standing[-2:] == ["drawing", "drawing over"]
    assert [term[row.id] for row in by_course][:3] == ["algorithms", "algorithms again", "self-paced"]
    assert term[by_places[0].id] == "drawing"
    assert term[by_places[-1].id] == "algorithms"
    assert term[by_start[0].id] == "drawing over"


@pytest.mark.in_turn
def test_a_cursor_of_another_sort_shows_the_first_page(client, manager, term, shown):
    cursor = Cursor(("a", "b"), 1, 50).encode()
    assert shown(client.get(f"/allocations/?sort=start&after={cursor}")) == shown(
        client.get("/allocations/?sort=start")
    )
    assert shown(client.get("/allocations/?after=nonsense")) == shown(client.get("/allocations/"))
