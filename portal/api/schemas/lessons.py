"""Lessons of a course."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StringConstraints

from portal.api.schemas.common import Given, Moment, Paged, Taken, When
from portal.learning.models import BODY_LIMIT, TITLE_LIMIT
from portal.learning.queries import LessonTitle, Standing
from portal.learning.queries.lessons import LessonText

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LIMIT)]
Body = Annotated[str, StringConstraints(max_length=BODY_LIMIT)]


class LessonListed(Given):
    """A lesson in a list. `is_done` is the asking student's own; null for everybody else."""

    id: int
    course_offering_id: int
    position: int
    title: str
    status: Standing
    published_at: Moment | None
    is_done: bool | None

    @classmethod
    def of(cls, lesson: LessonTitle, offering_id: int, *, studies: bool) -> Self:
        """A lesson of a course, for somebody who studies it or does not."""
        own = {name: getattr(lesson, name) for name in ("id", "position", "title", "published_at")}
        done = lesson.is_done if studies else None
        return cls(**own, course_offering_id=offering_id, status=lesson.standing, is_done=done)


class LessonShown(LessonListed):
    """A whole lesson: its text in Markdown, and the safe HTML that was made of it."""

    body: str
    html: str
    version: int

    @classmethod
    def whole(cls, lesson: LessonText, *, studies: bool) -> Self:
        """A lesson, for somebody who studies it or does not."""
        own: dict[str, Any] = {name: getattr(lesson, name) for name in cls.model_fields if hasattr(lesson, name)}
        done = lesson.done_at is not None if studies else None
        return cls(**own, course_offering_id=lesson.offering_id, status=lesson.standing, is_done=done)


class LessonQuery(Paged):
    """Which part of a course's lessons is wanted, in which order: the course's own, unless asked otherwise."""

    sort: Literal["position", "-position", "id", "-id"] = "position"


class LessonNew(Taken):
    """A lesson; without `published_at` it is a draft, with a moment ahead it is scheduled."""

    title: Title
    body: Body = ""
    published_at: When | None = None


class LessonChange(BaseModel):
    """What of a lesson shall be another; what is left out stays. `published_at` null makes it a draft."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Title | None = None
    body: Body | None = None
    published_at: When | None = None
    position: Annotated[StrictInt, Field(ge=1, le=1000)] | None = None
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    version: Annotated[StrictInt, Field(ge=1)] | None = None


class CompletionShown(Given):
    """Whether the asking student has done a lesson, and their progress in its course, in percent."""

    lesson_id: int
    is_done: bool
    percent: int | None
