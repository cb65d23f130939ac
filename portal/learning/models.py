"""Lessons of a course, what students have done of them, and the files that belong to them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.dialects.mysql import MEDIUMTEXT
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime, enum_column
from portal.extensions import Model

TITLE_LIMIT = 200
BODY_LIMIT = 60_000
NAME_LIMIT = 150
# MySQL's own TEXT ends after 64 kB, which formulas written out as MathML pass.
LongText = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")


class FileKind(StrEnum):
    """What a file is, as its content says."""

    PICTURE = "picture"
    AUDIO = "audio"
    VIDEO = "video"
    PDF = "pdf"
    DOCUMENT = "document"


class FileState(StrEnum):
    """How far a file has come: a part of it is there, all of it, or it is being taken away."""

    ARRIVING = "arriving"
    READY = "ready"
    LEAVING = "leaving"


class Lesson(Timestamps, Model):
    """One lesson of a course offering, in the order of `position`.

    `published_at` is null for a draft, ahead for one that is scheduled, past for one that students see; `announced_at`
    is when they were told, once. `html` is what `body` (Markdown) was made into by renderer number `renderer`.
    `questions` is the quick check at its end, a list as learning/checks.py describes it; with `check_counts` the lesson
    is done once all of them are answered right. `version` numbers its texts: each is kept in `lesson_versions`.
    `source_id` is the lesson that it was copied from.
    """

    __tablename__ = "lessons"
    __table_args__ = (
        # The titles of a course in order, and how many of them are published.
        Index("ix_lessons_order", "offering_id", "position", "published_at"),
        # What is published and nobody was told of.
        Index(None, "announced_at", "published_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    offering_id: Mapped[int] = mapped_column(ForeignKey("course_offerings.id", onupdate="CASCADE", ondelete="CASCADE"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(TITLE_LIMIT))
    body: Mapped[str] = mapped_column(LongText, default="")
    html: Mapped[str] = mapped_column(LongText, default="")
    renderer: Mapped[int] = mapped_column(default=0)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    announced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    check_counts: Mapped[bool] = mapped_column(Boolean, default=False)
    source_id: Mapped[int | None] = mapped_column(
        ForeignKey("lessons.id", onupdate="CASCADE", ondelete="SET NULL"), index=True
    )
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))
    version: Mapped[int] = mapped_column(default=1)


class LessonVersion(Timestamps, Model):
    """A lesson's text as it was saved, by whom, and in their words what changed."""

    __tablename__ = "lesson_versions"
    __table_args__ = (UniqueConstraint("lesson_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    lesson_id: Mapped[int] = mapped_column(ForeignKey("lessons.id", onupdate="CASCADE", ondelete="CASCADE"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(TITLE_LIMIT))
    body: Mapped[str] = mapped_column(LongText)
    note: Mapped[str] = mapped_column(String(200), default="")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))


class LessonCompletion(Timestamps, Model):
    """A student has done a lesson, since `created_at`."""

    __tablename__ = "lesson_completions"
    __table_args__ = (Index("ix_lesson_completions_enrolment_id", "enrolment_id", "lesson_id"),)

    lesson_id: Mapped[int] = mapped_column(
        ForeignKey("lessons.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    enrolment_id: Mapped[int] = mapped_column(
        ForeignKey("enrolments.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )


class LessonAnswers(Timestamps, Model):
    """What a student answered in the quick check of a lesson: by a question's id what they gave last, whether it is
    right, and how often they tried. `passed_at` is when all were right for the first time."""

    __tablename__ = "lesson_answers"
    __table_args__ = (Index("ix_lesson_answers_enrolment_id", "enrolment_id", "lesson_id"),)

    lesson_id: Mapped[int] = mapped_column(
        ForeignKey("lessons.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    enrolment_id: Mapped[int] = mapped_column(
        ForeignKey("enrolments.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    answers: Mapped[dict[str, Any]] = mapped_column(JSON)
    passed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StoredFile(Timestamps, Model):
    """A file that somebody uploaded. Its content never changes: it lies in the storage under `key` in parts of
    `part_size` bytes, numbered from 0, of which `parts` have arrived. It counts towards the quota of `offering_id`."""

    __tablename__ = "stored_files"
    __table_args__ = (Index(None, "state", "updated_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    state: Mapped[FileState] = mapped_column(enum_column(FileState, "state"), default=FileState.ARRIVING)
    name: Mapped[str] = mapped_column(String(NAME_LIMIT))
    media_type: Mapped[str] = mapped_column(String(100), default="application/octet-stream")
    kind: Mapped[FileKind] = mapped_column(enum_column(FileKind, "kind"), default=FileKind.DOCUMENT)
    size: Mapped[int] = mapped_column(BigInteger)
    part_size: Mapped[int]
    parts: Mapped[int] = mapped_column(default=0)
    width: Mapped[int | None]
    height: Mapped[int | None]
    offering_id: Mapped[int | None] = mapped_column(
        ForeignKey("course_offerings.id", onupdate="CASCADE", ondelete="SET NULL"), index=True
    )
    uploaded_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))


class LessonAttachment(Timestamps, Model):
    """A file of a lesson, under a name that is the lesson's own: its text refers to the file by it."""

    __tablename__ = "lesson_attachments"
    __table_args__ = (UniqueConstraint("lesson_id", "name"),)

    lesson_id: Mapped[int] = mapped_column(
        ForeignKey("lessons.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    file_id: Mapped[int] = mapped_column(
        ForeignKey("stored_files.id", onupdate="CASCADE"), primary_key=True, index=True
    )
    name: Mapped[str] = mapped_column(String(NAME_LIMIT))
