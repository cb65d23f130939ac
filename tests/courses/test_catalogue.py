"""What stands in the catalogue of open courses, and who may see it."""

import re
from datetime import timedelta

import pytest

from portal import clock
from portal.allocations.models import OfferingStatus
from portal.extensions import db
from portal.learning.courses.models import CoursePage

pytestmark = pytest.mark.one_database


def names(page) -> list[str]:
    return re.findall(r"<h2 id=\"offer-.*?<bdi>(.*?)</bdi>", page.text)


@pytest.fixture
def strangers(app, monkeypatch):
    """Lets strangers into the catalogue."""
    monkeypatch.setitem(app.config, "PORTAL", app.config["PORTAL"].model_copy(update={"catalogue_public": True}))


@pytest.fixture
def some(app, make, teacher):
    """Open courses of several kinds."""
    other = make.facilitator(last_name="Žižek", profile={"department": "LAW"})
    make.open_course(teacher, title="Graphs", summary="Lines and bars")
    law = make.open_course(other, title="Contracts & torts", summary="What one owes", max_students=1)
    make.enrolment(law, make.student())
    with app.app_context():
        db.session.add(CoursePage(offering_id=law.id, syllabus="Roman law", text_folded="what one owes roman law"))
        db.session.commit()
    later = clock.now().date() + timedelta(days=30)
    make.open_course(other, title="Later", start_date=later, end_date=later + timedelta(days=30))
    over = {"start_date": later - timedelta(days=90), "end_date": later - timedelta(days=31)}
    for hidden in ({"published_at": None}, {"archived_at": clock.now()}, {"status": OfferingStatus.CANCELLED}, over):
        make.open_course(teacher, title="Hidden", **hidden)
    make.offering(teacher, published_at=clock.now(), title="Hidden for a cohort")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["Later", "Contracts &amp; torts", "Graphs"]),
        ("?sort=title", ["Contracts &amp; torts", "Graphs", "Later"]),
        ("?q=ROMAN", ["Contracts &amp; torts"]),
        ("?q=zizek+contracts", ["Contracts &amp; torts"]),
        ("?q=नूर", ["Graphs"]),
        ("?q=100%25", []),
        ("?department=LAW", ["Later", "Contracts &amp; torts"]),
        ("?begins=coming", ["Later"]),
        ("?begins=running&places=free", ["Graphs"]),
        ("?begins=nonsense&sort=nonsense&after=nonsense", ["Later", "Contracts &amp; torts", "Graphs"]),
    ],
)
def test_the_catalogue_shows_what_is_asked_for(as_, make, some, asked, found):
    assert names(as_(make.student()).get(f"/courses/catalogue{asked}")) == found


def test_htmx_gets_the_results_alone(as_, make, some):
    page = as_(make.student()).get("/courses/catalogue?q=graphs", headers={"HX-Request": "true"})
    assert names(page) == ["Graphs"]
    assert "<html" not in page.text


def test_strangers_see_it_only_where_the_institution_allows_it(client, make, some, course):
    assert client.get("/courses/catalogue?q=a").headers["Location"] == "/login?next=/courses/catalogue?q%3Da"
    away = client.get(f"/courses/catalogue/{course.id}")
    assert (away.status_code, away.headers["Location"]) == (303, f"/courses/{course.id}")


def test_strangers_may_look_and_sign_in_to_enrol(client, strangers, make, teacher, course):
    make.lesson(course, title="First steps")
    listed = client.get("/courses/catalogue")
    assert names(listed) == ["How to read a graph"]
    page = client.get(f"/courses/catalogue/{course.id}")
    assert "Sign in to enrol" in page.text
    assert "First steps" in page.text
    draft = make.open_course(teacher, published_at=None)
    assert client.get(f"/courses/catalogue/{draft.id}").status_code == 404


@pytest.mark.parametrize("count", [1, 12])
def test_the_catalogue_takes_six_statements_at_any_length(as_, make, teacher, count_sql, count):
    for number in range(count):
        make.open_course(teacher, title=f"Course {number}")
    client = as_(make.student())
    with count_sql() as sql:
        page = client.get("/courses/catalogue")
    assert len(names(page)) == count
    assert len(sql) == 6, sql.text


def test_a_long_catalogue_has_pages(as_, make, teacher):
    for number in range(26):
        make.open_course(teacher, title=f"Course {number:02}")
    client = as_(make.student())
    first = client.get("/courses/catalogue?sort=title")
    after = re.search(r'rel="next" href="([^"]+)"', first.text)[1].replace("&amp;", "&")
    assert [*names(first), *names(client.get(after))] == [f"Course {number:02}" for number in range(26)]
