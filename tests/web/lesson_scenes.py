"""Lessons and files by the addresses that name them."""

from collections.abc import Mapping
from typing import Any

from flask import Flask

from portal.learning.models import FileState
from tests.support.web import Maker
from tests.web.scene import Scene, SetUp


def _course(app: Flask, make: Maker) -> SetUp:
    teacher = make.facilitator()
    course = make.offering(teacher)
    return SetUp({"offering_id": course.id}, teacher, (make.facilitator(),))


def _lesson(app: Flask, make: Maker, **more: Any) -> SetUp:
    teacher = make.facilitator()
    course = make.offering(teacher)
    question = {"id": "q1", "kind": "text", "prompt": "2 + 2?", "accepted": ["4"], "explanation": ""}
    lesson = make.lesson(course, questions=[question])
    return SetUp({"offering_id": course.id, "lesson_id": lesson.id, **more}, teacher, (make.facilitator(),))


def _version(app: Flask, make: Maker) -> SetUp:
    return _lesson(app, make, number=1)


def _read(app: Flask, make: Maker) -> SetUp:
    """A published lesson, for who studies the course; others study others, and none."""
    course = make.offering(make.facilitator())
    student, other = make.student(), make.student()
    make.enrolment(course, student)
    make.enrolment(make.offering(), other)
    question = {"id": "q1", "kind": "text", "prompt": "2 + 2?", "accepted": ["4"], "explanation": ""}
    values = {"offering_id": course.id, "lesson_id": make.lesson(course, questions=[question]).id}
    return SetUp(values, student, (other, make.facilitator()))


def _answer(app: Flask, make: Maker) -> SetUp:
    found = _read(app, make)
    return SetUp({**found.values, "question_id": "q1"}, found.owner, found.strangers)


def _of_file(app: Flask, make: Maker, more: Mapping[str, Any], **fields: Any) -> SetUp:
    teacher = make.facilitator()
    lesson = make.lesson(make.offering(teacher))
    kept = None if fields else lesson
    file = make.file(kept, "a.png", uploaded_by=teacher.user_id, **({"offering_id": lesson.offering_id} | fields))
    app.extensions["portal_storage"].write(file.key, 0, b"x" * 70)
    values = {"offering_id": lesson.offering_id, "lesson_id": lesson.id, "file_id": file.id, **more}
    return SetUp(values, teacher, (make.facilitator(),))


def _file(app: Flask, make: Maker) -> SetUp:
    return _of_file(app, make, {})


def _arriving(app: Flask, make: Maker) -> SetUp:
    return _of_file(app, make, {}, state=FileState.ARRIVING, parts=0)


def _part(app: Flask, make: Maker) -> SetUp:
    return _of_file(app, make, {"number": 0}, state=FileState.ARRIVING, parts=0)


def _delivered(app: Flask, make: Maker) -> SetUp:
    found = _file(app, make)
    student = make.student()
    values = {"file_id": found.values["file_id"], "name": "a.png"}
    return SetUp(values, found.owner, (student, None, *found.strangers))


def _by_id(app: Flask, make: Maker) -> SetUp:
    found = _lesson(app, make)
    return SetUp({"lesson_id": found.values["lesson_id"]}, found.owner, found.strangers)


def _done(app: Flask, make: Maker) -> SetUp:
    found = _read(app, make)
    return SetUp({"lesson_id": found.values["lesson_id"]}, found.owner, found.strangers[:1])


_TEXT = {"title": "A", "body": "b", "publish": "draft"}
_QUESTION = {"prompt": "2 + 2?", "answered_by": "text", "accepted": "4"}
LESSON_SCENES: dict[str, Scene] = {
    "lessons.index": Scene(_course),
    "lessons.new": Scene(_course),
    "lessons.create": Scene(_course, _TEXT),
    "lessons.preview": Scene(_course, {"body": "b"}),
    "lessons.reorder": Scene(_course),
    "lessons.choose_copies": Scene(_course),
    "lessons.copy": Scene(_course),
    "lessons.progress": Scene(_course),
    "lessons.edit": Scene(_lesson),
    "lessons.change": Scene(_lesson, _TEXT),
    "lessons.move": Scene(_lesson),
    "lessons.publish": Scene(_lesson),
    "lessons.delete": Scene(_lesson),
    "lessons.versions": Scene(_lesson),
    "lessons.version": Scene(_version),
    "lessons.restore": Scene(_version),
    "lessons.questions": Scene(_lesson),
    "lessons.save_question": Scene(_lesson, _QUESTION),
    "lessons.remove_question": Scene(_lesson),
    "lessons.set_check_counts": Scene(_lesson),
    "lessons.shown_files": Scene(_lesson),
    "lessons.upload": Scene(_lesson),
    "lessons.begin_upload": Scene(_lesson, {"name": "a.png", "size": "70"}),
    "lessons.upload_state": Scene(_arriving),
    "lessons.upload_part": Scene(_part),
    "lessons.remove_file": Scene(_file),
    "lessons.read": Scene(_read),
    "lessons.set_done": Scene(_read, {"done": "1"}),
    "lessons.answer": Scene(_answer, {"answer": "4"}),
    "api.index_lessons": Scene(_course),
    "api.create_lesson": Scene(_course, {"title": "A"}),
    "api.show_lesson": Scene(_by_id),
    "api.change_lesson": Scene(_by_id),
    "api.delete_lesson": Scene(_by_id),
    "api.complete_lesson": Scene(_done),
    "api.uncomplete_lesson": Scene(_done),
    "files.deliver": Scene(_delivered),
}
