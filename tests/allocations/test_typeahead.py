"""What the type-ahead fields offer."""

import re
from datetime import time

import pytest

from portal.allocations.routes.highlight import highlight
from portal.allocations.services.meetings import MeetingDraft, add_meeting
from portal.audit.services import System
from portal.extensions import db

pytestmark = pytest.mark.in_turn


@pytest.fixture(autouse=True)
def manager(make, client, sign_in):
    sign_in(client, make.manager())


@pytest.fixture
def course(make):
    return make.offering(academic_year=2026, trimester=3)


@pytest.fixture
def people(make):
    names = [
        ("Natan", "Tylec"),
        ("Nathalie", "Giguère"),
        ("Leonard", "Czubaszek"),
        ("علي", "حسن"),
        ("Ana", "O'Neil %_"),
    ]
    return {
        last: make.facilitator(
            first_name=first, last_name=last, profile={"employee_id": f"FAC{n}", "max_course_load": 2}
        )
        for n, (first, last) in enumerate(names)
    }


def offered(client, course, text):
    answer = client.get("/allocations/facilitators", query_string={"q": text, "offering": course.id})
    assert answer.status_code == 200
    return re.findall(r'data-text="([^"]+)"', answer.text), answer.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("na", ["Nathalie Giguère", "Ana O&#39;Neil %_", "Natan Tylec", "Leonard Czubaszek"]),
        ("giguere", ["Nathalie Giguère"]),
        ("GIGUÈRE nath", ["Nathalie Giguère"]),
        ("FAC2", ["Leonard Czubaszek"]),
        ("fac2", ["Leonard Czubaszek"]),
        ("حس", ["علي حسن"]),
        ("%", ["Ana O&#39;Neil %_"]),
        ("zzz", []),
        ("z" * 10000, []),
        ("\u0301", []),
    ],
)
def test_names_that_begin_with_the_text_come_first(client, course, people, text, expected):
    found = [name.rpartition(" (")[0] for name in offered(client, course, text)[0]]
    if text == "na":
        assert set(found[:2]) == {"Nathalie Giguère", "Natan Tylec"}
        assert set(found) == set(expected)
    elif text == "\u0301":
        assert len(found) <= 8
    else:
        assert found == expected


def test_each_candidate_shows_the_load_after_this_choice(client, course, people, make):
    natan = people["Tylec"]
    make.offering(natan, academic_year=2026, trimester=3)
    assert "1 of 2 courses, 2 with this one" in offered(client, course, "tylec")[1]
    make.offering(natan, academic_year=2026, trimester=3)
    html = offered(client, course, "tylec")[1]
    assert "Would be over the limit" in html
    assert "3 of 2" in html


def test_who_cannot_be_chosen_is_shown_and_marked(client, make, people):
    course = make.offering(people["Tylec"], academic_year=2026, trimester=3)
    html = offered(client, course, "tylec")[1]
    assert 'aria-disabled="true"' in html
    assert "Teaches it now" in html
    make.facilitator(last_name="Away", profile={"is_available": False})
    html = offered(client, course, "away")[1]
    assert 'aria-disabled="true"' in html
    assert "Not available" in html
    make.facilitator(last_name="Gone", is_active=False)
    assert offered(client, course, "gone")[0] == []


def test_without_a_text_those_of_the_department_with_most_room_come_first(client, make):
    computing = make.department(code="CS")
    course = make.offering(module_id=make.module(department_id=computing.id).id, academic_year=2026, trimester=3)
    make.facilitator(last_name="Aaa", profile={"department": "ART", "max_course_load": 9})
    make.facilitator(last_name="Ccc", profile={"department": "CS", "max_course_load": 3})
    make.facilitator(last_name="Bbb", profile={"department": "CS", "max_course_load": 4})
    make.facilitator(last_name="Ddd", profile={"department": "CS", "max_course_load": 9, "is_available": False})
    assert [name.split()[1] for name in offered(client, course, "")[0]] == ["Bbb", "Ccc", "Aaa", "Ddd"]


def test_at_most_eight_are_offered_in_five_statements(client, course, make, count_sql):
    for n in range(12):
        make.facilitator(first_name="Same", last_name=f"Name{n:02}")
    with count_sql() as sql:
        found = offered(client, course, "same")[0]
    assert len(found) == 8
    assert len(sql) == 5, sql.text


@pytest.mark.parametrize("offering", ["", "0", "x", "999999", "99999999999999999999"])
def test_an_unknown_course_is_404(client, offering):
    assert client.get(f"/allocations/facilitators?q=a&offering={offering}").status_code == 404


def test_filters_offer_keys_that_they_understand(client, make):
    make.offering(
        make.facilitator(first_name="Siya", last_name="Bhat", profile={"employee_id": "FAC02559"}),
        module_id=make.module(code="CS357", name="Àlgorithms & <b>", department_id=make.department(code="CS").id).id,
        cohort_id=make.cohort(code="CS-UG-2026", name="Undergraduates").id,
    )
    for kind, text, name, key in (
        ("modules", "algo 357", "module", "CS357 · Àlgorithms &amp; &lt;b&gt;"),
        ("cohorts", "under", "cohort", "CS-UG-2026"),
        ("departments", "cs", "department", "CS"),
        ("facilitators", "bhat", "facilitator", "Siya Bhat (FAC02559)"),
    ):
        html = client.get(f"/allocations/options/{kind}", query_string={"q": text}).text
        (found,) = re.findall(r'data-text="([^"]+)"', html)
        assert found == key
        plain = key.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
        assert "1 course" in client.get("/allocations/", query_string={name: plain}).text
    assert "Nothing matches." in client.get("/allocations/options/modules?q=zzz").text
    assert client.get("/allocations/options/passwords").status_code == 404


def test_an_option_counts_what_it_would_show_beside_the_other_filters(client, make, count_sql):
    computing, nursing = (make.module(code=code, name=f"Ethics in {code}") for code in ("CS100", "NURS100"))
    online, in_person = make.mode("Online"), make.mode("In-person")
    for module, mode in ((computing, online), (computing, online), (computing, in_person), (nursing, in_person)):
        make.offering(module_id=module.id, mode_id=mode.id)

    def counts(list_address: str) -> list[str]:
        with count_sql() as sql:
            page = client.get("/allocations/options/modules?q=ethics", headers={"HX-Current-URL": list_address}).text
        # The session, the options, and the names that a search beside them looks through.
        assert len(sql) == (3 if "q=" in list_address else 2), sql.text
        return re.findall(r'class="tally">(\d+)<', page)

    assert counts("http://localhost/allocations/") == ["3", "1"]
    assert counts("http://localhost/allocations/?mode=Online") == ["2", "0"]
    assert counts("http://localhost/allocations/?module=CS100&mode=In-person") == ["1", "1"]
    # What shows something comes first.
    assert counts("http://localhost/allocations/?module=CS100&mode=In-person&q=nurs") == ["1", "0"]
    assert counts("http://[") == ["3", "1"]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Leonard Czubaszek", "na", [("Leo", False), ("na", True), ("rd Czubaszek", False)]),
        ("Nathalie Giguère", "GIGUERE nat", [("Nat", True), ("halie ", False), ("Giguère", True)]),
        ("Bjørk Æther", "aeth", [("Bjørk ", False), ("Æth", True), ("er", False)]),
        ("Straße", "strass", [("Straß", True), ("e", False)]),
        ("علي حسن", "حسن", [("علي ", False), ("حسن", True)]),
        ("Ana", "", [("Ana", False)]),
        ("", "x", []),
        ("Ana", "zz", [("Ana", False)]),
    ],
)
def test_the_letters_that_were_typed_are_marked(name, text, expected):
    assert list(highlight(name, text)) == expected


def test_candidates_say_who_taught_it_and_who_teaches_elsewhere_then(app, client, manager, make):
    module = make.module()
    course = make.offering(module_id=module.id, academic_year=2026, trimester=3)
    knows, busy = make.facilitator(first_name="Knows"), make.facilitator(first_name="Busy")
    make.offering(knows, module_id=module.id, academic_year=2024, trimester=1, weeks_ago=90)
    other = make.offering(busy)
    full = make.facilitator(first_name="Full", profile={"max_course_load": 1})
    both = make.offering(full, academic_year=2026, trimester=3)
    with app.app_context():
        for offering in (course, other, both):
            add_meeting(offering.id, MeetingDraft(1, time(9), time(10)), System())
        db.session.commit()
    page = client.get(f"/allocations/facilitators?offering={course.id}").text
    assert "taught it in 2024" in page
    assert page.count("Teaches another course at the same time") == 2
    assert "Would be over the limit<br>Teaches another course at the same time" in page
    answer = client.post(
        f"/allocations/{course.id}/facilitator",
        data={"version": "1", "facilitator": busy.profile_id},
        follow_redirects=True,
    )
    assert "They teach another course at the same time." in answer.text
