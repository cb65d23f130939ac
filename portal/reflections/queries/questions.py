"""The questions of a version of a form."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from portal.extensions import db
from portal.reflections.models import QuestionKind, ReflectionQuestion


@dataclass(frozen=True, slots=True)
class Question:
    """A question in both languages; `low` and `high` are the words at the ends of a scale."""

    id: int
    form_id: int
    key: str
    position: int
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
    version: int

    @property
    def is_scale(self) -> bool:
        """Whether it is answered by a number from 1 to 5."""
        return self.kind is QuestionKind.SCALE

    def said(self, name: str, language: str) -> str:
        """One of its texts in a language, in the other where that is empty: `prompt`, `hint`, `low`, `high`."""
        first, second = ("fr", "en") if language == "fr" else ("en", "fr")
        return str(getattr(self, f"{name}_{first}") or getattr(self, f"{name}_{second}"))


_COLUMNS = tuple(getattr(ReflectionQuestion, name) for name in Question.__slots__)
_QUESTIONS = select(*_COLUMNS).order_by(ReflectionQuestion.position, ReflectionQuestion.id)


def list_questions(form_id: int) -> Sequence[Question]:
    """The questions of a form in their order. One statement."""
    return [Question(*row) for row in db.session.execute(_QUESTIONS.where(ReflectionQuestion.form_id == form_id))]


def questions_of(form_ids: Iterable[int]) -> dict[int, list[Question]]:
    """The questions of several forms. One statement."""
    found: dict[int, list[Question]] = defaultdict(list)
    for row in db.session.execute(_QUESTIONS.where(ReflectionQuestion.form_id.in_(set(form_ids)))):
        question = Question(*row)
        found[question.form_id].append(question)
    return found
