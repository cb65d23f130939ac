"""A manager and a term for the tests of allocations."""

import re
from datetime import date

import pytest

from portal.allocations.models import IntakePeriod, OfferingKind, OfferingStatus


@pytest.fixture
def manager(make, client, sign_in):
    person = make.manager(first_name="Édouard", last_name="Deschênes")
    sign_in(client, person)
    return person


@pytest.fixture
def term(make):
    """Nine courses that differ in everything that can be filtered, and an open one, which is none of the desk's."""
    cs, art = make.department(code="CS", name="Computing"), make.department(code="ART", name="Fine Arts")
    algorithms = make.module(code="CS357", name="Algorithmes avancés", department_id=cs.id)
    data = make.module(code="CS100", name="Data 100%_safe", department_id=cs.id)
    drawing = make.module(code="ART100", name="Drawing", department_id=art.id)
    siya = make.facilitator(
        first_name="Siya", last_name="Bhat", profile={"employee_id": "FAC02559", "max_course_load": 2}
    )
    ali = make.facilitator(first_name="علي", last_name="حسن", profile={"employee_id": "FAC00002"})
    ug, pg = make.cohort(code="CS-UG-2026", name="Undergraduates"), make.cohort(code="CS-PG-2026", name="Postgraduates")
    online, hybrid = make.mode("Online"), make.mode("Hybrid")
    common = {"academic_year": 2026, "trimester": 3, "cohort_id": ug.id, "mode_id": online.id}
    made = {}
    made["algorithms"] = make.offering(siya, module_id=algorithms.id, max_students=40, **common)
    made["algorithms again"] = make.offering(siya, module_id=algorithms.id, **(common | {"cohort_id": pg.id}))
    made["data"] = make.offering(None, module_id=data.id, intake_period=IntakePeriod.HT1, **common)
    made["data hybrid"] = make.offering(ali, module_id=data.id, **(common | {"mode_id": hybrid.id}))
    made["drawing"] = make.offering(
        ali, module_id=drawing.id, status=OfferingStatus.PLANNED, max_students=10, **(common | {"cohort_id": pg.id})
    )
    made["drawing last year"] = make.offering(siya, module_id=drawing.id, **(common | {"academic_year": 2025}))
    made["drawing first term"] = make.offering(None, module_id=drawing.id, **(common | {"trimester": 1}))
    made["drawing over"] = make.offering(
        siya, module_id=drawing.id, status=OfferingStatus.COMPLETED,
        start_date=date(2026, 1, 5), end_date=date(2026, 3, 1),
        **(common | {"mode_id": hybrid.id}),
    )  # fmt: skip
    chess, everybody = make.module(code="X1", name="Chess 😀 for all"), make.cohort(code="ALL-2026", name="Everybody")
    made["self-paced"] = make.offering(ali, module_id=chess.id, **(common | {"cohort_id": everybody.id}))
    # Nobody is allocated to one of these: they stand nowhere here.
    made["open"] = make.offering(
        ali, kind=OfferingKind.OPEN, title="Chess 😀 for all", module_id=None, class_id=None,
        **(common | {"cohort_id": None}),
    )  # fmt: skip
    return {offering.id: name for name, offering in made.items()}


@pytest.fixture
def shown():
    """Gives the ids of the courses on a page, in order."""

    def read(answer):
        assert answer.status_code == 200, answer.text[:2000]
        return [int(found) for found in re.findall(r'<tr id="course-(\d+)"', answer.text)]

    return read


@pytest.fixture
def fields():
    """Gives what a browser would send of the form on a page."""

    def read(page: str) -> dict[str, str]:
        form = re.search(r'<form class="form bulk-what".*?</form>', page, re.DOTALL)
        assert form
        html = form.group(0)
        found = dict(re.findall(r'<input(?=[^>]*name="([^"]+)")[^>]*value="([^"]*)"', html))
        for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
            chosen = re.search(r'<option selected value="([^"]*)"', inner)
            found[name] = chosen.group(1) if chosen else ""
        for name, inner in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', html, re.DOTALL):
            found[name] = inner.strip()
        return found

    return read
