"""Reflections: forms in versions, the rounds in which courses answer them, who took part, and what was said.

Who took part and what was said are two tables that nothing joins. Neither has a moment, a number that counts up, or an
order in which rows came: `sqlite_with_rowid` keeps SQLite from numbering them on its own, MariaDB keeps rows by their
key, and for PostgreSQL see services/responding.py.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Boolean, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.dialects import mysql
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime, enum_column
from portal.extensions import Model

# Fewer would let a reader guess; an administrator may ask for more.
FEWEST = 5
# Beyond 64 kB on MySQL and MariaDB, where a text ends there.
_LONG = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


class FormState(StrEnum):
    """Where a version of a form stands."""

    DRAFT = "draft"
    PUBLISHED = "published"
    REPLACED = "replaced"
    RETIRED = "retired"


class FormMode(StrEnum):
    """What is kept of who said something: nothing, the name for nobody's eyes, or the name beside the answer."""

    ANONYMOUS = "anonymous"
    CONFIDENTIAL = "confidential"
    NAMED = "named"


class Anchor(StrEnum):
    """The day of a course from which the days of a window are counted."""

    MIDDLE = "middle"
    END = "end"


class QuestionKind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    SCALE = "scale"


class ReflectionForm(Timestamps, Model):
    """One version of a form; all versions of it share `series_id`, the id of the first.

    Its window opens `opens_days` after its anchor (before it where negative) and closes `closes_days` after it, both
    days included.
    """

    __tablename__ = "reflection_forms"
    __table_args__ = (
        UniqueConstraint("series_id", "number"),
        CheckConstraint("closes_days >= opens_days", name="window"),
        CheckConstraint(f"min_responses >= {FEWEST}", name="threshold"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int | None] = mapped_column(
        ForeignKey("reflection_forms.id", onupdate="CASCADE", ondelete="CASCADE")
    )
    number: Mapped[int] = mapped_column(default=1)
    state: Mapped[FormState] = mapped_column(enum_column(FormState, "state"), default=FormState.DRAFT)
    title_en: Mapped[str] = mapped_column(String(100))
    title_fr: Mapped[str] = mapped_column(String(100), default="")
    mode: Mapped[FormMode] = mapped_column(enum_column(FormMode, "mode"), default=FormMode.ANONYMOUS)
    min_responses: Mapped[int] = mapped_column(default=FEWEST)
    anchor: Mapped[Anchor] = mapped_column(enum_column(Anchor, "anchor"), default=Anchor.END)
    opens_days: Mapped[int] = mapped_column(default=-14)
    closes_days: Mapped[int] = mapped_column(default=7)
    version: Mapped[int] = mapped_column(default=1)


class ReflectionQuestion(Timestamps, Model):
    """A question of one version; `key` stays the same from version to version, so that answers can be compared."""

    __tablename__ = "reflection_questions"
    __table_args__ = (UniqueConstraint("form_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("reflection_forms.id", onupdate="CASCADE", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(40))
    position: Mapped[int]
    kind: Mapped[QuestionKind] = mapped_column(enum_column(QuestionKind, "kind"), default=QuestionKind.TEXT)
    prompt_en: Mapped[str] = mapped_column(String(300))
    prompt_fr: Mapped[str] = mapped_column(String(300), default="")
    hint_en: Mapped[str] = mapped_column(String(300), default="")
    hint_fr: Mapped[str] = mapped_column(String(300), default="")
    low_en: Mapped[str] = mapped_column(String(60), default="")
    low_fr: Mapped[str] = mapped_column(String(60), default="")
    high_en: Mapped[str] = mapped_column(String(60), default="")
    high_fr: Mapped[str] = mapped_column(String(60), default="")
    is_required: Mapped[bool] = mapped_column(Boolean, default=False)
    max_length: Mapped[int] = mapped_column(default=1000)
    version: Mapped[int] = mapped_column(default=1)


class ReflectionRound(Timestamps, Model):
    """A course that answers a version of a form, from `opens_on` to `closes_on`, both included.

    `released_on` is the day on which its results came out, `shown_count` how many responses they are made of: none
    where there were too few. `reply` is what the facilitator answers to the class.
    """

    __tablename__ = "reflection_rounds"
    __table_args__ = (
        UniqueConstraint("series_id", "offering_id"),
        Index(None, "offering_id"),
        Index(None, "released_on", "closes_on"),
        Index(None, "closes_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    form_id: Mapped[int] = mapped_column(ForeignKey("reflection_forms.id", onupdate="CASCADE"), index=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("reflection_forms.id", onupdate="CASCADE"))
    offering_id: Mapped[int] = mapped_column(ForeignKey("course_offerings.id", onupdate="CASCADE", ondelete="CASCADE"))
    opens_on: Mapped[date] = mapped_column(Date)
    closes_on: Mapped[date] = mapped_column(Date)
    released_on: Mapped[date | None] = mapped_column(Date)
    invited: Mapped[int | None]
    responded: Mapped[int | None]
    shown_count: Mapped[int | None]
    reply: Mapped[str | None] = mapped_column(Text)
    reply_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))
    replied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)


class ReflectionParticipation(Model):
    """That a student took part, and on which day. `receipt` is a number that their browser made up."""

    __tablename__ = "reflection_participations"
    __table_args__ = ({"sqlite_with_rowid": False},)

    round_id: Mapped[int] = mapped_column(
        ForeignKey("reflection_rounds.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    student_id: Mapped[int] = mapped_column(
        ForeignKey("students.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True, index=True
    )
    on_day: Mapped[date] = mapped_column(Date)
    receipt: Mapped[str] = mapped_column(String(64))


class ReflectionDraft(Model):
    """What somebody is still writing. Whose it is and what it says is known only with the portal's secret."""

    __tablename__ = "reflection_drafts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    owner_key: Mapped[str] = mapped_column(String(64), primary_key=True)
    round_id: Mapped[int] = mapped_column(
        ForeignKey("reflection_rounds.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True, index=True
    )
    body: Mapped[str] = mapped_column(_LONG)
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ReflectionResponse(Model):
    """What one person said, under a random number. `student_id` is empty where the form is anonymous.

    `body` holds the answers by the keys of their questions until the results come out; then they are rows of their own.
    """

    __tablename__ = "reflection_responses"
    __table_args__ = ({"sqlite_with_rowid": False},)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    round_id: Mapped[int] = mapped_column(
        ForeignKey("reflection_rounds.id", onupdate="CASCADE", ondelete="CASCADE"), index=True
    )
    language: Mapped[str] = mapped_column(String(5))
    student_id: Mapped[int | None] = mapped_column(
        ForeignKey("students.id", onupdate="CASCADE", ondelete="SET NULL"), index=True
    )
    body: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ReflectionAnswer(Model):
    """One answer of a response whose round's results are out."""

    __tablename__ = "reflection_answers"
    __table_args__ = (Index(None, "round_id", "question_id"), {"sqlite_with_rowid": False})

    response_id: Mapped[str] = mapped_column(
        ForeignKey("reflection_responses.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    question_id: Mapped[int] = mapped_column(
        ForeignKey("reflection_questions.id", onupdate="CASCADE"), primary_key=True, index=True
    )
    round_id: Mapped[int] = mapped_column(ForeignKey("reflection_rounds.id", onupdate="CASCADE", ondelete="CASCADE"))
    value: Mapped[int | None]
    text: Mapped[str | None] = mapped_column(Text)


class ReflectionTally(Model):
    """The sums of one question in one round, written when its results come out: how many answered, how many gave 1 to
    5, and the words and phrases used most. `language` is empty for all answers together.
    """

    __tablename__ = "reflection_tallies"
    __table_args__ = (
        Index("ix_reflection_tallies_compared", "question_key", "language", "department_id", "academic_year",
              "trimester"),
    )  # fmt: skip

    round_id: Mapped[int] = mapped_column(
        ForeignKey("reflection_rounds.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    question_id: Mapped[int] = mapped_column(
        ForeignKey("reflection_questions.id", onupdate="CASCADE"), primary_key=True, index=True
    )
    language: Mapped[str] = mapped_column(String(5), primary_key=True)
    question_key: Mapped[str] = mapped_column(String(40))
    department_id: Mapped[int | None] = mapped_column(
        ForeignKey("departments.id", onupdate="CASCADE", ondelete="SET NULL"), index=True
    )
    academic_year: Mapped[int]
    trimester: Mapped[int]
    responses: Mapped[int]
    answered: Mapped[int]
    ones: Mapped[int]
    twos: Mapped[int]
    threes: Mapped[int]
    fours: Mapped[int]
    fives: Mapped[int]
    words: Mapped[list[Any]] = mapped_column(JSON)
    phrases: Mapped[list[Any]] = mapped_column(JSON)
