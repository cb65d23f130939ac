"""Reflections as programs see them."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StrictInt, StringConstraints

from portal.api.schemas.common import Given, Id, Paged, Taken
from portal.reflections.models import FormMode, QuestionKind
from portal.reflections.queries.own import OwnRound
from portal.reflections.queries.questions import Question
from portal.reflections.queries.results import StaffRound, Tally

Text = Annotated[str, StringConstraints(max_length=20_000)]
Key = Annotated[str, StringConstraints(min_length=1, max_length=40)]
_SORTS = Literal["closes_on", "-closes_on", "id", "-id"]


class FormQuery(Paged):
    """The reflections of which course are wanted (left out, of all), in which order."""

    allocation_id: Id | None = None
    sort: _SORTS = "closes_on"


class ResultQuery(Paged):
    """The same of results."""

    allocation_id: Id | None = None
    sort: _SORTS = "-closes_on"


class QuestionShown(Given):
    """A question in both languages; `low` and `high` are the words at the ends of a scale from 1 to 5."""

    key: str
    kind: QuestionKind
    prompt_en: str
    prompt_fr: str
    hint_en: str
    hint_fr: str
    low_en: str
    low_fr: str
    high_en: str
    high_fr: str
    is_required: bool
    max_length: int


class FormShown(Given):
    """A reflection that a student can answer now. Results need `min_responses` responses, unless names are shown."""

    round_id: int
    allocation_id: int
    course: str
    code: str | None
    title_en: str
    title_fr: str
    mode: FormMode
    min_responses: int
    opens_on: date
    closes_on: date
    questions: list[QuestionShown]

    @classmethod
    def of(cls, own: OwnRound, questions: list[Question]) -> Self:
        """A round with its questions."""
        names = ("course", "code", "title_en", "title_fr", "mode", "min_responses", "opens_on", "closes_on")
        shown = [QuestionShown.model_validate(one) for one in questions]
        known = {name: getattr(own, name) for name in names}
        return cls(round_id=own.id, allocation_id=own.offering_id, questions=shown, **known)


class ReflectionNew(Taken):
    """What a student says, by the keys of the questions; numbers of a scale as text: "4"."""

    round_id: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
    answers: dict[Key, Text]
    language: Literal["en", "fr"] = "en"


class ReceiptShown(Given):
    """That somebody took part: on which day, and the number under which it was sent."""

    message: str
    round_id: int
    on_day: date
    receipt: str


class BinsShown(Given):
    """How a question was answered: numbers 1 to 5 with their average, or what was said in words."""

    key: str
    kind: QuestionKind
    answered: int
    counts: list[int] | None
    average: float | None
    texts: list[str]

    @classmethod
    def of(cls, question: Question, sums: Tally, texts: Sequence[str]) -> Self:
        """What came of a question."""
        average = round(sums.average, 2) if sums.average is not None else None
        counts = list(sums.bins) if question.is_scale else None
        return cls(key=question.key, kind=question.kind, answered=sums.answered, counts=counts, average=average,
                   texts=list(texts))  # fmt: skip


class ResultShown(Given):
    """A reflection of a course: how many took part, and, once the results are out, what they are."""

    round_id: int
    allocation_id: int
    course: str
    code: str | None
    opens_on: date
    closes_on: date
    released_on: date | None
    invited: int
    responded: int
    questions: list[BinsShown]

    @classmethod
    def of(cls, found: StaffRound, questions: list[BinsShown]) -> Self:
        """A round with its results."""
        names = ("course", "code", "opens_on", "closes_on", "released_on", "invited", "responded")
        known = {name: getattr(found, name) for name in names}
        return cls(round_id=found.id, allocation_id=found.offering_id, questions=questions, **known)
