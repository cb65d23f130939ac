"""Making an open course, writing its page, publishing and archiving it, its picture."""

import struct
import zlib
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select

from portal import clock
from portal.allocations.models import CourseOffering, OfferingKind
from portal.allocations.queries import OfferingFilter, facets_of
from portal.allocations.queries.listing import find_offering
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.learning.courses.models import CoursePage
from portal.learning.models import Lesson
from portal.tracker.services import plan_logs
from tests.support.learning import make_lesson
from tests.support.teaching import RULES, make_enrolment

pytestmark = pytest.mark.one_database


def form(course=None, **more):
    start = clock.now().date()
    fields = {"title": "Graphs", "summary": "Lines and bars", "syllabus": "# Plan", "start_date": start.isoformat(),
              "end_date": (start + timedelta(60)).isoformat(), "places": "12", "takes": "y"}  # fmt: skip
    return fields | ({"version": str(course.version)} if course else {}) | more


def png(width=2, height=2) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x80\x20\x60" * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture
def made(as_, teacher, stored):
    """A draft that the teacher made by the form."""
    answer = as_(teacher).post("/courses/new", data=form())
    assert answer.status_code == 303, answer.text
    return stored(int(answer.headers["Location"].split("/")[2]))


def test_an_open_course_is_its_makers_and_owes_nothing(app, make, teacher, made):
    assert (made.kind, made.facilitator_id, made.published_at) == (OfferingKind.OPEN, teacher.profile_id, None)
    with app.app_context():
        assert plan_logs([made.id], RULES).created == 0
        assert facets_of(OfferingFilter()).total == 0
        led = make.offering(teacher, academic_year=made.academic_year, trimester=made.trimester)
        assert find_offering(led.id).load == 1
        assert facets_of(OfferingFilter()).total == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"title": " "}, "Give the course a title."),
        ({"title": "x" * 201}, "This takes at most 200 characters."),
        ({"places": "0"}, "Places must be between 1 and 5000."),
        ({"places": "many"}, "Not a valid integer value."),
        ({"end_date": "2001-01-01"}, "The last day must come after the first day."),
        ({"start_date": ""}, "Enter a day."),
        ({"syllabus": "é" * 20_001}, "This takes at most 20000 characters."),
    ],
)
def test_what_is_wrong_is_named_and_nothing_typed_is_lost(as_, teacher, wrong, said):
    page = as_(teacher).post("/courses/new", data=form(summary="Kept 😀 שלום") | wrong)
    assert page.status_code == 422
    assert said in page.text
    assert "Kept 😀 שלום" in page.text


def test_publishing_needs_a_summary_and_archiving_what_was_published(as_, teacher, stored, made):
    client = as_(teacher)
    client.post(f"/courses/{made.id}/edit", data=form(made, summary=""))
    refused = client.post(f"/courses/{made.id}/publish")
    assert (refused.status_code, "Write a summary before you publish" in refused.text) == (422, True)
    assert client.post(f"/courses/{made.id}/archive").status_code == 409
    client.post(f"/courses/{made.id}/edit", data=form(stored(made)))
    assert "The course is published." in client.post(f"/courses/{made.id}/publish", follow_redirects=True).text
    refused = client.post(f"/courses/{made.id}/edit", data=form(stored(made), summary=""))
    assert "A course that is published needs a summary." in refused.text
    client.post(f"/courses/{made.id}/archive")
    assert stored(made).archived_at is not None
    client.post(f"/courses/{made.id}/publish")
    assert stored(made).archived_at is None


def test_two_who_write_at_once_lose_nothing(as_, make, teacher, stored, made):
    as_(make.manager()).post(f"/courses/{made.id}/edit", data=form(made, summary="By the manager"))
    page = as_(teacher).post(f"/courses/{made.id}/edit", data=form(made, summary="By the teacher"))
    assert page.status_code == 409
    assert "By the manager" in page.text
    assert "By the teacher" in page.text
    assert stored(made).summary == "By the manager"
    as_(teacher).post(f"/courses/{made.id}/edit", data=form(stored(made), summary="By the teacher"))
    assert stored(made).summary == "By the teacher"


def test_the_page_of_an_allocated_course_is_written_by_who_teaches_it(app, as_, make, teacher, stored):
    led = make.offering(teacher)
    words = {"title": "", "summary": "Bring a coat", "syllabus": "Bones", "version": "1", "places": "1"}
    assert as_(make.facilitator()).post(f"/courses/{led.id}/edit", data=words).status_code == 404
    as_(teacher).post(f"/courses/{led.id}/edit", data=words)
    row = stored(led)
    assert (row.summary, row.title, row.max_students) == ("Bring a coat", None, 30)
    with app.app_context():
        assert db.session.get_one(CoursePage, led.id).text_folded == "bring a coat bones"


def test_a_picture_is_what_its_content_says(app, as_, teacher, made):
    client, address = as_(teacher), f"/courses/{made.id}/cover"

    def cover_of():
        with app.app_context():
            return db.session.get_one(CoursePage, made.id, populate_existing=True).cover_id

    svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    for name, content in (("a.svg", svg), ("a.png", svg), ("a.pdf", b"%PDF-1.7\n"), ("a.png", b"")):
        page = client.post(address, data={"cover": (BytesIO(content), name), "alt": "Kept words"})
        assert page.status_code == 422, name
        assert cover_of() is None
    client.post(address, data={"cover": (BytesIO(png()), "a.png"), "alt": "A wall"})
    first = cover_of()
    assert first is not None
    assert 'alt="A wall"' in client.get(f"/courses/{made.id}").text
    client.post(address, data={"alt": "A red wall"})
    assert (cover_of(), 'alt="A red wall"' in client.get(f"/courses/{made.id}").text) == (first, True)
    client.post(address, data={"deed": "remove"})
    assert cover_of() is None


def test_a_managers_home_lists_every_open_course_and_a_facilitators_their_own(as_, make, teacher, made):
    make.open_course(make.facilitator(), title="By somebody else")
    make.offering(teacher, title="Led by me")
    own = as_(teacher).get("/courses/").text
    assert "Graphs" in own
    assert "Led by me" in own
    assert "By somebody else" not in own
    every = as_(make.manager()).get("/courses/").text
    assert "By somebody else" in every
    assert "Led by me" not in every


def test_a_draft_is_deleted_with_its_lessons_by_its_owner_alone(app, client, make, as_, teacher, made):
    with app.app_context():
        make_lesson(made, title="Axes")
        db.session.commit()
    other = as_(make.facilitator())
    assert other.post(f"/courses/{made.id}/delete", data={"version": made.version}).status_code == 404
    own = as_(teacher)
    assert "Delete this draft?" in own.get(f"/courses/{made.id}/edit").text
    own.post(f"/courses/{made.id}/delete", data={"version": made.version + 5})
    with app.app_context():
        assert db.session.get(CourseOffering, made.id) is not None, "somebody changed it meanwhile"
    answer = own.post(f"/courses/{made.id}/delete", data={"version": made.version}, follow_redirects=True)
    assert "“Graphs” is deleted." in answer.text
    with app.app_context():
        assert db.session.get(CourseOffering, made.id) is None
        assert db.session.get(CoursePage, made.id) is None
        assert db.session.scalar(select(func.count()).select_from(Lesson)) == 0
        deeds = db.session.execute(select(AuditEvent.entity, AuditEvent.action).order_by(AuditEvent.id)).all()
        assert [tuple(row) for row in deeds][-2:] == [("lessons", "delete"), ("course_offerings", "delete")]
    assert own.get(f"/courses/{made.id}").status_code == 404


def test_a_course_that_somebody_saw_or_was_on_is_not_deleted(app, make, as_, teacher, made, course):
    with app.app_context():
        make_enrolment(made, make.student())
        db.session.commit()
    own = as_(teacher)
    led = make.offering(teacher)
    for one in (made, course, led):
        answer = own.post(f"/courses/{one.id}/delete", data={"version": one.version}, follow_redirects=True)
        assert "deleted" in answer.text
        with app.app_context():
            assert db.session.get(CourseOffering, one.id) is not None
        assert "Delete this draft?" not in own.get(f"/courses/{one.id}/edit").text
