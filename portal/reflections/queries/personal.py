"""What reflections say of one person, for the document that they may take with them."""

from typing import Any

from sqlalchemy import select

from portal.accounts.models import Student
from portal.accounts.queries.personal_data import list_of
from portal.extensions import db
from portal.reflections.models import (
    ReflectionAnswer,
    ReflectionDraft,
    ReflectionParticipation,
    ReflectionQuestion,
    ReflectionResponse,
    ReflectionRound,
)
from portal.reflections.sealing import Sealer


def list_parts_taken(user_id: int) -> list[dict[str, Any]]:
    """In which reflections a person took part, and on which day. One statement."""
    wanted = (
        select(
            ReflectionRound.offering_id.label("course_id"),
            ReflectionParticipation.on_day,
            ReflectionParticipation.receipt,
        )
        .join(ReflectionRound, ReflectionRound.id == ReflectionParticipation.round_id)
        .join(Student, Student.id == ReflectionParticipation.student_id)
    )
    return list_of(wanted.where(Student.user_id == user_id).order_by(ReflectionRound.id))


def list_own_answers(user_id: int) -> list[dict[str, Any]]:
    """What a person said where the form keeps who did; of an anonymous one nobody knows. One statement."""
    wanted = (
        select(
            ReflectionRound.offering_id.label("course_id"),
            ReflectionResponse.language,
            ReflectionResponse.body.label("answers"),
            ReflectionQuestion.prompt_en.label("question"),
            ReflectionAnswer.value,
            ReflectionAnswer.text,
        )
        .join(ReflectionRound, ReflectionRound.id == ReflectionResponse.round_id)
        .join(Student, Student.id == ReflectionResponse.student_id)
        .outerjoin(ReflectionAnswer, ReflectionAnswer.response_id == ReflectionResponse.id)
        .outerjoin(ReflectionQuestion, ReflectionQuestion.id == ReflectionAnswer.question_id)
    )
    return list_of(wanted.where(Student.user_id == user_id).order_by(ReflectionRound.id, ReflectionQuestion.position))


def list_replies(user_id: int) -> list[dict[str, Any]]:
    """What a person answered to classes. One statement."""
    columns = (ReflectionRound.offering_id.label("course_id"), ReflectionRound.reply, ReflectionRound.replied_at)
    return list_of(select(*columns).where(ReflectionRound.reply_by == user_id).order_by(ReflectionRound.id))


def list_own_drafts(user_id: int, sealer: Sealer) -> list[dict[str, Any]]:
    """What a person is still writing. One statement."""
    wanted = (
        select(ReflectionRound.offering_id, ReflectionDraft.body, ReflectionDraft.saved_at)
        .join(ReflectionRound, ReflectionRound.id == ReflectionDraft.round_id)
        .where(ReflectionDraft.owner_key == sealer.owner_key(user_id))
        .order_by(ReflectionRound.id)
    )
    found = []
    for offering_id, body, saved_at in db.session.execute(wanted):
        written = sealer.open(body)
        found.append({"course_id": offering_id, "answers": dict(written.answers) if written else {}, "at": saved_at})
    return found
