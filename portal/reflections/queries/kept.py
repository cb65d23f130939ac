"""Forms as administrators keep them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from portal.extensions import db
from portal.reflections.models import (
    Anchor,
    FormMode,
    FormState,
    ReflectionForm,
    ReflectionParticipation,
    ReflectionQuestion,
    ReflectionRound,
)


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A version of a form: how many questions it has, how many courses it asked, how many people answered."""

    id: int
    series_id: int
    number: int
    state: FormState
    title_en: str
    title_fr: str
    mode: FormMode
    min_responses: int
    anchor: Anchor
    opens_days: int
    closes_days: int
    version: int
    questions: int
    rounds: int
    answered: int

    @property
    def is_draft(self) -> bool:
        """Whether its questions can still be changed."""
        return self.state is FormState.DRAFT

    def title(self, language: str) -> str:
        """What it is called."""
        return (self.title_fr if language == "fr" else self.title_en) or self.title_en


_COUNTS = (
    select(func.count()).where(ReflectionQuestion.form_id == ReflectionForm.id).scalar_subquery(),
    select(func.count()).where(ReflectionRound.form_id == ReflectionForm.id).scalar_subquery(),
    select(func.count())
    .where(ReflectionParticipation.round_id == ReflectionRound.id, ReflectionRound.form_id == ReflectionForm.id)
    .correlate(ReflectionForm)
    .scalar_subquery(),
)
_FORMS: Any = select(*(getattr(ReflectionForm, name) for name in KeptForm.__slots__[:12]), *_COUNTS)


def list_forms() -> Sequence[KeptForm]:
    """All versions of all forms, the newest of each first. One statement."""
    rows = db.session.execute(_FORMS.order_by(ReflectionForm.series_id, ReflectionForm.number.desc()))
    return [KeptForm(*row) for row in rows]


def find_form(form_id: int) -> KeptForm | None:
    """One version. One statement."""
    row = db.session.execute(_FORMS.where(ReflectionForm.id == form_id)).one_or_none()
    return KeptForm(*row) if row else None
