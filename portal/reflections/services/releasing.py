"""Releasing results: all of a round at once, after its window, and only where enough took part.

Whatever is shown was counted here, so that a page has nothing to add up, and no filter can be asked that was not
allowed: for each language only where as many answered in it as the form demands, and as many, or none, did not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from portal import clock
from portal.allocations.models import CourseOffering
from portal.bulk import in_chunks
from portal.catalogue.models import Module
from portal.database import IN_PLACE
from portal.enrolments.models import Enrolment
from portal.extensions import db
from portal.reflections.models import (
    FormMode,
    ReflectionAnswer,
    ReflectionDraft,
    ReflectionForm,
    ReflectionParticipation,
    ReflectionResponse,
    ReflectionRound,
    ReflectionTally,
)
from portal.reflections.queries.own import GRACE, TAKES_PART
from portal.reflections.queries.questions import Question, list_questions
from portal.reflections.words_of_texts import count_words

LANGUAGES = ("en", "fr")
_BINS = ("ones", "twos", "threes", "fours", "fives")


@dataclass(frozen=True, slots=True)
class Released:
    """A round whose results came out: how many responses they are made of, none where there were too few."""

    round_id: int
    offering_id: int
    shown: int


def list_due(today: date, limit: int = 50) -> Sequence[int]:
    """The rounds whose results are due on a day. One statement."""
    due = (ReflectionRound.released_on.is_(None), ReflectionRound.closes_on < today - GRACE)
    wanted = select(ReflectionRound.id).where(*due).order_by(ReflectionRound.closes_on, ReflectionRound.id)
    return db.session.scalars(wanted.limit(limit)).all()


def release(round_id: int, today: date) -> Released | None:
    """Bring out a round's results; None when another worker has. In one transaction, which the caller commits."""
    taken = db.write(
        update(ReflectionRound)
        .where(ReflectionRound.id == round_id, ReflectionRound.released_on.is_(None))
        .values(released_on=today, updated_at=clock.now()),
        execution_options=IN_PLACE,
    )
    if not taken:
        return None
    about = _about(round_id)
    responses = _responses(round_id)
    enough = len(responses) >= needed(about.mode, about.min_responses)
    if enough:
        _write_results(about, responses)
    else:
        # Nobody will ever read them, so nobody keeps them.
        db.session.execute(
            delete(ReflectionResponse).where(ReflectionResponse.round_id == round_id), execution_options=IN_PLACE
        )
    db.session.execute(delete(ReflectionDraft).where(ReflectionDraft.round_id == round_id), execution_options=IN_PLACE)
    shown = len(responses) if enough else 0
    _note(about, shown)
    return Released(round_id, about.offering_id, shown)


def needed(mode: FormMode, min_responses: int) -> int:
    """From how many responses on results are shown: where names stand beside them, nobody is hidden among others."""
    return 1 if mode is FormMode.NAMED else min_responses


def allowed_languages(counts: Mapping[str, int], least: int) -> list[str]:
    """The languages by which answers may be looked at: enough are in them, and enough or none are not."""
    total = sum(counts.values())
    return [one for one in LANGUAGES if counts.get(one, 0) >= least and (total - counts[one] >= least)]


def _about(round_id: int) -> Any:
    wanted = (
        select(
            ReflectionRound.id,
            ReflectionRound.form_id,
            ReflectionRound.series_id,
            ReflectionRound.offering_id,
            ReflectionForm.mode,
            ReflectionForm.min_responses,
            CourseOffering.academic_year,
            CourseOffering.trimester,
            Module.department_id,
        )
        .join(ReflectionForm, ReflectionForm.id == ReflectionRound.form_id)
        .join(CourseOffering, CourseOffering.id == ReflectionRound.offering_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
    )
    return db.session.execute(wanted.where(ReflectionRound.id == round_id)).one()


def _responses(round_id: int) -> Sequence[Row[Any]]:
    wanted = select(ReflectionResponse.id, ReflectionResponse.language, ReflectionResponse.body)
    return db.session.execute(
        wanted.where(ReflectionResponse.round_id == round_id).order_by(ReflectionResponse.id)
    ).all()


def _write_results(about: Any, responses: Sequence[Row[Any]]) -> None:
    questions = list_questions(about.form_id)
    _write_answers(about.id, questions, responses)
    counts = Counter(one.language for one in responses)
    rows = []
    for language in ["", *allowed_languages(counts, needed(about.mode, about.min_responses))]:
        of_it = [one for one in responses if not language or one.language == language]
        rows += [tally(question, of_it, _shared(about, question, language)) for question in questions]
    for part in in_chunks(rows):
        db.session.execute(insert(ReflectionTally), part)


def compared_key(series_id: int, key: str) -> str:
    """By what answers to a question are compared: the same in every version of its form, and in no other form."""
    return f"{series_id}:{key}"[:40]


def _shared(about: Any, question: Question, language: str) -> dict[str, Any]:
    return {
        "round_id": about.id,
        "question_id": question.id,
        "language": language,
        "question_key": compared_key(about.series_id, question.key),
        "department_id": about.department_id,
        "academic_year": about.academic_year,
        "trimester": about.trimester,
    }


def tally(question: Question, responses: Sequence[Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """The sums of a question over responses that have a `language` and a `body`."""
    said = [(one.language, one.body[question.key]) for one in responses if (one.body or {}).get(question.key)]
    bins = Counter(text for _, text in said) if question.is_scale else Counter[str]()
    words, phrases = ([], []) if question.is_scale else count_words(said)
    counts = {name: bins.get(str(value), 0) for value, name in enumerate(_BINS, 1)}
    return {**shared, **counts, "responses": len(responses), "answered": len(said), "words": words, "phrases": phrases}


def _write_answers(round_id: int, questions: Iterable[Question], responses: Sequence[Row[Any]]) -> None:
    by_key = {question.key: question for question in questions}
    rows = []
    for one in responses:
        for key, said in (one.body or {}).items():
            if question := by_key.get(key):
                kept = {"value": int(said), "text": None} if question.is_scale else {"value": None, "text": said}
                rows.append({"response_id": one.id, "question_id": question.id, "round_id": round_id, **kept})
    # By random numbers alone, whatever order they were read in.
    rows.sort(key=lambda row: (row["question_id"], row["response_id"]))
    grouped: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["question_id"]].append(row)
    for group in grouped.values():
        for part in in_chunks(group):
            db.session.execute(insert(ReflectionAnswer), part)
    mine = update(ReflectionResponse).where(ReflectionResponse.round_id == round_id)
    db.session.execute(mine.values(body=None), execution_options=IN_PLACE)


def _note(about: Any, shown: int) -> None:
    took_part = select(func.count()).where(ReflectionParticipation.round_id == about.id).scalar_subquery()
    invited = (
        select(func.count())
        .where(Enrolment.offering_id == about.offering_id, Enrolment.status.in_(TAKES_PART))
        .scalar_subquery()
    )
    done = update(ReflectionRound).where(ReflectionRound.id == about.id)
    db.session.execute(done.values(shown_count=shown, responded=took_part, invited=invited), execution_options=IN_PLACE)
