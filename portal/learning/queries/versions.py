"""The texts that a lesson has had."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal.accounts.models import User
from portal.extensions import db
from portal.learning.models import LessonVersion


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version in a list; `author` is empty for whoever is not known any more, `length` in characters."""

    number: int
    title: str
    note: str
    saved_at: datetime
    author: str
    length: int


@dataclass(frozen=True, slots=True)
class VersionText:
    """A version with its text, and that of the one before."""

    number: int
    title: str
    body: str
    note: str
    before_title: str
    before_body: str


def list_versions(lesson_id: int) -> Sequence[VersionRow]:
    """All versions of a lesson, newest first. One statement."""
    rows = db.session.execute(
        select(
            LessonVersion.number,
            LessonVersion.title,
            LessonVersion.note,
            LessonVersion.created_at,
            User.first_name,
            User.last_name,
            func.char_length(LessonVersion.body),
        )
        .outerjoin(User, User.id == LessonVersion.author_id)
        .where(LessonVersion.lesson_id == lesson_id)
        .order_by(LessonVersion.number.desc())
    )
    return [
        VersionRow(number, title, note, saved_at, f"{first or ''} {last or ''}".strip(), length)
        for number, title, note, saved_at, first, last, length in rows
    ]


def find_version(lesson_id: int, number: int) -> VersionText | None:
    """A version and the one before it; None when there is none of this number. One statement."""
    rows = db.session.execute(
        select(LessonVersion.number, LessonVersion.title, LessonVersion.body, LessonVersion.note)
        .where(LessonVersion.lesson_id == lesson_id, LessonVersion.number <= number)
        .order_by(LessonVersion.number.desc())
        .limit(2)
    ).all()
    if not rows or rows[0].number != number:
        return None
    before = rows[1] if len(rows) > 1 else None
    return VersionText(*rows[0], before.title if before else "", before.body if before else "")
