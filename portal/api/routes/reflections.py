"""Reflections: what a student can answer, answering it once, and results for who teaches and manages."""

import secrets

from flask import abort, request
from flask_babel import gettext as _
from flask_login import current_user

from portal.api.blueprint import bp
from portal.api.errors import error_answer
from portal.api.operations import Reply, operation
from portal.api.schemas.reflections import (
    BinsShown,
    CourseQuery,
    FormShown,
    ReceiptShown,
    ReflectionNew,
    ResultShown,
)
from portal.extensions import db
from portal.reflections.queries.own import list_open_rounds
from portal.reflections.queries.questions import list_questions, questions_of
from portal.reflections.queries.results import StaffRound, list_said, list_staff_rounds, tallies_of
from portal.reflections.routes.common import MANAGES, present_day, writer
from portal.reflections.sealing import Written
from portal.reflections.services.responding import Unanswered, send_reflection
from portal.roles import Role
from portal.web.access import audience

_MOST_RESULTS = 50


@bp.get("/reflections/form")
@audience(Role.STUDENT)
@operation("List the reflections that can be answered now", query=CourseQuery, answer=list[FormShown])
def list_forms(query: CourseQuery) -> list[FormShown]:
    """A student's own open reflections with their questions in both languages."""
    rounds = [
        one
        for one in list_open_rounds(current_user.id, present_day())
        if query.allocation_id in {None, one.offering_id}
    ]
    questions = questions_of(one.form_id for one in rounds)
    return [FormShown.of(one, questions[one.form_id]) for one in rounds]


# Not among the kept answers: these know who asked and the hash of what was sent, which leads to a response.
@bp.post("/reflections")
@audience(Role.STUDENT)
@operation("Send a reflection", body=ReflectionNew, answer=ReceiptShown, status=201, errors=(404,), keeps=False)
def send_reflection_once(body: ReflectionNew) -> Reply:
    """Once: the same `Idempotency-Key` again gives the same receipt, another one 409."""
    number = request.headers.get("Idempotency-Key") or secrets.token_hex(16)
    try:
        receipt = send_reflection(writer(body.round_id), Written(body.answers, body.language), number)
    except Unanswered as error:
        db.session.rollback()
        faults = {f"answers.{key}": [str(said)] for key, said in error.faults.items()}
        abort(error_answer(400, [said for found in faults.values() for said in found], faults))
    db.session.commit()
    said = _("Thank you. Your reflection is sent.")
    return Reply(ReceiptShown(message=said, round_id=body.round_id, on_day=receipt.on_day, receipt=receipt.number))


@bp.get("/reflections/results")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@operation("Read the results of reflections", query=CourseQuery, answer=list[ResultShown])
def list_results(query: CourseQuery) -> list[ResultShown]:
    """The latest of the courses that the asker may see, under the same limits as on the pages."""
    rounds = list_staff_rounds(
        current_user.facilitator_id, manages=current_user.role in MANAGES, offering_id=query.allocation_id
    )[:_MOST_RESULTS]
    return [ResultShown.of(one, _results(one) if one.is_out else []) for one in rounds]


def _results(found: StaffRound) -> list[BinsShown]:
    tallies, said = tallies_of(found.id), list_said(found)
    shown = []
    for question in list_questions(found.form_id):
        tally = tallies.get((question.id, ""))
        if tally:
            numbers = list(tally.bins) if question.is_scale else None
            texts = [one.text for one in said if one.question_id == question.id]
            average = round(tally.average, 2) if tally.average is not None else None
            shown.append(
                BinsShown(key=question.key, kind=question.kind, answered=tally.answered, counts=numbers,
                          average=average, texts=texts)
            )  # fmt: skip
    return shown
