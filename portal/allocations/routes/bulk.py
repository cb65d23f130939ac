"""Changing many courses at once: say what, see what will happen, do it, and take it back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask import abort, flash, redirect, request, url_for
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.allocations.bulk_words import Line, lines_of_batch, lines_of_outcomes, said_of
from portal.allocations.forms.bulk import BulkRequest, change_of, read_request, show_error
from portal.allocations.queries.batches import find_batch, list_changed
from portal.allocations.queries.selections import list_mode_names
from portal.allocations.routes.blueprint import bp
from portal.allocations.services import undoing
from portal.allocations.services.bulk_changes import Preview, change_courses, preview_change
from portal.allocations.services.bulk_rules import BulkChange, Outcome
from portal.allocations.services.rollover_undo import undo_rollover
from portal.errors import Conflict, DomainError
from portal.extensions import db
from portal.jobs.services import start_job
from portal.roles import Role
from portal.web.access import actor, audience, owned
from portal.web.locale import present_day
from portal.web.pages import page

SHOWN = 50
# More than this takes longer than somebody likes to look at a page that does not answer.
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Reason:
    """Why some courses stay as they are: the words, how many, and the first of them."""

    text: str
    count: int
    outcomes: Sequence[Outcome]


@bp.get("/bulk")
@audience(Role.MANAGER, Role.ADMIN)
def bulk() -> str | tuple[str, int]:
    """What to change, and, once that is said, what would happen to each course."""
    asked = read_bulk(request.args)
    if not asked.is_filled:
        asked.form.errors.clear()
        return _page(asked)
    change = change_of(asked)
    if change is None:
        return _page(asked), 422
    try:
        preview = preview_change(asked.selection, change, present_day())
    except DomainError as error:
        show_error(asked.form, error)
        return _page(asked), 422
    return _page(asked, preview, change)


@bp.post("/bulk")
@audience(Role.MANAGER, Role.ADMIN)
def bulk_change() -> BaseResponse | tuple[str, int]:
    """Do what was looked at: at once, or in the worker when it is much."""
    asked = read_bulk(request.form)
    change = change_of(asked)
    if change is None:
        return _page(asked), 422
    preview = preview_change(asked.selection, change, present_day())
    if len(preview.outcomes) > _AT_ONCE and preview.seen == asked.seen and (change.reason or not preview.over):
        pairs = [list(pair) for pair in (*asked.everything, ("seen", asked.seen))]
        job_id = start_job("bulk_change", actor(), pairs=pairs, count=len(preview.changing))
        db.session.commit()
        return redirect(url_for("jobs.follow", job_id=job_id), 303)
    db.session.rollback()
    try:
        batch_id = change_courses(asked.selection, change, asked.seen, actor(), present_day())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        if not isinstance(error, Conflict):
            show_error(asked.form, error)
        again = preview_change(asked.selection, change, present_day())
        return _page(asked, again, change, str(error) if isinstance(error, Conflict) else ""), error.status
    return redirect(url_for(".bulk_done", batch_id=batch_id), 303)


@bp.get("/bulk/<id:batch_id>")
@audience(Role.MANAGER, Role.ADMIN)
@owned("who did it")
def bulk_done(batch_id: int) -> str:
    """What a bulk change did, with the way back while there is one."""
    batch = find_batch(batch_id, current_user.id) or abort(404)
    may_undo = batch.undoes_id is None and batch.row_count > 0
    may_undo = may_undo and undoing.may_be_undone(batch.at, batch.undone_at, clock.now())
    lines = lines_of_batch(list_changed(batch_id))
    until = batch.at + undoing.UNDO_FOR
    said = said_of(batch)
    return page("allocations/bulk/done.html", batch=batch, lines=lines, may_undo=may_undo, until=until, said=said)


@bp.post("/bulk/<id:batch_id>/undo")
@audience(Role.MANAGER, Role.ADMIN)
@owned("who did it")
def bulk_undo(batch_id: int) -> BaseResponse:
    """Take a bulk change back."""
    batch = find_batch(batch_id, current_user.id) or abort(404)
    try:
        undo = undo_rollover if batch.kind == "rollover" else undoing.undo_change
        undone = undo(batch_id, actor())
        db.session.commit()
    except Conflict as error:
        db.session.rollback()
        flash(str(error), "problem")
        return redirect(url_for(".bulk_done", batch_id=batch_id), 303)
    if undone.kept:
        flash(ngettext("%(num)s course is used or was changed by somebody since: it stays as it is.",
                       "%(num)s courses are used or were changed by somebody since: they stay as they are.",
                       undone.kept), "problem")  # fmt: skip
    return redirect(url_for(".bulk_done", batch_id=undone.batch_id), 303)


def read_bulk(args: MultiDict[str, str]) -> BulkRequest:
    """The bulk change that an address or a form asks for; 404 when it names no deed."""
    return read_request(args, list_mode_names() if args.get("deed") == "mode" else ()) or abort(404)


def _page(
    asked: BulkRequest, preview: Preview | None = None, change: BulkChange | None = None, problem: str = ""
) -> str:
    lines: Sequence[Line] = lines_of_outcomes(preview.changing[:SHOWN]) if preview else ()
    return page(
        "allocations/bulk/page.html",
        asked=asked,
        form=asked.form,
        preview=preview,
        change=change,
        lines=lines,
        reasons=_reasons(preview.refused) if preview else (),
        problem=problem,
        back=url_for(".index", **cast(dict[str, Any], asked.list_args)),
    )


def _reasons(refused: Sequence[Outcome]) -> list[Reason]:
    counts = Counter(str(one.refusal) for one in refused)
    return [
        Reason(text, count, [one for one in refused if str(one.refusal) == text][:SHOWN])
        for text, count in counts.most_common()
    ]
