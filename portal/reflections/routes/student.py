"""A student's reflections: which there are, and the page on which one is written."""

import secrets
from collections.abc import Sequence
from typing import Any

from flask import Response, make_response, redirect, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import DomainError
from portal.extensions import db
from portal.reflections.forms.answers import Sent
from portal.reflections.queries.own import OwnRound, find_desk, find_own_round
from portal.reflections.queries.questions import Question, list_questions
from portal.reflections.routes.blueprint import ONE, bp
from portal.reflections.routes.common import not_found, writer
from portal.reflections.sealing import Written
from portal.reflections.services.drafting import OtherDraft, draft_of, save_draft
from portal.reflections.services.responding import Unanswered, send_reflection
from portal.roles import Role
from portal.web.access import audience, owned
from portal.web.locale import LANGUAGES, chosen_language, present_day, speak
from portal.web.pages import page

_MINE = owned("students on the course")


@bp.get(ONE)
@audience(Role.STUDENT)
@_MINE
def show(round_id: int) -> Response:
    """The page on which it is written; once it is sent, the receipt and what came of it."""
    _speak_as_asked()
    own = find_own_round(current_user.id, round_id) or not_found()
    if not own.takes(present_day()):
        return _kept(page("reflections/receipt.html", own=own, is_over=own.on_day is None))
    who = writer(round_id)
    desk = find_desk(who.user_id, who.owner_key, round_id) or not_found()
    return _kept(_page(own, draft_of(desk, who.sealer), desk.version, saved_at=desk.saved_at))


@bp.post(ONE)
@audience(Role.STUDENT)
@_MINE
def write(round_id: int) -> BaseResponse | tuple[str, int]:
    """The form without the script: save, send, or save and go on in the other language."""
    own = find_own_round(current_user.id, round_id) or not_found()
    who, sent = writer(round_id), Sent.from_request(chosen_language())
    try:
        if sent.act == "send":
            send_reflection(who, sent.written, sent.number, sent.seen)
        else:
            save_draft(who, sent.written, sent.seen)
        db.session.commit()
    except DomainError as error:
        return _refused(own, sent, error)
    asked = sent.act.removeprefix("language-")
    if asked in LANGUAGES:
        session["language"] = asked
    return redirect(url_for("reflections.show", round_id=round_id), 303)


def _refused(own: OwnRound, sent: Sent, error: DomainError) -> BaseResponse | tuple[str, int]:
    """The page with what was typed and what is wrong with it."""
    db.session.rollback()
    if "sent" in error.facts:
        return redirect(url_for("reflections.show", round_id=own.id), 303)
    given: dict[str, Any] = {"problem": str(error), "number": sent.number}
    if isinstance(error, Unanswered):
        given["faults"] = error.faults
    if isinstance(error, OtherDraft):
        return _page(own, sent.written, error.version, other=error.written, **given), error.status
    return _page(own, sent.written, sent.seen, **given), error.status


def _page(own: OwnRound, written: Written, version: int, **given: Any) -> str:
    questions = list_questions(own.form_id)
    return page(
        "reflections/page.html",
        **({"other": None, "faults": {}, "problem": "", "saved_at": None, "number": secrets.token_hex(16)} | given),
        lean=True,
        own=own,
        questions=questions,
        answers=written.answers,
        answered=_answered(questions, written),
        version=version,
        language_now=chosen_language(),
    )


def _answered(questions: Sequence[Question], written: Written) -> int:
    return sum(bool(written.answers.get(question.key)) for question in questions)


def _speak_as_asked() -> None:
    """The page in the language of its address; it stays so, unless only a copy is made for times without connection."""
    asked = request.args.get("language", "")
    if asked not in LANGUAGES:
        return
    speak(asked)
    if "X-Copy" not in request.headers:
        session["language"] = asked


def _kept(text: str) -> Response:
    """A page that the browser asks for anew each time; for times without connection the worker has a copy."""
    answer = make_response(text)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
