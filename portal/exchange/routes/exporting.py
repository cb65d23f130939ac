"""Everything as files, to take away or to import elsewhere."""

from pathlib import Path

from flask import Response, abort, redirect, request, send_file, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.exchange import queries
from portal.exchange.routes.blueprint import bp
from portal.exchange.works import EXPORT, imports_folder
from portal.extensions import db
from portal.jobs.models import JobState
from portal.jobs.queries import JobRow
from portal.jobs.services import start_job
from portal.roles import Role
from portal.web.access import actor, audience
from portal.web.pages import page


@bp.get("/export")
@audience(Role.MANAGER, Role.ADMIN)
def export() -> str:
    """One's last export, as far as it is, and a form for another."""
    job = queries.find_latest_job(current_user.id, EXPORT)
    return page("exchange/export.html", job=job, file=_file_of(job))


@bp.post("/export")
@audience(Role.MANAGER, Role.ADMIN)
def begin_export() -> BaseResponse:
    """Have all files written by the worker; one that is under way is not begun again."""
    job = queries.find_latest_job(current_user.id, EXPORT)
    if job is None or not job.is_under_way:
        start_job(EXPORT, actor(), format="xlsx" if request.form.get("format") == "xlsx" else "csv")
        db.session.commit()
    return redirect(url_for(".export"), 303)


@bp.get("/export.zip")
@audience(Role.MANAGER, Role.ADMIN)
def download() -> Response:
    """The archive of one's last export."""
    job = queries.find_latest_job(current_user.id, EXPORT)
    file = _file_of(job) or abort(404)
    answer = send_file(file, mimetype="application/zip", as_attachment=True, download_name="portal-export.zip")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _file_of(job: JobRow | None) -> Path | None:
    """The archive that a job has written, while it is kept."""
    if job is None or job.state is not JobState.DONE:
        return None
    file = (imports_folder() / str(job.result["path"])).resolve()
    return file if file.is_file() else None
