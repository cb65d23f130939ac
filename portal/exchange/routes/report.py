"""What a check found, the word to carry it out, and what became of it."""

import csv
import io

from flask import Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import DomainError
from portal.exchange import queries
from portal.exchange.forms import ReportForm, version_in
from portal.exchange.models import ImportState
from portal.exchange.queries import RunRow
from portal.exchange.routes.blueprint import bp
from portal.exchange.services import parts, runs
from portal.exchange.words import VERDICTS, column_word, told
from portal.exchange.works import imports_folder
from portal.extensions import db
from portal.formulas import guard
from portal.jobs.queries import find_job
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.pages import page


@bp.get("/<id:run_id>")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def show(run_id: int) -> str | BaseResponse:
    """Where an import stands: under way, checked, carried out, or given up."""
    run = queries.find_run(run_id) or abort(404)
    if run.is_busy:
        job = find_job(run.job_id or 0, current_user.id)
        return page("exchange/busy.html", run=run, job=job)
    if run.state is ImportState.UPLOADED:
        return redirect(url_for(".reading", run_id=run_id), 303)
    return _report(run)


def _report(run: RunRow) -> str:
    form = ReportForm.from_args(request.args, run.counts)
    found = queries.page_of_rows(run.id, form.wanted, form.page, form.total(run.counts))
    notes = queries.list_notes(run.id)
    return page("exchange/report.html", run=run, form=form, found=found, notes=notes, verdicts=VERDICTS)


@bp.post("/<id:run_id>/confirm")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def confirm(run_id: int) -> BaseResponse:
    """Have the worker carry out what was checked, unless it is another by then."""
    run = queries.find_run(run_id) or abort(404)
    skip_errors = request.form.get("errors") == "skip"
    try:
        runs.begin_writing(run_id, version_in(request.form), run.counts, actor(), skip_errors=skip_errors)
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        flash(str(error), "problem")
    return redirect(url_for(".show", run_id=run_id), 303)


@bp.post("/<id:run_id>/discard")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def discard(run_id: int) -> BaseResponse:
    """Give an import up, with its files."""
    run = queries.find_run(run_id) or abort(404)
    try:
        runs.discard(run_id, version_in(request.form))
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        flash(str(error), "problem")
        return redirect(url_for(".show", run_id=run_id), 303)
    runs.delete_files(imports_folder(), parts.from_json(run.files))
    flash(_("The import was discarded. Nothing was changed by it."))
    return redirect(url_for(".index"), 303)


@bp.get("/<id:run_id>/errors.csv")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def errors(run_id: int) -> Response:
    """The rows of one file that cannot be written, as they were, each with what is wrong with it."""
    run = queries.find_run(run_id) or abort(404)
    tables = {part.name: part for part in parts.from_json(run.files)}
    part = tables.get(request.args.get("file", next(iter(tables), ""))) or abort(404)
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow([*map(guard, part.header), "error"])
    for row in queries.list_left_out(run_id, part.name):
        said = told(row.message)
        if row.column:
            said = f"{column_word(row.column)}: {said}"
        cells = [*row.cells, *[""] * (len(part.header) - len(row.cells))]
        writer.writerow([*map(guard, cells), guard(said)])
    name = f"{part.kind}-errors.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response("\ufeff" + written.getvalue(), mimetype="text/csv", headers=headers)
