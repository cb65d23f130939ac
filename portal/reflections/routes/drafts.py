"""What the page's script sends: the draft every few seconds, and the reflection when it is done."""

from typing import Any

from flask import Response, jsonify, make_response, url_for

from portal.errors import DomainError
from portal.extensions import db
from portal.reflections.forms.answers import Sent
from portal.reflections.routes.blueprint import ONE, bp
from portal.reflections.routes.common import writer
from portal.reflections.services.drafting import OtherDraft, save_draft
from portal.reflections.services.responding import Unanswered, send_reflection
from portal.reflections.words import saved_when
from portal.roles import Role
from portal.web.access import audience, owned
from portal.web.locale import chosen_language

_MINE = owned("students on the course")


@bp.post(f"{ONE}/draft")
@audience(Role.STUDENT)
@_MINE
def keep_draft(round_id: int) -> Response:
    """Keep what is written so far; 409 with the other text when another tab or device wrote too."""
    try:
        sent = Sent.from_request(chosen_language())
        saved = save_draft(writer(round_id), sent.written, sent.seen)
        db.session.commit()
    except DomainError as error:
        return refused(error)
    return _private({"version": saved.version, "when": saved_when(saved.saved_at)})


@bp.post(f"{ONE}/response")
@audience(Role.STUDENT)
@_MINE
def send(round_id: int) -> Response:
    """Send it; the same number again is the same reflection."""
    try:
        sent = Sent.from_request(chosen_language())
        receipt = send_reflection(writer(round_id), sent.written, sent.number, sent.seen)
        db.session.commit()
    except DomainError as error:
        return refused(error)
    return _private({"receipt": receipt.number, "address": url_for("reflections.show", round_id=round_id)}, 201)


def refused(error: DomainError) -> Response:
    """What went wrong, for the script to show."""
    db.session.rollback()
    told: dict[str, Any] = {"error": str(error), "field": error.field, **error.facts}
    if isinstance(error, OtherDraft):
        told["other"] = {"answers": dict(error.written.answers), "version": error.version}
    if isinstance(error, Unanswered):
        told["faults"] = {key: str(said) for key, said in error.faults.items()}
    return _private(told, error.status)


def _private(content: dict[str, Any], status: int = 200) -> Response:
    answer = make_response(jsonify(content), status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
