"""The list of people: found, counted, told how far they are, whatever their number."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from portal import clock
from portal.accounts.forms import people
from portal.accounts.models import Identity, User
from portal.accounts.queries.directory import (
    AccountState,
    PeopleFilter,
    count_people,
    list_ids,
    page_of_people,
    state_of,
)
from portal.accounts.services.tokens import Purpose, end_tokens, issue_token
from portal.catalogue.models import Cohort
from portal.extensions import db
from portal.paging import Cursor, PageRequest
from portal.roles import Role
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn


@pytest.fixture
def admin(make: Any, client: Any, sign_in: Any) -> Any:
    person = make.admin(first_name="Ada", last_name="Okafor", password=PASSWORD)
    sign_in(client, person)
    return person


@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> int:
    """Ten to a page; a page of fifty leads on no otherwise."""
    monkeypatch.setattr(people, "PageRequest", partial(PageRequest, size=10))
    return 10


def invite(app: Any, person: Any) -> None:
    with app.app_context():
        issue_token(person.user_id, Purpose.INVITATION, "key")
        db.session.commit()


def change(app: Any, person: Any, **fields: Any) -> None:
    with app.app_context():
        user = db.session.get(User, person.user_id)
        for name, value in fields.items():
            setattr(user, name, value)
        db.session.commit()


def state(app: Any, person: Any) -> AccountState:
    with app.app_context():
        return state_of(person.user_id)


@pytest.mark.every_database
def test_how_far_someone_has_come(app, make, frozen_time):
    person = make.student()
    assert state(app, person) is AccountState.WAITING
    invite(app, person)
    assert state(app, person) is AccountState.INVITED
    frozen_time.shift(timedelta(days=7))
    assert state(app, person) is AccountState.EXPIRED
    invite(app, person)
    with app.app_context():
        end_tokens([person.user_id])
        db.session.commit()
    assert state(app, person) is AccountState.WAITING, "withdrawn"
    change(app, person, password_hash="x")
    assert state(app, person) is AccountState.ACTIVE
    for field, value, found in [
        ("is_confirmed", False, AccountState.UNCONFIRMED),
        ("deletion_asked_at", clock.now(), AccountState.LEAVING),
        ("is_active", False, AccountState.DEACTIVATED),
        ("anonymised_at", clock.now(), AccountState.ANONYMISED),
    ]:
        change(app, person, **{field: value})
        assert state(app, person) is found


def test_who_signs_in_elsewhere_is_active(app, make):
    person = make.student()
    with app.app_context():
        db.session.add(Identity(issuer="https://x", subject="1", user_id=person.user_id))
        db.session.commit()
    assert state(app, person) is AccountState.ACTIVE


FILTERS = [
    ("", {"Zoé", "Bo", "Ada"}),
    ("q=zoe+o", {"Zoé"}),
    ("q=zoe.o", {"Zoé"}),
    ("q=F-77", {"Bo"}),
    ("q=f-77", {"Bo"}),
    ("q=S-42", {"Zoé"}),
    ("q=%25", set()),
    ("role=student", {"Zoé"}),
    ("role=dean", {"Zoé", "Bo", "Ada"}),
    ("department=ENGI", {"Bo"}),
    ("department=ENGINEERING", set()),
    ("department=ENGI&role=student", set()),
    ("state=active", {"Ada"}),
    ("state=waiting", {"Zoé", "Bo"}),
    ("state=waiting&role=facilitator", {"Bo"}),
    ("sort=newest", {"Zoé", "Bo", "Ada"}),
    ("sort=shoe-size", {"Zoé", "Bo", "Ada"}),
    ("after=nonsense", {"Zoé", "Bo", "Ada"}),
    ("q=%00%ED%A0%80", set()),
]


@pytest.mark.every_database
def test_filters(client, admin, make):
    make.student(
        first_name="Zoé", last_name="O'Neill", email="zoe.oneill@example.org", profile={"student_number": "S-42"}
    )
    make.facilitator(first_name="Bo", last_name="Li", profile={"employee_id": "F-77", "department": "ENGI"})
    pages = {query: client.get(f"/admin/users/?{query}").text for query, _ in FILTERS}
    for query, found in FILTERS:
        table = pages[query].partition("<tbody>")[2].partition("</tbody>")[0]
        assert {name for name in ("Zoé", "Bo", "Ada") if f">{name} " in table} == found, query
        assert ("Nobody matches" in pages[query]) == (not found), query
    assert "was not understood" in pages["role=dean"]


@pytest.mark.every_database
def test_each_choice_counts_whom_it_would_show(app, admin, make):
    for _ in range(3):
        make.student()
    invited = make.facilitator()
    invite(app, invited)
    with app.app_context():
        counts = count_people(PeopleFilter(state=AccountState.WAITING))
        assert counts.total == 3
        assert counts.states[AccountState.WAITING] == 3
        assert counts.states[AccountState.INVITED] == 1
        assert counts.states[AccountState.ACTIVE] == 1
        assert {role.value: count for role, count in counts.roles.items() if count} == {"student": 3}


@pytest.mark.every_database
def test_counts_of_one_choice_are_narrowed_by_the_others_alone(app, admin, make):
    for department, count in (("ENGI", 3), ("MATH", 2)):
        for _ in range(count):
            make.facilitator(profile={"department": department})
    teaching = make.facilitator(profile={"department": "ENGI"}, password=PASSWORD)
    make.facilitator()
    with app.app_context():
        counts = count_people(PeopleFilter(department="ENGI", state=AccountState.WAITING))
        assert counts.total == 3
        assert dict(counts.departments) == {"ENGI": 3, "MATH": 2}
        assert counts.states[AccountState.WAITING] == 3
        assert counts.states[AccountState.ACTIVE] == 1
        assert counts.roles[Role.FACILITATOR] == 3
        assert count_people(PeopleFilter(q=teaching.email)).departments == {"ENGI": 1}
        assert count_people(PeopleFilter(department="engi")).total == len(list_ids(PeopleFilter(department="engi")))


def test_whoever_studies_now_is_in_no_department(app, client, admin, make):
    person = make.facilitator(profile={"department": "ENGI"})
    change(app, person, role=Role.STUDENT)
    assert "ENGI" not in client.get("/admin/users/").text
    with app.app_context():
        assert list_ids(PeopleFilter(department="ENGI")) == []


def test_the_cohort_of_a_student_is_named(app, client, admin, make):
    with app.app_context():
        cohort = Cohort(code="CSC-2026", name="Computing", program="BSc")
        db.session.add(cohort)
        db.session.commit()
        cohort_id = cohort.id
    person = make.student(profile={"cohort_id": cohort_id})
    assert ">CSC-2026<" in client.get("/admin/users/").text
    assert "· CSC-2026" in client.get(f"/admin/users/{person.user_id}").text


@pytest.mark.every_database
@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("", ["Ada", "Bo", "Cy", "Di"]),
        ("seen", ["Cy", "Bo", "Di", "Ada"]),
        ("away", ["Ada", "Di", "Bo", "Cy"]),
        ("newest", ["Di", "Cy", "Bo", "Ada"]),
    ],
)
def test_orders_and_their_pages(app, make, sort, names):
    """Two to a page, forward to the end and back again: nobody twice, nobody left out, whoever never signed in too."""
    students = [
        make.student(first_name=name, last_name="Same", email=f"{name}@x.example.org")
        for name in ["Ada", "Bo", "Cy", "Di"]
    ]
    for person, days in zip(students, (None, 1, 2, None), strict=True):
        change(app, person, last_login_at=days and clock.now() + timedelta(days=days))
    with app.app_context():
        request = PageRequest(sort or "name", size=2)
        first = page_of_people(PeopleFilter(), request, 4)
        second = page_of_people(PeopleFilter(), replace(request, cursor=Cursor.decode(first.following)), 4)
        back = page_of_people(PeopleFilter(), replace(request, cursor=Cursor.decode(second.previous)), 4)
        assert [row.first_name for row in (*first.rows, *second.rows)] == names
        assert second.following is None
        assert [row.id for row in back.rows] == [row.id for row in first.rows]


def test_a_cursor_of_another_order_begins_at_the_first_page(app, client, admin, make, short_pages):
    for _ in range(short_pages + 1):
        make.student()
    for sort in ("seen", "away", "newest"):
        page = client.get(f"/admin/users/?sort={sort}").text
        after = page.partition('id="page-next"')[2].partition("after=")[2].partition('"')[0].partition("&")[0]
        assert after
        for other in ("name", "seen", "newest"):
            assert client.get(f"/admin/users/?sort={other}&after={after}").status_code == 200


def test_the_deleted_are_shown_when_asked_for_alone(app, client, admin, make):
    person = make.student(first_name="Gone")
    change(app, person, anonymised_at=clock.now(), is_active=False)
    assert "Gone" not in client.get("/admin/users/").text
    assert "Gone" in client.get("/admin/users/?state=anonymised").text
    with app.app_context():
        assert person.user_id not in list_ids(PeopleFilter())


@pytest.mark.every_database
def test_pages_follow_each_other_by_name(client, admin, make, short_pages):
    for number in range(short_pages + 2):
        make.student(first_name="A", last_name=f"Name{number:02}")
    first = client.get("/admin/users/?role=student").text
    following = first.partition('id="page-next"')[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = client.get(following).text
    assert "Name09" in first
    assert "Name10" not in first.partition("<tbody>")[2]
    assert "Name10" in second
    assert "12 people" in second


def test_htmx_gets_the_list_and_the_choices_alone(client, admin, make):
    answer = client.get("/admin/users/?role=admin", headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert 'id="sets"' in answer.text
    assert 'id="of-department"' in answer.text
    assert answer.headers["HX-Push-Url"] == "/admin/users/?role=admin"


@pytest.mark.parametrize("rows", [1, 12])
def test_the_list_costs_the_same_whatever_it_shows(client, admin, make, count_sql, rows):
    for _ in range(rows):
        make.facilitator(profile={"department": "ENGI"})
    with count_sql() as sql:
        client.get("/admin/users/")
    # Who asks, the counts, the page, cohorts, the bell.
    assert len(sql) == 5, sql.text


@pytest.mark.parametrize("role", ["student", "facilitator"])
def test_it_is_closed_to_those_who_look_after_nobody(client, make, sign_in, role):
    sign_in(client, getattr(make, role)())
    assert client.get("/admin/users/").status_code == 403
    assert client.get("/admin/users/invite").status_code == 403


def test_whoever_is_given_another_role_leaves_the_places_of_the_old_one(app, client, make, sign_in):
    person = make.facilitator()
    change(app, person, role="student")
    sign_in(client, person)
    assert client.get("/tracker/").status_code == 403
