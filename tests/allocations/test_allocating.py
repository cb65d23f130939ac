"""Allocating in the row, on the course's page and without scripts."""

import re

import pytest
from sqlalchemy import select

from portal.allocations.models import CourseOffering, OfferingStatus
from portal.audit.models import AuditEvent
from portal.extensions import db

pytestmark = pytest.mark.in_turn

HX = {"HX-Request": "true", "HX-Current-URL": "http://localhost/allocations/?trimester=2026-3"}


@pytest.fixture
def siya(make):
    return make.facilitator(
        first_name="Siya", last_name="Bhat", profile={"employee_id": "FAC02559", "max_course_load": 2}
    )


@pytest.fixture
def course(make):
    return make.offering(academic_year=2026, trimester=3, module_id=make.module(code="CS357", name="Algorithms").id)


@pytest.fixture
def now(app):
    """Reads a course as it stands."""

    def read(offering):
        with app.app_context():
            return db.session.get(CourseOffering, offering.id)

    return read


def post(client, offering, headers=HX, version=1, **form):
    return client.post(f"/allocations/{offering.id}/facilitator", data={"version": version, **form}, headers=headers)


def test_the_form_takes_the_place_of_the_row_or_is_a_page(client, manager, course):
    row = client.get(f"/allocations/{course.id}/facilitator", headers=HX)
    assert row.text.count("<tr") == 1
    assert f'name="version" value="{course.version}"' in row.text
    page = client.get(f"/allocations/{course.id}/facilitator")
    assert "<html" in page.text
    assert 'name="facilitator_text"' in page.text


def test_allocating_answers_with_the_row_and_what_changed_on_the_page(client, manager, course, siya, make, now):
    other = make.offering(siya, academic_year=2026, trimester=3)
    answer = post(client, course, facilitator=siya.profile_id, facilitator_text="Siya Bhat (FAC02559)")
    assert answer.status_code == 200
    assert now(course).facilitator_id == siya.profile_id
    assert answer.text.lstrip().startswith(f'<tr id="course-{course.id}"')
    assert "<bdi>Siya Bhat</bdi>" in answer.text
    assert "<strong>2 courses</strong>; all have a facilitator." in answer.text
    assert f'hx-target=".load-of-{siya.profile_id}-2026-3"' in answer.text
    assert "2 of 2" in answer.text
    assert "Siya Bhat teaches CS357" in answer.text
    assert "Undo" in answer.text
    assert f"load-of-{siya.profile_id}-2026-3" in client.get("/allocations/").text
    assert now(other).version == 1


def test_changing_someone_renews_both_loads(client, manager, siya, make, now):
    second = make.facilitator(first_name="Ana", last_name="Ng")
    course = make.offering(siya, academic_year=2026, trimester=3)
    make.offering(siya, academic_year=2026, trimester=3)
    answer = post(client, course, facilitator=second.profile_id)
    assert now(course).facilitator_id == second.profile_id
    loads = dict(re.findall(r'hx-target="\.load-of-(\d+)-2026-3".*?<span aria-hidden="true">(\d+ of \d+)', answer.text))
    assert loads == {str(siya.profile_id): "1 of 2", str(second.profile_id): "1 of 4"}


def test_undo_puts_back_who_was_there(client, manager, siya, make, now):
    course = make.offering(siya, academic_year=2026, trimester=3)
    answer = post(client, course, deed="remove")
    assert now(course).facilitator_id is None
    undo = answer.text[answer.text.index('class="toast') :]
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', undo))
    assert form["version"] == "2"
    assert form["next"] == "/allocations/?trimester=2026-3"
    assert client.post(f"/allocations/{course.id}/facilitator", data=form).status_code == 303
    assert now(course).facilitator_id == siya.profile_id


def test_without_scripts_a_form_does_the_same_and_leads_back(client, manager, course, siya, now):
    origin = {"Referer": "http://localhost/allocations/?mode=Online"}
    page = client.get(f"/allocations/{course.id}/facilitator", headers=origin).text
    back = re.search(r'name="next" value="([^"]+)"', page[page.index("<main") :])[1]
    assert back == "/allocations/?mode=Online"
    answer = post(client, course, headers={}, facilitator_text="fac02559", next=back)
    assert (answer.status_code, answer.location) == (303, "/allocations/?mode=Online")
    assert now(course).facilitator_id == siya.profile_id
    assert "Siya Bhat teaches CS357" in client.get(answer.location).text


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_to_another_host(client, manager, course, siya, address):
    answer = post(client, course, headers={}, facilitator=siya.profile_id, next=address)
    assert answer.location == "/"
    page = client.get(f"/allocations/{course.id}/facilitator", headers={"Referer": address + "allocations/?x=1"}).text
    assert "evil" not in page


@pytest.mark.parametrize(
    "typed", ["FAC02559", "fac02559", "Siya Bhat", "bhat siya", "SIYÁ bhat", "Siya Bhat (FAC02559)", "siya bha"]
)
def test_a_typed_name_or_id_finds_the_person(client, manager, course, siya, make, now, typed):
    make.facilitator(first_name="Siyabonga", last_name="Bhatt-Nkosi", is_active=False)
    assert post(client, course, facilitator_text=typed).status_code == 200
    assert now(course).facilitator_id == siya.profile_id


def test_the_full_name_wins_over_a_longer_one(client, manager, course, siya, make, now):
    make.facilitator(first_name="Siya", last_name="Bhatnagar")
    assert post(client, course, facilitator_text="siya bhat").status_code == 200
    assert now(course).facilitator_id == siya.profile_id


@pytest.mark.parametrize("headers", [HX, {}], ids=["htmx", "plain"])
def test_several_people_are_offered_to_choose_from(client, manager, course, siya, make, now, headers):
    twin = make.facilitator(first_name="Siya", last_name="Bhat", profile={"employee_id": "FAC1"})
    answer = post(client, course, headers, facilitator_text="siya bhat")
    assert answer.status_code == 422
    assert now(course).facilitator_id is None
    offered = set(re.findall(r'type="radio" name="person" value="(\d+)"', answer.text))
    assert offered == {str(siya.profile_id), str(twin.profile_id)}
    answer = post(client, course, headers, facilitator_text="siya bhat", facilitator="", person=twin.profile_id)
    assert answer.status_code in {200, 303}
    assert now(course).facilitator_id == twin.profile_id


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Type a name or an employee ID."),
        ({"facilitator_text": "nobody of that name"}, "Nobody matches “nobody of that name”."),
        ({"facilitator_text": "%"}, "Nobody matches “%”."),
        ({"facilitator_text": "<b>x"}, "Nobody matches “&lt;b&gt;x”."),
        ({"facilitator_text": "x" * 10000}, "Nobody matches"),
        ({"facilitator": "999999"}, "There is no such facilitator."),
        ({"facilitator": "99999999999999999999"}, "Type a name"),
        ({"facilitator": "-1"}, "Type a name"),
        ({"facilitator": "\u0663"}, "Type a name"),
    ],
)
def test_what_names_nobody_is_said_in_the_form(client, manager, course, siya, form, said, now):
    answer = post(client, course, **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert "<tr" in answer.text
    assert now(course).version == 1


def test_someone_who_is_not_available_is_refused(client, manager, course, make):
    away = make.facilitator(first_name="Ana", last_name="Ng", profile={"is_available": False})
    answer = post(client, course, facilitator=away.profile_id)
    assert answer.status_code == 422
    assert "Ana Ng is not available at present." in answer.text


@pytest.mark.parametrize("headers", [HX, {}], ids=["htmx", "plain"])
def test_over_the_limit_asks_for_a_reason_and_then_does_it(client, manager, course, siya, make, now, app, headers):
    for _ in range(2):
        make.offering(siya, academic_year=2026, trimester=3)
    answer = post(client, course, headers, facilitator=siya.profile_id, facilitator_text="Siya Bhat (FAC02559)")
    assert answer.status_code == 422
    assert now(course).facilitator_id is None
    assert "Siya Bhat would be over the limit: 3 of 2. Allocate anyway?" in answer.text
    assert 'name="reason"' in answer.text
    assert "Siya Bhat (FAC02559)" in answer.text
    answer = post(client, course, headers, facilitator_text="Siya Bhat (FAC02559)", reason="Nobody else knows it 😀")
    assert answer.status_code in {200, 303}
    assert now(course).facilitator_id == siya.profile_id
    with app.app_context():
        event = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "assign")).one()
    assert event.changes["reason"] == [None, "Nobody else knows it 😀"]
    assert event.actor_id == manager.user_id
    assert event.request_id
    history = client.get(f"/allocations/{course.id}").text
    assert "Siya Bhat allocated" in history
    assert "Nobody else knows it 😀" in history
    assert "by Édouard Deschênes" in history


@pytest.mark.parametrize("headers", [HX, {}], ids=["htmx", "plain"])
def test_a_stale_version_shows_what_stands_and_offers_to_do_it_all_the_same(
    client, manager, course, siya, make, now, headers
):
    other = make.facilitator(first_name="Ana", last_name="Ng")
    post(client, course, facilitator=other.profile_id)
    answer = post(client, course, headers, version=1, facilitator=siya.profile_id, facilitator_text="")
    assert answer.status_code == 409
    assert now(course).facilitator_id == other.profile_id
    assert "Someone else changed this course meanwhile. Ana Ng is allocated now." in answer.text
    assert "Allocate anyway" in answer.text
    assert 'value="Siya Bhat (FAC02559)"' in answer.text
    version = re.search(r'name="version" value="(\d+)"', answer.text)[1]
    assert post(client, course, headers, version=version, facilitator_text="Siya Bhat (FAC02559)").status_code in {
        200,
        303,
    }
    assert now(course).facilitator_id == siya.profile_id


def test_a_double_click_allocates_once(client, manager, course, siya, now, app):
    for _ in range(2):
        assert post(client, course, version=1, facilitator=siya.profile_id).status_code == 200
    assert now(course).version == 2
    with app.app_context():
        assert len(db.session.scalars(select(AuditEvent).where(AuditEvent.action == "assign")).all()) == 1


@pytest.mark.parametrize("version", ["", "x", "-1", "0", "99", "1" * 30])
def test_a_broken_version_is_a_stale_one(client, manager, course, siya, now, version):
    assert post(client, course, version=version, facilitator=siya.profile_id).status_code == 409
    assert now(course).facilitator_id is None


@pytest.mark.parametrize("headers", [HX, {}], ids=["htmx", "plain"])
def test_a_course_that_is_over_answers_with_why(client, manager, make, siya, headers):
    course = make.offering(status=OfferingStatus.CANCELLED)
    assert "Allocate</button>" not in client.get(f"/allocations/{course.id}/facilitator", headers=headers).text
    answer = post(client, course, headers, facilitator=siya.profile_id)
    assert answer.status_code == 409
    assert "completed or cancelled" in answer.text
    assert "Allocate</button>" not in answer.text


@pytest.mark.parametrize("key", ["999999", "99999999999999999999", "0", "x", "-1"])
def test_an_unknown_course_is_404(client, manager, key):
    assert client.get(f"/allocations/{key}").status_code == 404
    assert client.get(f"/allocations/{key}/facilitator").status_code == 404
    assert client.post(f"/allocations/{key}/facilitator", data={"version": 1}).status_code in {404, 405}


@pytest.mark.parametrize("who", ["facilitator", "student"])
def test_others_may_not_allocate(client, make, sign_in, course, siya, now, who):
    sign_in(client, getattr(make, who)())
    assert post(client, course, facilitator=siya.profile_id).status_code == 403
    sign_in(client, None)
    assert post(client, course, headers={}, facilitator=siya.profile_id).status_code in {302, 303}
    assert now(course).facilitator_id is None


def test_a_forged_form_is_refused(fresh_app, make_fresh, sign_in):
    client, course, person = fresh_app.test_client(), make_fresh.offering(), make_fresh.facilitator()
    sign_in(client, make_fresh.manager())
    assert post(client, course, facilitator=person.profile_id).status_code == 400
    with fresh_app.app_context():
        assert db.session.get(CourseOffering, course.id).facilitator_id is None


@pytest.mark.parametrize("name", ["Referer", "HX-Current-URL"])
def test_an_origin_that_is_no_address_counts_as_none(client, manager, make, name):
    course = make.offering()
    person = make.facilitator()
    odd = {name: "http://[::/allocations/"}
    for path in ("", "/facilitator"):
        assert 'href="/allocations/"' in client.get(f"/allocations/{course.id}{path}", headers=odd).text
    answer = client.post(
        f"/allocations/{course.id}/facilitator",
        data={"version": "1", "facilitator": str(person.profile_id)},
        headers=odd | {"HX-Request": "true"},
    )
    assert answer.status_code == 200
