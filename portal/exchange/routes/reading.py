"""How the files of an import are read: which kind each is, and which of its columns are ours."""

from flask import abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import Conflict
from portal.exchange import queries
from portal.exchange.forms import ReadingForm, version_in
from portal.exchange.models import ImportState
from portal.exchange.queries import RunRow
from portal.exchange.routes.blueprint import bp
from portal.exchange.services import parts, runs
from portal.exchange.services.kinds import KINDS
from portal.exchange.words import KIND_WORDS
from portal.extensions import db
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.htmx import fragment, wants_fragment
from portal.web.pages import page

_OPEN = (ImportState.UPLOADED, ImportState.CHECKED)


@bp.get("/<id:run_id>/reading")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def reading(run_id: int) -> str | BaseResponse:
    """How the files are read at present."""
    run = queries.find_run(run_id) or abort(404)
    if run.is_busy or run.state not in _OPEN:
        return redirect(url_for(".show", run_id=run_id), 303)
    return _page(run, ReadingForm(parts.from_json(run.files)))


def _page(run: RunRow, form: ReadingForm) -> str:
    kinds = {kind.name: kind for kind in KINDS}
    return page("exchange/reading.html", run=run, form=form, kinds=kinds, words=KIND_WORDS)


@bp.post("/<id:run_id>/reading")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def read(run_id: int) -> str | tuple[str, int] | BaseResponse:
    """Check the files as they are to be read now, or show the columns of other kinds first."""
    run = queries.find_run(run_id) or abort(404)
    form = ReadingForm.from_form(request.form, parts.from_json(run.files))
    if wants_fragment():
        kinds = {kind.name: kind for kind in KINDS}
        return fragment("exchange/_parts.html", run=run, form=form, kinds=kinds, words=KIND_WORDS).get_data(
            as_text=True
        )
    if request.form.get("do") != "check" or not form.is_settled:
        return _page(run, form)
    if form.errors or not any(part.is_read for part in form.parts):
        return _page(run, form), 422
    try:
        runs.begin_check(run_id, version_in(request.form), form.parts, actor())
        db.session.commit()
    except Conflict as error:
        db.session.rollback()
        flash(str(error), "problem")
    return redirect(url_for(".show", run_id=run_id), 303)
