"""Forms, rounds and responses for tests. Each maker needs an application context and commits."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.allocations.models import CourseOffering
from portal.extensions import db
from portal.reflections.models import (
    FormMode,
    FormState,
    QuestionKind,
    ReflectionForm,
    ReflectionQuestion,
    ReflectionRound,
)
from portal.reflections.sealing import Written, sealer_of
from portal.reflections.services.drafting import Writer
from portal.reflections.services.responding import send_reflection
from tests.support.people import Person

DAY = timedelta(days=1)
END_FORM = 1


def make_reflection_form(*questions: dict[str, Any], **fields: Any) -> ReflectionForm:
    """A published form; without questions it has a scale and a text, `overall` and `helps`."""
    asked = questions or ({"key": "overall", "kind": QuestionKind.SCALE}, {"key": "helps"})
    columns = {"title_en": "Reflection", "title_fr": "Réflexion", "state": FormState.PUBLISHED} | fields
    form = ReflectionForm(**columns)
    db.session.add(form)
    db.session.flush()
    form.series_id = form.series_id or form.id
    for position, question in enumerate(asked, 1):
        texts = {"prompt_en": f"Question {position}?", "prompt_fr": f"Question {position}\u202f?"}
        db.session.add(ReflectionQuestion(**(texts | {"form_id": form.id, "position": position} | question)))
    db.session.commit()
    return form


def make_round(offering: CourseOffering, form: ReflectionForm | None = None, **fields: Any) -> ReflectionRound:
    """A round that is open from yesterday to a week from now; without a form it asks the seed's three questions."""
    today = clock.now().date()
    chosen = form or db.session.get_one(ReflectionForm, END_FORM)
    columns = {
        "form_id": chosen.id, "series_id": chosen.series_id, "offering_id": offering.id,
        "opens_on": today - DAY, "closes_on": today + 7 * DAY,
    } | fields  # fmt: skip
    made = ReflectionRound(**columns)
    db.session.add(made)
    db.session.commit()
    return made


def respond(
    secret: str, round_id: int, student: Person, answers: dict[str, str], language: str = "en", day: date | None = None
) -> None:
    """Send a student's reflection, as the page would."""
    writer = Writer(student.user_id, round_id, day or clock.now().date(), sealer_of(secret))
    send_reflection(writer, Written(answers, language), f"receipt-{student.user_id}")
    db.session.commit()


def rounds() -> list[ReflectionRound]:
    """All rounds."""
    return list(db.session.scalars(select(ReflectionRound).order_by(ReflectionRound.id)))


__all__ = ["FormMode", "make_reflection_form", "make_round", "respond", "rounds"]
