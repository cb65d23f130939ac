"""Copying a term into the next one: choose, see what would come, do it in the worker."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from flask import redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from portal.allocations.forms.rollover import RolloverForm
from portal.allocations.queries.rollover import list_departments, list_terms
from portal.allocations.routes.blueprint import bp
from portal.allocations.services.rollover import Copy, Rollover, RolloverPreview, preview_rollover
from portal.errors import DomainError
from portal.extensions import db
from portal.jobs.services import start_job
from portal.roles import Role
from portal.web.access import actor, audience
from portal.web.locale import present_day
from portal.web.pages import page

SHOWN = 50


@bp.get("/rollover")
@audience(Role.MANAGER, Role.ADMIN)
def rollover() -> str | tuple[str, int]:
    """What to copy where, and, once that is said, what would come."""
    if "source" not in request.args:
        return _page(RolloverForm.fresh(list_terms(), list_departments()))
    form, wanted = _read(request.args)
    preview = _preview(form, wanted) if wanted else None
    if wanted is None or preview is None:
        return _page(form), 422
    return _page(form, preview, wanted)


@bp.post("/rollover")
@audience(Role.MANAGER, Role.ADMIN)
def copy_term() -> BaseResponse | tuple[str, int]:
    """Have the worker do what was looked at."""
    form, wanted = _read(request.form)
    preview = _preview(form, wanted) if wanted else None
    if wanted is None or preview is None:
        return _page(form), 422
    if preview.over and not wanted.reason:
        return _page(form, preview, wanted), 422
    if preview.seen != request.form.get("seen"):
        return _page(form, preview, wanted, changed=True), 409
    asked = {name: value for name, value in request.form.items() if name not in {"csrf_token", "seen"}}
    params = {"rollover": asdict(wanted), "seen": preview.seen, "count": len(preview.coming), "asked": asked}
    job_id = start_job("rollover", actor(), **params)
    db.session.commit()
    return redirect(url_for("jobs.follow", job_id=job_id), 303)


def _read(args: MultiDict[str, str]) -> tuple[RolloverForm, Rollover | None]:
    form, terms = RolloverForm(args), list_terms()
    form.offer(terms, list_departments())
    return form, form.wanted(terms) if form.validate() else None


def _preview(form: RolloverForm, wanted: Rollover) -> RolloverPreview | None:
    try:
        return preview_rollover(wanted, present_day())
    except DomainError as error:
        form.show(error)
        return None


def _page(
    form: RolloverForm,
    preview: RolloverPreview | None = None,
    wanted: Rollover | None = None,
    *,
    changed: bool = False,
) -> str:
    context: dict[str, Any] = {"form": form, "preview": preview, "wanted": wanted, "changed": changed}
    if preview:
        refused = Counter(str(one.refusal) for one in preview.refused)
        context["reasons"] = [(text, count, _first(preview, text)) for text, count in refused.most_common()]
        context["pairs"] = [(name, value) for name, value in request.values.items(multi=True)
                            if name not in {"csrf_token", "seen"}]  # fmt: skip
    return page("allocations/rollover.html", **context)


def _first(preview: RolloverPreview, text: str) -> list[Copy]:
    return [one for one in preview.refused if str(one.refusal) == text][:SHOWN]
