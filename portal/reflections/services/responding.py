"""Sending a reflection: that somebody took part goes into one table, what they said into another.

Nothing in the two leads from one to the other: no key, no moment, no order. PostgreSQL alone would tell, by the hidden
columns `xmin` and `ctid`, which rows one transaction wrote; there, whatever a round holds is written anew with each
response, so that all of it bears the mark of the latest.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import Student
from portal.errors import Conflict, DomainError, lazy, lazy_plural
from portal.extensions import db
from portal.reflections.models import FormMode, ReflectionForm, ReflectionParticipation, ReflectionResponse
from portal.reflections.queries.own import Desk
from portal.reflections.queries.questions import Question, list_questions
from portal.reflections.sealing import Answers, Written
from portal.reflections.services.drafting import (
    OtherDraft,
    Writer,
    check_size,
    desk_of,
    draft_of,
    forget_draft,
    same_answers,
)

SCALE = {"1", "2", "3", "4", "5"}
LONGEST_RECEIPT = 64
# Whoever responds at the same moment waits, so that the latest finds all the others to write anew.
_ONE_BY_ONE = text("SELECT id FROM reflection_rounds WHERE id = :round_id FOR NO KEY UPDATE")
_REWRITE = text(
    "WITH gone AS (DELETE FROM reflection_responses WHERE round_id = :round_id "
    "RETURNING id, round_id, language, student_id, body) "
    "INSERT INTO reflection_responses (id, round_id, language, student_id, body) "
    "SELECT id, round_id, language, student_id, body FROM gone ORDER BY id"
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """That somebody took part: on which day, and the number by which they know it again."""

    on_day: date
    number: str


class Unanswered(DomainError):
    """Answers that a form does not take; `faults` are sentences by the keys of the questions."""

    def __init__(self, faults: dict[str, object]) -> None:
        count = len(faults)
        said = lazy_plural("%(num)s answer needs correcting.", "%(num)s answers need correcting.", count)
        super().__init__(said, field=next(iter(faults)))
        self.faults = faults


def send_reflection(writer: Writer, written: Written, number: str, seen: int | None = None) -> Receipt:
    """Keep a response, and that its writer took part; the draft goes. The same `number` again gives the same receipt.

    `seen` is the version of the draft that the writer knows; None where only this one is meant to count.
    Raises Unanswered, OtherDraft, and Conflict for one that was sent before or too late.
    """
    try:
        desk = desk_of(writer)
    except Conflict as error:
        if "sent" in error.facts and (before := find_receipt(writer, number)):
            return before
        raise
    check_size(written.answers)
    if not 0 < len(number) <= LONGEST_RECEIPT or not number.isascii() or not number.isprintable():
        raise DomainError(lazy("The number of a receipt has 1 to %(most)s plain characters.", most=LONGEST_RECEIPT))
    was = draft_of(desk, writer.sealer)
    if seen is not None and desk.version != seen and not same_answers(was.answers, written.answers):
        raise OtherDraft(was, desk.version)
    questions = list_questions(desk.form_id)
    body = checked(questions, written.answers)
    # Held, so that whoever changes what the form promises knows of this answer, or is known to it.
    promised = select(ReflectionForm.mode).where(ReflectionForm.id == desk.form_id).with_for_update(read=True)
    mode = db.session.scalars(promised).one()
    _take_part(writer, desk, number)
    _respond(writer, desk, mode, Written(body, written.language))
    forget_draft(writer.owner_key, writer.round_id)
    return Receipt(writer.today, number)


def find_receipt(writer: Writer, number: str) -> Receipt | None:
    """The receipt of what the writer sent under this number. One statement."""
    wanted = (
        select(ReflectionParticipation.on_day, ReflectionParticipation.receipt)
        .join(Student, Student.id == ReflectionParticipation.student_id)
        .where(ReflectionParticipation.round_id == writer.round_id, Student.user_id == writer.user_id)
    )
    row = db.session.execute(wanted).one_or_none()
    return Receipt(row.on_day, row.receipt) if row and row.receipt == number else None


def checked(questions: Sequence[Question], answers: Answers) -> dict[str, str]:
    """The answers as they are kept. Raises Unanswered with every fault by key."""
    # What stands beside the questions would be lost for good, since nobody can send twice.
    unasked = answers.keys() - {question.key for question in questions}
    strange = lazy("This reflection has no such question.")
    faults: dict[str, object] = {key: strange for key in sorted(unasked) if plain(answers[key])}
    kept: dict[str, str] = {}
    for question in questions:
        said = plain(answers.get(question.key, ""))
        if fault := _fault(question, said):
            faults[question.key] = fault
        elif said:
            kept[question.key] = said
    if faults:
        raise Unanswered(faults)
    if not kept:
        key = questions[0].key if questions else ""
        raise Unanswered({key: lazy("Answer at least one question.")})
    return kept


def plain(said: str) -> str:
    """A text that every database takes, with one kind of line ends."""
    said = said.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ")
    return said.encode("utf-8", "replace").decode().strip()


def _fault(question: Question, said: str) -> Any | None:
    if not said:
        return lazy("This question needs an answer.") if question.is_required else None
    if question.is_scale:
        return None if said in SCALE else lazy("Choose a number from 1 to 5.")
    if len(said) > question.max_length:
        return lazy("At most %(most)s characters.", most=question.max_length)
    return None


def _take_part(writer: Writer, desk: Desk, number: str) -> None:
    row = {
        "round_id": writer.round_id, "student_id": desk.student_id, "on_day": writer.today, "receipt": number,
    }  # fmt: skip
    try:
        with db.session.begin_nested():
            db.session.execute(insert(ReflectionParticipation), [row])
    except IntegrityError as error:
        raise Conflict(
            lazy("You have sent this reflection already. It cannot be changed any more."), facts={"sent": 1}
        ) from error


def _respond(writer: Writer, desk: Desk, mode: FormMode, said: Written) -> None:
    row = {
        # From the system's own source of chance: nothing about it can be guessed from another.
        "id": str(UUID(bytes=secrets.token_bytes(16), version=4)),
        "round_id": writer.round_id,
        "language": "fr" if said.language == "fr" else "en",
        "student_id": None if mode is FormMode.ANONYMOUS else desk.student_id,
        "body": said.answers,
    }
    db.session.execute(insert(ReflectionResponse), [row])
    if mode is FormMode.ANONYMOUS and db.session.connection().dialect.name == "postgresql":
        db.session.execute(_ONE_BY_ONE, {"round_id": writer.round_id})
        db.session.execute(_REWRITE, {"round_id": writer.round_id})
