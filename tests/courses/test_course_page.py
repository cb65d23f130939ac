"""A course's page: who sees what, and a student's way in and out."""

import pytest

from portal import clock
from portal.enrolments.queries import find_own_enrolment

pytestmark = pytest.mark.one_database


def standing(app, course, student):
    with app.app_context():
        own = find_own_enrolment(student.user_id, course.id)
        return own and own.status.value


def test_a_student_enrols_waits_and_leaves_by_the_pages(app, as_, make, course):
    first, second, third = [make.student() for _ in range(3)]
    for student, said in ((first, "You are enrolled."), (second, "You are enrolled."), (third, "You are number 1")):
        page = as_(student).post(f"/courses/{course.id}/enrol", follow_redirects=True)
        assert said in page.text
    # A double click is no second enrolment and no fault.
    assert as_(first).post(f"/courses/{course.id}/enrol", follow_redirects=True).status_code == 200
    left = as_(first).post(f"/courses/{course.id}/withdraw", follow_redirects=True)
    assert "You are no longer on this course." in left.text
    assert standing(app, course, third) == "active"
    assert as_(first).post(f"/courses/{course.id}/withdraw").status_code == 404
    # By the cohort's list nobody leaves alone.
    led = make.offering()
    make.enrolment(led, first)
    refused = as_(first).post(f"/courses/{led.id}/withdraw", follow_redirects=True)
    assert refused.status_code == 403
    assert standing(app, led, first) == "active"


def test_a_full_course_offers_its_waiting_list_and_a_closed_one_nothing(as_, make, teacher):
    full = make.open_course(teacher, max_students=1)
    make.enrolment(full, make.student())
    student = as_(make.student())
    assert "Join the waiting list" in student.get(f"/courses/{full.id}").text
    closed = make.open_course(teacher, enrolment_policy="closed")
    page = student.post(f"/courses/{closed.id}/enrol", follow_redirects=True)
    assert "This course takes no students at present." in page.text


def test_what_is_not_published_is_there_for_its_staff_alone(as_, make, teacher):
    draft = make.open_course(teacher, published_at=None)
    address = f"/courses/{draft.id}"
    assert as_(teacher).get(address).status_code == 200
    assert as_(make.manager()).get(address).status_code == 200
    for other in (make.student(), make.facilitator()):
        assert as_(other).get(address).status_code == 404


def test_an_archived_course_is_read_by_those_on_it_and_takes_nobody(as_, make, teacher):
    course, student = make.open_course(teacher, archived_at=clock.now()), make.student()
    make.enrolment(course, student)
    page = as_(student).get(f"/courses/{course.id}")
    assert "This course is archived" in page.text
    assert "What lines and bars say." in page.text
    assert as_(make.student()).get(f"/courses/{course.id}").status_code == 404


def test_a_course_for_a_cohort_shows_its_text_once_it_is_published(as_, make, teacher):
    student, course = make.student(), make.offering(teacher, summary="Bring a white coat.")
    make.enrolment(course, student)
    assert "Bring a white coat." not in as_(student).get(f"/courses/{course.id}").text
    as_(teacher).post(f"/courses/{course.id}/publish")
    assert "Bring a white coat." in as_(student).get(f"/courses/{course.id}").text
    assert as_(make.student()).get(f"/courses/{course.id}").status_code == 404


def test_what_people_write_is_text_or_safe_markdown(as_, make, teacher):
    course = make.open_course(teacher, title="<script>alert(1)</script>", summary="<img src=x onerror=alert(1)>")
    page = as_(teacher).post(
        f"/courses/{course.id}/edit",
        data={"title": "<script>alert(1)</script>", "summary": "<img src=x onerror=alert(1)>", "version": "1",
              "syllabus": "# Plan\n\n<script>alert(2)</script> [go](javascript:alert(3)) **bold**",
              "start_date": course.start_date.isoformat(), "end_date": course.end_date.isoformat(), "places": "5"},
        follow_redirects=True,
    )  # fmt: skip
    assert page.status_code == 200
    shown = as_(make.student()).get(f"/courses/{course.id}").text
    for bad in ("<script>alert", "<img src=x", 'href="javascript'):
        assert bad not in shown
    assert "<strong>bold</strong>" in shown


def test_the_certificate_is_for_who_has_done_everything(as_, make, teacher, course):
    done, other = make.student(first_name="Zoë", last_name="Ångström"), make.student()
    make.enrolment(course, done, completed_at=clock.now())
    make.enrolment(course, other)
    page = as_(done).get(f"/courses/{course.id}/certificate").text
    for said in ("Zoë Ångström", "How to read a graph", "नूर Al-Rashid", "Certificate of completion"):
        assert said in page
    assert as_(other).get(f"/courses/{course.id}/certificate").status_code == 404


@pytest.mark.parametrize("count", [1, 12])
def test_the_page_takes_five_statements_at_any_length(as_, make, course, count_sql, count):
    student = make.student()
    make.enrolment(course, student)
    for _ in range(count):
        make.lesson(course)
    client = as_(student)
    with count_sql() as sql:
        assert client.get(f"/courses/{course.id}").status_code == 200
    assert len(sql) == 5, sql.text
