"""Lessons of one course for another: set-based, as drafts, once."""

import pytest
from sqlalchemy import select

from portal.audit.services import System
from portal.extensions import db
from portal.learning.models import FileState, Lesson, LessonAttachment, LessonVersion, StoredFile
from portal.learning.services import copy_lessons, copy_lessons_of


@pytest.fixture
def old(make):
    """A course with three lessons, the second with a file and a quick check."""
    course = make.offering(make.facilitator())
    lessons = [make.lesson(course, position=at, title=f"Lesson {at}") for at in (1, 2, 3)]
    make.file(lessons[1], "diagram.png")
    return course


def lessons_of(course):
    return list(db.session.scalars(select(Lesson).where(Lesson.offering_id == course.id).order_by(Lesson.position)))


def test_a_copy_is_a_draft_with_its_files_and_its_first_version(app, make, old, count_sql):
    new = make.offering(make.facilitator())
    make.lesson(new, position=4, title="Welcome")
    with app.app_context():
        with count_sql() as sql:
            assert copy_lessons(old.id, new.id, System()) == 3
        assert len(sql) == 8, sql.text
        db.session.commit()
        copies = lessons_of(new)
        assert [one.title for one in copies] == ["Welcome", "Lesson 1", "Lesson 2", "Lesson 3"]
        assert all(one.published_at is None for one in copies[1:])
        files = db.session.scalars(select(LessonAttachment).where(LessonAttachment.lesson_id == copies[2].id))
        assert [one.name for one in files] == ["diagram.png"]
        assert db.session.scalar(select(LessonVersion.body).where(LessonVersion.lesson_id == copies[2].id)) is not None
        assert db.session.query(StoredFile).count() == 1


def test_what_was_copied_is_not_copied_again(app, make, old):
    new = make.offering(make.facilitator())
    with app.app_context():
        assert copy_lessons(old.id, new.id, System()) == 3
        db.session.delete(lessons_of(new)[1])
        db.session.flush()
        assert copy_lessons(old.id, new.id, System()) == 1
        assert copy_lessons(old.id, new.id, System(), lesson_ids=[]) == 0
        db.session.commit()
        assert sorted(one.title for one in lessons_of(new)) == ["Lesson 1", "Lesson 2", "Lesson 3"]


def test_many_courses_at_once_take_as_many_statements_as_one(app, make, old, count_sql):
    other = make.offering()
    make.lesson(other, title="Alone")
    targets = [make.offering(), make.offering()]
    with app.app_context():
        with count_sql() as sql:
            assert copy_lessons_of({old.id: targets[0].id, other.id: targets[1].id}, System()) == 4
        assert len(sql) == 8, sql.text
        db.session.commit()
        assert [one.title for one in lessons_of(targets[1])] == ["Alone"]
        assert FileState.READY


def test_without_a_choice_the_page_says_so_and_keeps_the_course(client, make, sign_in):
    teacher = make.facilitator()
    old, new = make.offering(teacher), make.offering(teacher)
    make.lesson(old, title="Soil")
    sign_in(client, teacher)
    answer = client.post(f"/courses/{new.id}/lessons/copy", data={"from": old.id})
    assert answer.status_code == 422
    assert "Choose at least one lesson." in answer.text
    assert "Soil" in answer.text
    assert f'name="from" value="{old.id}"' in answer.text
