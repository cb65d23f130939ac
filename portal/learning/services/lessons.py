"""Writing lessons: their texts, each kept as a version, and when students see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from portal import clock
from portal.allocations.models import CourseOffering
from portal.audit.services import Actor, record
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.learning.markdown import RENDERER, FileRef, render
from portal.learning.models import BODY_LIMIT, TITLE_LIMIT, Lesson, LessonVersion
from portal.learning.queries.files import list_files
from portal.learning.services.announcing import announce

MOST_LESSONS = 300


@dataclass(frozen=True, slots=True)
class LessonDraft:
    """A lesson as someone wants it. `published_at` is None for a draft; `note` says what changed in its text."""

    title: str
    body: str
    published_at: datetime | None = None
    note: str = ""


def create_lesson(offering_id: int, draft: LessonDraft, by: Actor) -> Lesson:
    """A new lesson at the end of the course. Raises DomainError on the field that breaks a rule."""
    _check(draft)
    lock_course(offering_id)
    count, last = db.session.execute(
        select(func.count(), func.max(Lesson.position)).where(Lesson.offering_id == offering_id)
    ).one()
    if count >= MOST_LESSONS:
        raise Conflict(lazy("A course may have %(most)s lessons. Delete some first.", most=MOST_LESSONS), "title")
    lesson = Lesson(
        offering_id=offering_id,
        position=(last or 0) + 1,
        title=draft.title,
        body=draft.body,
        published_at=draft.published_at,
        updated_by=by.user_id,
        html="",
        renderer=0,
        version=1,
        questions=[],
    )
    make_html(lesson, ())
    db.session.add(lesson)
    db.session.flush()
    _keep_version(lesson, draft.note, by)
    record(by, "create", "lessons", lesson.id, title=(None, draft.title), published_at=(None, draft.published_at))
    announce([lesson.id], clock.now())
    return lesson


def change_lesson(lesson: Lesson, draft: LessonDraft, version: int | None, by: Actor) -> bool:
    """Give a lesson, which is locked, another text or another moment; False when it stood so already.

    Raises DomainError on the field that breaks a rule, and Conflict when somebody changed its text since `version`.
    """
    _check(draft)
    changed: dict[str, tuple[Any, Any]] = {
        name: (getattr(lesson, name), getattr(draft, name))
        for name in ("title", "body", "published_at")
        if getattr(lesson, name) != getattr(draft, name)
    }
    if not changed:
        return False
    if version is not None and lesson.version != version:
        said = lazy(
            "Someone changed this lesson meanwhile. What you typed stands below; look at theirs, then save again."
        )
        raise Conflict(said, "body")
    for name, (_before, after) in changed.items():
        setattr(lesson, name, after)
    lesson.updated_by = by.user_id
    if changed.keys() & {"title", "body"}:
        lesson.version += 1
        make_html(lesson, [file.ref for file in list_files(lesson.id)])
        _keep_version(lesson, draft.note, by)
    db.session.flush()
    if changed.pop("body", None):
        changed["text"] = (lesson.version - 1, lesson.version)
    record(by, "update", "lessons", lesson.id, **changed)
    announce([lesson.id], clock.now())
    return True


def delete_lesson(lesson: Lesson, by: Actor) -> None:
    """Delete a lesson, which is locked, with what students did of it; its files go when nobody else keeps them."""
    record(by, "delete", "lessons", lesson.id, title=(lesson.title, None), offering_id=(lesson.offering_id, None))
    db.session.delete(lesson)
    db.session.flush()


def delete_lessons_of(offering_id: int, by: Actor) -> None:
    """Delete all lessons of a course, which is locked and has no students."""
    for lesson in db.session.scalars(select(Lesson).where(Lesson.offering_id == offering_id).with_for_update()):
        record(by, "delete", "lessons", lesson.id, title=(lesson.title, None), offering_id=(offering_id, None))
    gone = delete(Lesson).where(Lesson.offering_id == offering_id)
    db.session.execute(gone.execution_options(synchronize_session="fetch"))


def put_in_order(offering_id: int, wanted: Sequence[int], by: Actor) -> bool:
    """Put lessons into this order; those that are not named follow as they stood. False when they stood so already."""
    lock_course(offering_id)
    lessons = list(
        db.session.scalars(select(Lesson).where(Lesson.offering_id == offering_id).order_by(Lesson.position, Lesson.id))
    )
    places = {lesson_id: place for place, lesson_id in enumerate(dict.fromkeys(wanted))}
    ordered = sorted(lessons, key=lambda lesson: places.get(lesson.id, len(places)))
    if ordered == lessons:
        return False
    for position, lesson in enumerate(ordered, start=1):
        lesson.position = position
    record(by, "reorder", "course_offerings", offering_id, lessons=(None, [lesson.title for lesson in ordered][:50]))
    return True


def locked_lesson(lesson_id: int, offering_id: int | None = None) -> Lesson:
    """A lesson that nobody else writes until this transaction ends. Raises NotFound."""
    wanted = select(Lesson).where(Lesson.id == lesson_id).with_for_update()
    if offering_id is not None:
        wanted = wanted.where(Lesson.offering_id == offering_id)
    found = db.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(lazy("There is no such lesson, or it is not yours."))
    return found


def lock_course(offering_id: int) -> None:
    """Have other writers of the same course's lessons and files wait until this transaction ends. Raises NotFound."""
    wanted = select(CourseOffering.id).where(CourseOffering.id == offering_id).with_for_update()
    if db.session.scalar(wanted) is None:
        raise NotFound(lazy("There is no such course."))


def make_html(lesson: Lesson, files: Sequence[FileRef]) -> None:
    """Make the text into HTML, once for all who will read it."""
    lesson.html, lesson.renderer = render(lesson.body, files).html, RENDERER


def _keep_version(lesson: Lesson, note: str, by: Actor) -> None:
    db.session.add(
        LessonVersion(
            lesson_id=lesson.id,
            number=lesson.version,
            title=lesson.title,
            body=lesson.body,
            note=note,
            author_id=by.user_id,
        )
    )


def _check(draft: LessonDraft) -> None:
    if not draft.title:
        raise DomainError(lazy("Give the lesson a title."), "title")
    if len(draft.title) > TITLE_LIMIT:
        raise DomainError(lazy("At most %(most)s characters.", most=TITLE_LIMIT), "title")
    if len(draft.body) > BODY_LIMIT:
        said = lazy("At most %(most)s characters. Split it into two lessons.", most=BODY_LIMIT)
        raise DomainError(said, "body")
