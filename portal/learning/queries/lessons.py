"""Lessons: the titles of a course, one to read, one to write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, func, or_, select

from portal.allocations.models import CourseOffering
from portal.extensions import db
from portal.learning.models import Lesson, LessonAnswers, LessonCompletion
from portal.learning.queries.access import CourseHead, Viewer, course_for, may_read, staffs


class Standing(StrEnum):
    """How a lesson stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"


def standing_of(published_at: datetime | None, now: datetime) -> Standing:
    """What a moment of publishing means now."""
    if published_at is None:
        return Standing.DRAFT
    return Standing.PUBLISHED if published_at <= now else Standing.SCHEDULED


@dataclass(frozen=True, slots=True)
class LessonTitle:
    """A lesson in a list. `is_done` is the asker's own; `done_count`, for staff, how many students have done it."""

    id: int
    position: int
    title: str
    published_at: datetime | None
    standing: Standing
    is_done: bool = False
    done_count: int = 0


@dataclass(frozen=True, slots=True)
class LessonText:
    """A whole lesson. `given` is what the asker answered in its quick check, by question."""

    id: int
    offering_id: int
    title: str
    body: str
    html: str
    renderer: int
    published_at: datetime | None
    standing: Standing
    questions: Sequence[Mapping[str, Any]]
    check_counts: bool
    version: int
    done_at: datetime | None
    given: Mapping[str, Any]
    passed_at: datetime | None
    position: int


_TEXT = (
    Lesson.id,
    Lesson.offering_id,
    Lesson.position,
    Lesson.title,
    Lesson.body,
    Lesson.html,
    Lesson.renderer,
    Lesson.published_at,
    Lesson.questions,
    Lesson.check_counts,
    Lesson.version,
)


def list_lessons(
    offering_id: int, now: datetime, enrolment_id: int | None = None, *, everything: bool = False
) -> list[LessonTitle]:
    """The titles of a course in order: what is published, or everything for its staff. One statement."""
    wanted = (
        select(Lesson.id, Lesson.position, Lesson.title, Lesson.published_at, LessonCompletion.lesson_id.label("done"))
        .outerjoin(
            LessonCompletion,
            and_(LessonCompletion.lesson_id == Lesson.id, LessonCompletion.enrolment_id == enrolment_id),
        )
        .where(Lesson.offering_id == offering_id)
        .order_by(Lesson.position, Lesson.id)
    )
    if not everything:
        wanted = wanted.where(Lesson.published_at <= now)
    return [
        LessonTitle(*row[:4], standing_of(row.published_at, now), row.done is not None)
        for row in db.session.execute(wanted)
    ]


def list_for_staff(offering_id: int, now: datetime) -> list[LessonTitle]:
    """All lessons of a course in order, with how many students have done each. One statement."""
    done = (
        select(func.count())
        .select_from(LessonCompletion)
        .where(LessonCompletion.lesson_id == Lesson.id)
        .correlate(Lesson)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Lesson.id, Lesson.position, Lesson.title, Lesson.published_at, done.label("done_count"))
        .where(Lesson.offering_id == offering_id)
        .order_by(Lesson.position, Lesson.id)
    )
    return [LessonTitle(**row._mapping, standing=standing_of(row.published_at, now)) for row in rows]


def find_lesson(
    lesson_id: int, viewer: Viewer, now: datetime, enrolment_id: int | None = None, *, offering_id: int | None = None
) -> LessonText | None:
    """A lesson that the asker may read, with what they did of it; None when there is none. One statement."""
    wanted = (
        select(
            *_TEXT,
            LessonCompletion.created_at.label("done_at"),
            LessonAnswers.answers.label("given"),
            LessonAnswers.passed_at,
        )
        .join(CourseOffering, CourseOffering.id == Lesson.offering_id)
        .outerjoin(
            LessonCompletion,
            and_(LessonCompletion.lesson_id == Lesson.id, LessonCompletion.enrolment_id == enrolment_id),
        )
        .outerjoin(
            LessonAnswers, and_(LessonAnswers.lesson_id == Lesson.id, LessonAnswers.enrolment_id == enrolment_id)
        )
        .where(Lesson.id == lesson_id, may_read(viewer, Lesson.published_at <= now))
    )
    if offering_id is not None:
        wanted = wanted.where(Lesson.offering_id == offering_id)
    row = db.session.execute(wanted).one_or_none()
    if row is None:
        return None
    found = dict(row._mapping)
    return LessonText(**found | {"given": found["given"] or {}}, standing=standing_of(row.published_at, now))


def find_reading(
    offering_id: int, lesson_id: int, viewer: Viewer, now: datetime
) -> tuple[CourseHead, LessonText] | None:
    """A lesson that the asker may read, with its course and what they did of it. One statement."""
    course, mine = course_for(offering_id, viewer)
    wanted = (
        course.add_columns(*_TEXT, LessonCompletion.created_at, LessonAnswers.answers, LessonAnswers.passed_at)
        .join(Lesson, and_(Lesson.offering_id == CourseOffering.id, Lesson.id == lesson_id))
        .outerjoin(
            LessonCompletion, and_(LessonCompletion.lesson_id == Lesson.id, LessonCompletion.enrolment_id == mine)
        )
        .outerjoin(LessonAnswers, and_(LessonAnswers.lesson_id == Lesson.id, LessonAnswers.enrolment_id == mine))
        .where(or_(staffs(viewer), Lesson.published_at <= now))
    )
    row = db.session.execute(wanted).one_or_none()
    if row is None:
        return None
    values: list[Any] = list(row)
    head = len(fields(CourseHead))
    text = dict(zip([column.key for column in _TEXT], values[head:], strict=False))
    done_at, given, passed_at = values[-3:]
    standing = standing_of(text["published_at"], now)
    found = LessonText(**text, standing=standing, done_at=done_at, given=given or {}, passed_at=passed_at)
    return CourseHead(*values[:head]), found


def published_among(lesson_ids: Sequence[int], now: datetime) -> set[int]:
    """Which of these lessons are published. One statement."""
    wanted = select(Lesson.id).where(Lesson.id.in_(lesson_ids), Lesson.published_at <= now)
    return set(db.session.scalars(wanted))


def offering_of(lesson_id: int) -> int | None:
    """The course of a lesson; None when there is no such lesson. One statement."""
    return db.session.scalar(select(Lesson.offering_id).where(Lesson.id == lesson_id))
