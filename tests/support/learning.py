"""Lessons and files for tests. Each maker needs an application context and commits."""

from itertools import count
from typing import Any
from uuid import uuid4

from portal import clock
from portal.allocations.models import CourseOffering
from portal.learning.markdown import RENDERER, render
from portal.learning.models import FileKind, FileState, Lesson, LessonAttachment, LessonVersion, StoredFile
from tests.support.keeping import kept, together

_numbers = count(1)


def make_lesson(offering: CourseOffering, **fields: Any) -> Lesson:
    """A lesson that is published unless `published_at` says otherwise, with its first version."""
    number = next(_numbers)
    columns = {"offering_id": offering.id, "position": number, "title": f"Lesson {number}", "body": "Some *words*.",
               "published_at": clock.now()} | fields  # fmt: skip
    columns |= {"html": render(columns["body"]).html, "renderer": RENDERER}
    with together():
        lesson = kept(Lesson(**columns))
        kept(LessonVersion(lesson_id=lesson.id, number=1, title=lesson.title, body=lesson.body))
    return lesson


def make_file(lesson: Lesson | None, name: str, **fields: Any) -> StoredFile:
    """A file of a lesson, without any content unless a test writes it."""
    columns = {"key": uuid4().hex, "name": name, "state": FileState.READY, "kind": FileKind.PICTURE,
               "media_type": "image/png", "size": 70, "part_size": 4_194_304, "parts": 1,
               "offering_id": lesson.offering_id if lesson else None} | fields  # fmt: skip
    with together():
        found = kept(StoredFile(**columns))
        if lesson is not None:
            kept(LessonAttachment(lesson_id=lesson.id, file_id=found.id, name=name))
    return found
