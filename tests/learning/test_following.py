"""Lessons follow their courses: into the next term, into a copy, and away again while they are mere copies."""

from datetime import date

import pytest
from sqlalchemy import select

from portal.allocations.models import CourseOffering
from portal.allocations.services.rollover import Rollover, copy_term, preview_rollover
from portal.allocations.services.rollover_undo import undo_rollover
from portal.extensions import db
from portal.jobs.works import Owner
from portal.learning.models import Lesson

TODAY = date(2026, 10, 14)
TERM = {"academic_year": 2026, "trimester": 3, "start_date": date(2026, 8, 24), "end_date": date(2026, 12, 9)}


@pytest.fixture
def copy(app, make, frozen_time):
    """Gives copying the term with two courses, of which the first has two lessons, and the way back."""
    # Courses come along in the order of their codes.
    first, second = (make.offering(None, module_id=make.module(code=code).id, **TERM) for code in ("A 1", "B 1"))
    make.lesson(first, title="Begin"), make.lesson(first, title="Go on")
    make.lesson(second, title="Other")
    by = Owner(make.manager().user_id, None)

    def do(**asked):
        wanted = Rollover((2026, 3), (2027, 3), 364, **asked)
        return copy_term(wanted, preview_rollover(wanted, TODAY).seen, by, TODAY, lambda _steps: None)

    with app.app_context():
        yield do, lambda batch: undo_rollover(batch, by)


def _copied():
    db.session.expire_all()
    wanted = select(Lesson).join(CourseOffering).where(CourseOffering.academic_year == 2027)
    return list(db.session.scalars(wanted.order_by(Lesson.offering_id, Lesson.position)))


def test_lessons_come_along_as_drafts_if_wanted(copy):
    do, _undo = copy
    do(with_lessons=True)
    assert [lesson.title for lesson in _copied()] == ["Begin", "Go on", "Other"]
    assert {lesson.published_at for lesson in _copied()} == {None}


def test_lessons_stay_behind_if_not(copy):
    do, _undo = copy
    do()
    assert _copied() == []


def test_going_back_takes_mere_copies_along_and_keeps_what_was_worked_on(copy):
    do, undo = copy
    batch = do(with_lessons=True)
    _copied()[0].version = 2
    db.session.flush()
    undone = undo(batch)
    assert (undone.restored, undone.kept) == (1, 1)
    assert [lesson.title for lesson in _copied()] == ["Begin", "Go on"]


@pytest.mark.one_database
def test_a_copy_of_one_course_has_its_lessons(app, client, sign_in, make):
    sign_in(client, make.manager())
    source = make.offering(None)
    make.lesson(source, title="Begin")
    make.module(code="CS357"), make.study_class(name="1A"), make.cohort(code="CS-2026"), make.mode("Online")
    sent = {
        "module": "CS357", "group": "1A", "cohort": "CS-2026", "mode": "Online", "start_date": "2026-09-07",
        "end_date": "2026-12-20", "intake": "FT", "places": "25", "weekday": "1", "copy": str(source.id),
    }  # fmt: skip
    assert 'name="with_lessons" type="checkbox" value="y"' in client.get(f"/allocations/new?copy={source.id}").text
    assert client.post("/allocations/new", data=sent | {"with_lessons": "y"}).status_code == 303
    with app.app_context():
        titles = db.session.scalars(select(Lesson.title).where(Lesson.offering_id != source.id)).all()
    assert titles == ["Begin"]
