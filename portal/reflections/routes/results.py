"""Results for who teaches a course and for managers, and the answer to the class."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import DomainError
from portal.extensions import db
from portal.folding import whole_number
from portal.reflections.queries.questions import list_questions
from portal.reflections.queries.results import StaffRound, compare, find_staff_round, list_said, tallies_of
from portal.reflections.routes.blueprint import ONE, bp
from portal.reflections.routes.common import MANAGES, not_found
from portal.reflections.services.releasing import compared_key
from portal.reflections.services.replying import reply
from portal.roles import Role
from portal.web.access import actor, audience, owned
from portal.web.locale import present_day
from portal.web.pages import page

_STAFF = audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
_OWNED = owned("whoever teaches the course; managers and administrators any")
_LONGEST_SEARCH = 100


@bp.get(f"{ONE}/results")
@_STAFF
@_OWNED
def results(round_id: int) -> str:
    """The results of a round; before they are out, how many have taken part."""
    return _page(seen_round(round_id))


@bp.post(f"{ONE}/reply")
@_STAFF
@_OWNED
def answer_class(round_id: int) -> BaseResponse | tuple[str, int]:
    """What the facilitator answers to the class."""
    found = seen_round(round_id)
    version = whole_number(request.form.get("version")) or 0
    try:
        changed = reply(found, request.form.get("reply", ""), version, actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        typed = request.form.get("reply", "")
        return _page(seen_round(round_id), reply_typed=typed, reply_fault=str(error)), error.status
    flash(_("Your students see your answer.") if changed else _("There was nothing to change."), "done")
    return redirect(url_for("reflections.results", round_id=round_id), 303)


def seen_round(round_id: int) -> StaffRound:
    """The round if the person may see its results; NotFound otherwise."""
    manages = current_user.role in MANAGES
    return find_staff_round(round_id, current_user.facilitator_id, manages=manages) or not_found()


def wanted_language(tallies: Any) -> str:
    """The language that the address asks for, where answers may be looked at by language."""
    asked = request.args.get("language", "")
    return asked if asked and any(language == asked for _question, language in tallies) else ""


def _page(found: StaffRound, **given: Any) -> str:
    shown: dict[str, Any] = {"reply_typed": found.reply or "", "reply_fault": "", "today": present_day()}
    if not found.is_out:
        return page("reflections/results.html", found=found, **(shown | given))
    questions, tallies = list_questions(found.form_id), tallies_of(found.id)
    language, sought = wanted_language(tallies), request.args.get("q", "").strip()[:_LONGEST_SEARCH]
    keys = {compared_key(found.series_id, one.key): one.id for one in questions if one.is_scale}
    compared = [(keys[one.question_key], one) for one in compare(list(keys), found.department_id)]
    return page(
        "reflections/results.html",
        found=found,
        questions=questions,
        tallies=tallies,
        language_chosen=language,
        languages_shown=sorted({one for _question, one in tallies if one}),
        said=list_said(found, language, sought),
        sought=sought,
        compared=compared,
        **(shown | given),
    )
