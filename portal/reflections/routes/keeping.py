"""Forms of questions, as administrators keep them."""

from dataclasses import replace

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import DomainError, NotFound, lazy
from portal.extensions import db
from portal.folding import one_line
from portal.reflections.forms.kept import SentForm
from portal.reflections.models import Anchor, QuestionKind
from portal.reflections.queries.kept import KeptForm, find_form, list_forms
from portal.reflections.queries.questions import list_questions
from portal.reflections.routes.blueprint import bp
from portal.reflections.services import keeping
from portal.reflections.services.rounds import open_rounds
from portal.reflections.words import MODES
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.locale import chosen_language, present_day
from portal.web.pages import page

_ONE = "/forms/<id:form_id>"


@bp.get("/forms/")
@audience(Role.ADMIN)
def list_kept() -> str:
    """All forms with their versions."""
    return page("reflections/forms.html", forms=list_forms())


@bp.post("/forms/")
@audience(Role.ADMIN)
def create() -> BaseResponse | tuple[str, int]:
    """A new draft."""
    english, french = (one_line(request.form.get(name))[:100] for name in ("title_en", "title_fr"))
    try:
        form_id = keeping.create_form(english, french, actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        return page("reflections/forms.html", forms=list_forms(), problem=str(error)), error.status
    return redirect(url_for("reflections.edit", form_id=form_id), 303)


@bp.get(_ONE)
@audience(Role.ADMIN)
@shared
def edit(form_id: int) -> str:
    """One version, to be changed."""
    form = _find(form_id)
    return _page(form, SentForm.of(form, list_questions(form_id)))


@bp.post(_ONE)
@audience(Role.ADMIN)
@shared
def save(form_id: int) -> BaseResponse | tuple[str, int]:
    """Save it; and publish it where that button was pressed."""
    form, sent = _find(form_id), None
    try:
        sent = SentForm.read(request.form)
        keeping.save_form(form_id, sent.draft(), sent.questions(), sent.version, actor())
        publishes = request.form.get("act") == "publish"
        if publishes:
            keeping.publish_form(form_id, actor())
            db.session.flush()
            open_rounds(present_day())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        kept = SentForm.of(form, list_questions(form_id))
        # The questions of a form that is published cannot be filled in, so that its page sends none.
        shown = replace(sent, rows=sent.rows or kept.rows) if sent else kept
        return _page(form, shown, str(error), error.field or ""), error.status
    flash(_("Published. Courses are asked by it from now on.") if publishes else _("Saved."), "done")
    return redirect(url_for("reflections.edit", form_id=form_id), 303)


@bp.post(f"{_ONE}/retire")
@audience(Role.ADMIN)
@shared
def retire(form_id: int) -> BaseResponse:
    """Ask no further course by it."""
    keeping.retire_form(form_id, actor())
    db.session.commit()
    flash(_("Retired. What is open goes on; no further course is asked by it."), "done")
    return redirect(url_for("reflections.list_kept"), 303)


@bp.post(f"{_ONE}/version")
@audience(Role.ADMIN)
@shared
def begin_version(form_id: int) -> BaseResponse:
    """A draft with the same questions."""
    fresh = keeping.begin_version(form_id, actor())
    db.session.commit()
    return redirect(url_for("reflections.edit", form_id=fresh), 303)


@bp.get(f"{_ONE}/preview")
@audience(Role.ADMIN)
@shared
def preview(form_id: int) -> str:
    """The page as a student of an invented course sees it; nothing is kept."""
    form, today = _find(form_id), present_day()
    own = {"id": 0, "code": "ABC 101", "course": _("A course"), "title": form.title, "closes_on": today,
           "mode": form.mode, "min_responses": form.min_responses, "facilitator": ""}  # fmt: skip
    return page(
        "reflections/page.html", own=own, questions=list_questions(form_id), answers={}, answered=0, version=0,
        saved_at=None, other=None, faults={}, problem="", number="", language_now=chosen_language(), preview=True,
    )  # fmt: skip


def _find(form_id: int) -> KeptForm:
    found = find_form(form_id)
    if found is None:
        raise NotFound(lazy("There is no such form."))
    return found


def _page(form: KeptForm, sent: SentForm, problem: str = "", field: str = "") -> str:
    return page(
        "reflections/form.html", form=form, sent=sent, problem=problem, field=field, modes=MODES, anchors=list(Anchor),
        kinds=list(QuestionKind),
    )  # fmt: skip
