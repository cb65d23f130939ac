"""Quick checks: asking, and being answered."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import uuid4

from sqlalchemy import Table, select
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.audit.services import Actor, record
from portal.database import insert_unless_there
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.learning.checks import LONGEST_ANSWER, MOST_QUESTIONS, QuestionDraft, is_answered, is_right, question_of
from portal.learning.models import Lesson, LessonAnswers
from portal.learning.queries.lessons import LessonText
from portal.learning.services.completing import note_done

_ANSWERS = cast(Table, LessonAnswers.__table__)
_GONE = lazy("There is no such question any more. Load the lesson again.")


def save_question(lesson: Lesson, question_id: str | None, draft: QuestionDraft, by: Actor) -> str:
    """Add a question to a lesson, which is locked, or change one; gives its id. Raises DomainError, NotFound."""
    if question_id is None and len(lesson.questions) >= MOST_QUESTIONS:
        raise Conflict(lazy("A quick check may have %(most)s questions.", most=MOST_QUESTIONS), "prompt")
    if question_id is not None and all(one["id"] != question_id for one in lesson.questions):
        raise NotFound(lazy("There is no such question."))
    made = question_of(draft, question_id or uuid4().hex[:8])
    others = [made if one["id"] == question_id else one for one in lesson.questions]
    _keep(lesson, others if question_id else [*others, made], by)
    return str(made["id"])


def remove_question(lesson: Lesson, question_id: str, by: Actor) -> bool:
    """Take a question away from a lesson, which is locked; False when it is not there."""
    left = [one for one in lesson.questions if one["id"] != question_id]
    if len(left) == len(lesson.questions):
        return False
    _keep(lesson, left, by)
    return True


def set_check_counts(lesson: Lesson, counts: bool, by: Actor) -> bool:
    """Say whether a lesson, which is locked, is done only when its questions are answered right. False: it was so."""
    if lesson.check_counts is counts:
        return False
    record(by, "update", "lessons", lesson.id, check_counts=(lesson.check_counts, counts))
    lesson.check_counts = counts
    return True


def answer(lesson: LessonText, question_id: str, given: Sequence[str], enrolment_id: int) -> bool:
    """Keep a student's answer; gives whether it is right. With the last one that a lesson counts, it is done.

    Raises NotFound for a question that is not there any more, DomainError for no answer.
    """
    question = next((one for one in lesson.questions if one["id"] == question_id), None)
    if question is None:
        raise NotFound(_GONE)
    given = [text[:LONGEST_ANSWER].replace("\0", "") for text in given][:MOST_QUESTIONS]
    if not is_answered(question, given):
        raise DomainError(lazy("Answer the question first."), "answer")
    right = is_right(question, given)
    row = _locked_answers(lesson.id, enrolment_id)
    tries = int(row.answers.get(question_id, {}).get("tries", 0)) + 1
    row.answers = {**row.answers, question_id: {"given": given, "right": right, "tries": tries}}
    if row.passed_at is None and is_passed(lesson.questions, row.answers):
        row.passed_at = clock.now()
        if lesson.check_counts:
            db.session.flush()
            note_done(lesson.id, lesson.offering_id, enrolment_id)
    return right


def is_passed(questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]) -> bool:
    """Whether all questions are answered right."""
    return all(answers.get(one["id"], {}).get("right") for one in questions)


def _locked_answers(lesson_id: int, enrolment_id: int) -> LessonAnswers:
    mine = select(LessonAnswers).where(LessonAnswers.lesson_id == lesson_id, LessonAnswers.enrolment_id == enrolment_id)
    mine = mine.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(mine)
    if found is None:
        first = {"lesson_id": lesson_id, "enrolment_id": enrolment_id, "answers": {}}
        try:
            with db.session.begin_nested():
                db.session.execute(insert_unless_there(db.engine.dialect.name, _ANSWERS, first))
        except IntegrityError as error:  # the lesson was deleted meanwhile, or the enrolment
            raise NotFound(_GONE) from error
        found = db.session.scalars(mine).one()
    return found


def _keep(lesson: Lesson, questions: list[dict[str, Any]], by: Actor) -> None:
    record(by, "update", "lessons", lesson.id, questions=(len(lesson.questions), len(questions)))
    lesson.questions = questions
