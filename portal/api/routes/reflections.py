"""Reflections: what a student can answer, answering it once, and results for who teaches and manages."""

import secrets
from collections.abc import Mapping, Sequence
from operator import attrgetter

from flask import abort, request
from flask_babel import gettext as _
from flask_login import current_user

from portal.api.blueprint import bp
from portal.api.errors import error_answer
from portal.api.operations import Reply, operation
from portal.api.paging import page_reply
from portal.api.schemas.reflections import (
    BinsShown,
    FormQuery,
    FormShown,
    ReceiptShown,
    ReflectionNew,
    ResultQuery,
    ResultShown,
)
from portal.extensions import db
from portal.reflections.queries.own import list_open_rounds
from portal.reflections.queries.programs import sums_of, texts_of
from portal.reflections.queries.questions import questions_of
from portal.reflections.queries.results import StaffRound, count_staff_rounds, list_staff_rounds
from portal.reflections.routes.common import MANAGES, writer
from portal.reflections.sealing import Written
from portal.reflections.services.responding import Unanswered, send_reflection
from portal.roles import Role
from portal.web.access import audience
from portal.web.locale import present_day

# By what lists come in order; what is the same in it comes by number.
_KEYS = {"id": ("id",), "closes_on": ("closes_on", "id")}


@bp.get("/reflections/form")
@audience(Role.STUDENT)
@operation("List the reflections that can be answered now", query=FormQuery, answer=list[FormShown])
def list_forms(query: FormQuery) -> Reply:
    """A student's own open reflections with their questions in both languages."""
    rounds = [
        one
        for one in list_open_rounds(current_user.id, present_day())
        if query.allocation_id in {None, one.offering_id}
    ]
    rounds.sort(key=attrgetter(*_KEYS[query.sort.removeprefix("-")]), reverse=query.sort.startswith("-"))
    part = rounds[query.offset : query.offset + query.limit]
    questions = questions_of(one.form_id for one in part)
    return page_reply([FormShown.of(one, questions[one.form_id]) for one in part], len(rounds), query)


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
@operation("Read the results of reflections", query=ResultQuery, answer=list[ResultShown])
def list_results(query: ResultQuery) -> Reply:
    """Those of the courses that the asker may see, under the same limits as on the pages."""
    me, manages, course = current_user.facilitator_id, current_user.role in MANAGES, query.allocation_id
    rounds = list_staff_rounds(
        me, manages=manages, offering_id=course, sort=query.sort, offset=query.offset, limit=query.limit
    )
    results = _results([one for one in rounds if one.is_out])
    shown = [ResultShown.of(one, results.get(one.id, [])) for one in rounds]
    return page_reply(shown, count_staff_rounds(me, manages=manages, offering_id=course), query)


def _results(rounds: Sequence[StaffRound]) -> Mapping[int, list[BinsShown]]:
    """What came of released rounds, by round. Three statements at any number of them, none without any."""
    if not rounds:
        return {}
    ids = [one.id for one in rounds]
    questions, sums, texts = questions_of(one.form_id for one in rounds), sums_of(ids), texts_of(ids)
    return {
        one.id: [
            BinsShown.of(question, sums[key], texts.get(key, ()))
            for question in questions[one.form_id]
            if (key := (one.id, question.id)) in sums
        ]
        for one in rounds
    }
