"""Following one's own long work, and stopping it."""

from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, url_for
from flask_babel import format_decimal, format_timedelta
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.extensions import db
from portal.jobs import queries, services
from portal.jobs.models import JobState
from portal.jobs.queries import JobRow
from portal.jobs.works import work_of
from portal.web.access import everyone, owned
from portal.web.htmx import fragment, redirect_or_hx, wants_fragment
from portal.web.pages import page

bp = Blueprint("jobs", __name__, url_prefix="/jobs")


@bp.get("/<id:job_id>")
@everyone
@owned("who began it")
def follow(job_id: int) -> str | BaseResponse:
    """How far a job has come; its result as soon as there is one."""
    job = _find(job_id)
    if job.state is JobState.DONE:
        return redirect_or_hx(address_of(job))
    if wants_fragment():
        return fragment("jobs/_progress.html", job=job)
    return page("jobs/page.html", job=job, title=title_of(job))


@bp.post("/<id:job_id>/cancel")
@everyone
@owned("who began it")
def cancel(job_id: int) -> BaseResponse:
    """Stop a job; one that has ended stays as it is."""
    _find(job_id)
    stopped = services.cancel_job(job_id, current_user.id)
    db.session.commit()
    if not stopped:
        flash(_("It was finished before it could be stopped."), "problem")
    return redirect(url_for(".follow", job_id=job_id), 303)


@bp.app_template_filter("job_title")
def title_of(job: JobRow) -> str:
    """What a job does, in the reader's language."""
    work = work_of(job.kind)
    return work.title(job.params) if work else job.kind


@bp.app_template_filter("job_standing")
def standing_of(job: JobRow) -> str:
    """How far it is, in one line."""
    if job.state is JobState.WAITING:
        return str(_("Waiting for the worker"))
    if job.is_cancelling:
        return str(_("Being stopped"))
    parts = [job.stage] if job.stage else []
    if job.total:
        parts.append(str(_("%(done)s of %(total)s", done=format_decimal(job.done), total=format_decimal(job.total))))
    left = job.seconds_left(clock.now())
    if left is not None:
        parts.append(str(_("about %(time)s left", time=format_timedelta(timedelta(seconds=max(left, 1))))))
    return " · ".join(parts) or str(_("Under way"))


@bp.app_template_filter("job_address")
def address_of(job: JobRow) -> str:
    """Where to go when it has ended."""
    work = work_of(job.kind)
    return work.address(job.params, job.result) if work else url_for("dashboards.home")


def _find(job_id: int) -> JobRow:
    return queries.find_job(job_id, current_user.id) or abort(404)
