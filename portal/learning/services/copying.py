"""Lessons of one course for another: their texts, quick checks and files, as drafts behind what is there."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Integer, Table, case, func, insert, literal, select
from sqlalchemy.orm import aliased

from portal import clock
from portal.allocations.queries.selections import lock_courses
from portal.audit.services import Actor, Change, record_many
from portal.bulk import in_chunks
from portal.database import UtcDateTime
from portal.extensions import db
from portal.learning.models import FileState, Lesson, LessonAttachment, LessonVersion, StoredFile
from portal.learning.services.files import hold_files
from portal.learning.services.lessons import lock_course

_LESSONS = cast(Table, Lesson.__table__)
_VERSIONS = cast(Table, LessonVersion.__table__)
_ATTACHMENTS = cast(Table, LessonAttachment.__table__)
# What of a lesson is the same in its copy.
_KEPT = ("title", "body", "html", "renderer", "questions", "check_counts")


def copy_lessons(from_offering: int, to_offering: int, by: Actor, lesson_ids: Sequence[int] | None = None) -> int:
    """Copy the lessons of a course into another, all or some; gives how many. Eight statements at any size.

    Copies are drafts and share the files, unless one is being thrown away. What was copied there before and is still
    there is not copied again. Raises NotFound when the other course is not there any more.
    """
    lock_course(to_offering)  # of two clicks the second waits, and finds what the first has copied
    return _copy({from_offering: to_offering}, by, lesson_ids)


def copy_lessons_of(pairs: Mapping[int, int], by: Actor) -> int:
    """The same of all lessons for many courses, by the course that they come from: eight statements for each 500."""
    lock_courses(sorted(pairs.values()))
    return sum(_copy(dict(part), by, None) for part in in_chunks(pairs.items()))


def _copy(pairs: Mapping[int, int], by: Actor, lesson_ids: Sequence[int] | None) -> int:
    last = db.session.scalar(select(func.max(Lesson.id))) or 0
    _insert_lessons(pairs, by, lesson_ids)
    made = (Lesson.offering_id.in_(pairs.values()), Lesson.id > last, Lesson.source_id.is_not(None))
    counts = db.session.execute(select(Lesson.offering_id, func.count()).where(*made).group_by(Lesson.offering_id))
    found: dict[int, int] = dict(counts.all())
    if not found:
        return 0
    now = literal(clock.now(), UtcDateTime())
    texts = select(Lesson.id, literal(1), Lesson.title, Lesson.body, literal(""), Lesson.updated_by, now, now)
    columns = ["lesson_id", "number", "title", "body", "note", "author_id", "created_at", "updated_at"]
    db.session.execute(insert(_VERSIONS).from_select(columns, texts.where(*made)))
    theirs = select(LessonAttachment.file_id).join(Lesson, Lesson.source_id == LessonAttachment.lesson_id).where(*made)
    if hold_files(StoredFile.id.in_(theirs)):
        _insert_attachments(made, now)
    _record(pairs, found, by)
    return sum(found.values())


def _insert_attachments(made: Sequence[ColumnElement[bool]], now: Any) -> None:
    files = select(Lesson.id, LessonAttachment.file_id, LessonAttachment.name, now, now)
    files = files.join(LessonAttachment, LessonAttachment.lesson_id == Lesson.source_id)
    files = files.join(StoredFile, StoredFile.id == LessonAttachment.file_id)
    files = files.where(*made, StoredFile.state == FileState.READY)
    columns = ["lesson_id", "file_id", "name", "created_at", "updated_at"]
    db.session.execute(insert(_ATTACHMENTS).from_select(columns, files))


def _record(pairs: Mapping[int, int], counts: Mapping[int, int], by: Actor) -> None:
    for_each = [
        Change(
            "copy_lessons",
            "course_offerings",
            target,
            {"lessons": (None, counts[target]), "copied_from": (None, source)},
        )
        for source, target in pairs.items()
        if target in counts
    ]
    record_many(by, for_each)


def _insert_lessons(pairs: Mapping[int, int], by: Actor, lesson_ids: Sequence[int] | None) -> None:
    source, there, twin = aliased(Lesson), aliased(Lesson), aliased(Lesson)
    target = case(pairs, value=source.offering_id)
    behind = select(func.coalesce(func.max(there.position), 0)).where(there.offering_id == target)
    copied = select(twin.id).where(twin.offering_id == target, twin.source_id == source.id)
    now = literal(clock.now(), UtcDateTime())
    values: dict[str, Any] = {
        "offering_id": target,
        "position": behind.correlate(source).scalar_subquery() + source.position,
        **{name: getattr(source, name) for name in _KEPT},
        "source_id": source.id,
        "updated_by": literal(by.user_id, Integer()),
        "version": literal(1),
        "created_at": now,
        "updated_at": now,
    }
    wanted = select(*(value.label(name) for name, value in values.items())).where(
        source.offering_id.in_(pairs), ~copied.correlate(source).exists()
    )
    if lesson_ids is not None:
        wanted = wanted.where(source.id.in_(lesson_ids))
    wanted = wanted.order_by(source.offering_id, source.position, source.id)
    db.session.execute(insert(_LESSONS).from_select(list(values), wanted))
