"""What a student sees of their courses, and where everyone's home is."""

from datetime import timedelta

import pytest

from portal.allocations.models import OfferingStatus
from portal.enrolments.models import EnrolmentStatus
from portal.extensions import db
from portal.learning.models import LessonCompletion
from tests.support.learning import make_lesson
from tests.support.people import make_student
from tests.support.teaching import make_enrolment, make_module, make_offering, this_monday

pytestmark = pytest.mark.in_turn


def rows(text: str) -> int:
    return text.count('<th scope="row"')


@pytest.fixture
def student(client, make, sign_in):
    person = make.student()
    sign_in(client, person)
    return person


def test_a_student_without_courses_is_told_how_they_get_there(client, student):
    page = client.get("/courses/")
    assert "No courses yet" in page.text
    assert "<table" not in page.text


def test_a_course_is_shown_with_who_teaches_it_and_when(client, make, student):
    teacher = make.facilitator(first_name="नूर", last_name="Al-Rashid")
    module = make.module(code="NUR 101", name="Anatomy")
    make.enrolment(make.offering(facilitator=teacher, module_id=module.id), student)
    page = client.get("/courses/").text
    for said in ("NUR 101", "Anatomy", "नूर Al-Rashid", "Running", "You take 1 course at present."):
        assert said in page


def test_a_course_that_nobody_teaches_yet_says_so(client, make, student):
    make.enrolment(make.offering(), student)
    assert "Not named yet" in client.get("/courses/").text


@pytest.mark.parametrize(
    ("weeks_ago", "status", "said"),
    [
        (2, OfferingStatus.ACTIVE, "Running"),
        (-3, OfferingStatus.PLANNED, "Begins later"),
        (30, OfferingStatus.ACTIVE, "Ended"),
        (2, OfferingStatus.COMPLETED, "Ended"),
        (2, OfferingStatus.CANCELLED, "Cancelled"),
    ],
)
def test_a_course_says_where_it_stands(client, make, student, weeks_ago, status, said):
    make.enrolment(make.offering(weeks_ago=weeks_ago, status=status), student)
    assert said in client.get("/courses/").text


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        (EnrolmentStatus.ACTIVE, 1),
        (EnrolmentStatus.COMPLETED, 1),
        (EnrolmentStatus.WITHDRAWN, 0),
        (EnrolmentStatus.WAITLISTED, 0),
    ],
)
def test_only_courses_that_a_student_is_on_are_shown(client, make, student, status, shown):
    queue = 1 if status is EnrolmentStatus.WAITLISTED else None
    make.enrolment(make.offering(), student, status=status, queue_number=queue)
    page = client.get("/courses/").text
    assert rows(page) == shown
    assert ("number 1 on the list" in page) == (queue is not None)


def test_how_far_one_has_come_and_what_is_next(app, client, make, student):
    course = make.offering()
    enrolment = make.enrolment(course, student)
    first, _second = make.lesson(course, title="Bones"), make.lesson(course, title="Muscles <b>")
    make.lesson(course, title="Nerves", published_at=None)
    with app.app_context():
        db.session.add(LessonCompletion(lesson_id=first.id, enrolment_id=enrolment.id))
        db.session.commit()
    page = client.get("/courses/").text
    assert "50 %" in page
    assert "1 of 2 lessons done" in page
    assert "Muscles &lt;b&gt;" in page
    assert "Nerves" not in page


def test_the_courses_of_others_are_not_shown(client, make, student):
    make.enrolment(make.offering(), make.student())
    assert rows(client.get("/courses/").text) == 0


@pytest.mark.parametrize("count", [1, 12])
def test_the_page_takes_five_statements_at_any_length(app, client, student, count_sql, count):
    with app.app_context():
        for _ in range(count):
            course = make_offering(module_id=make_module().id)
            make_enrolment(course, student)
            make_lesson(course)
        make_student()
    with count_sql() as sql:
        page = client.get("/courses/")
    assert rows(page.text) == count
    assert len(sql) == 5, sql.text


def test_the_newest_courses_come_first(client, make, student):
    for name, days in (("Older", -100), ("Newer", 0)):
        start = this_monday() + timedelta(days=days)
        make.enrolment(make.offering(start_date=start, module_id=make.module(name=name).id), student)
    page = client.get("/courses/").text
    assert page.index("Newer") < page.index("Older")


def test_names_are_text_and_not_markup(client, make, student):
    make.enrolment(make.offering(module_id=make.module(name="<script>alert(1)</script>").id), student)
    page = client.get("/courses/").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
