"""The facilitator's weekly logs: this week, one log, one course."""

import json
from dataclasses import replace
from datetime import date

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import DomainError, NotFound
from portal.extensions import db
from portal.folding import whole_number
from portal.roles import Role
from portal.tracker import board, queries, services
from portal.tracker.forms.week import LogForm, read_item_form, read_log_form
from portal.tracker.models import ItemStatus
from portal.tracker.queries import Log, Moment, Place, WeekFilter
from portal.tracker.routes.blueprint import bp
from portal.tracker.routes.common import log_page, moment_now, own_log, readable_log
from portal.tracker.services import Clashes, Edit, Saved
from portal.web.access import actor, audience, owned
from portal.web.htmx import fragment, is_htmx
from portal.web.locale import safe_next
from portal.web.pages import page


@bp.get("/")
@audience(Role.FACILITATOR)
def this_week() -> str:
    """Everything that waits for a facilitator: overdue weeks first, then open ones, then those just submitted."""
    moment, wanted, me = moment_now(), _wanted(), current_user.facilitator_id or 0
    checklist = queries.list_checklist()
    counts = queries.standing(me, moment, checklist)
    logs, following = queries.list_logs_to_do(me, wanted, moment, checklist)
    return page(
        "tracker/this_week.html",
        moment=moment,
        standing=board.standing_of(counts, moment.today),
        choices=board.list_week_choices(counts),
        groups=board.list_groups(logs),
        wanted=wanted,
        shown=sum(not log.is_submitted for log in logs),
        following=following.encode() if following else None,
        back=request.full_path.rstrip("?"),
    )


@bp.get("/standing")
@audience(Role.FACILITATOR)
def standing() -> Response:
    """Where the person stands, alone: asked for after a change."""
    moment = moment_now()
    counts = queries.standing(current_user.facilitator_id or 0, moment, queries.list_checklist())
    return fragment("tracker/_standing.html", moment=moment, standing=board.standing_of(counts, moment.today))


@bp.get("/logs/<id:log_id>")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned("whoever owes the log; managers and administrators any")
def log(log_id: int) -> str:
    """One week alone; to be filled in by who owes it while it is open, else to be read."""
    return log_page(readable_log(log_id))


@bp.post("/logs/<id:log_id>/items/<key>")
@audience(Role.FACILITATOR)
@owned("whoever owes the log")
def set_item(log_id: int, key: str) -> BaseResponse:
    """Set one checklist item of a week and answer with its switch."""
    found, moment = own_log(log_id), moment_now()
    edit = Edit()
    try:
        edit = read_item_form(request.form, key)
        saved = services.save(found, replace(edit, notes=None), moment, actor())
    except NotFound:
        raise
    except DomainError as error:
        return _refused(log_id, error, edit)
    db.session.commit()
    if saved.clashes or not is_htmx():
        return _answer(saved, edit)
    item = services.find_item(saved.log, key)
    return _changed(fragment("tracker/_item.html", log=saved.log, item=item, alone=True))


@bp.post("/logs/<id:log_id>")
@audience(Role.FACILITATOR)
@owned("whoever owes the log")
def save_log(log_id: int) -> BaseResponse:
    """What the whole form of a week asks for: save, submit, fill in, or decide what clashed."""
    found, moment = own_log(log_id), moment_now()
    edit = Edit()
    try:
        form = read_log_form(request.form)
        edit = form.edit
        saved, edit = _carry_out(found, form, moment)
    except NotFound:
        raise
    except DomainError as error:
        return _refused(log_id, error, edit)
    db.session.commit()
    return _answer(saved, edit)


@bp.post("/logs/<id:log_id>/submit")
@audience(Role.FACILITATOR)
@owned("whoever owes the log")
def submit_log(log_id: int) -> BaseResponse:
    """Hand a week in as it stands."""
    found, moment = own_log(log_id), moment_now()
    try:
        saved = services.save(found, Edit(), moment, actor(), submit=True)
    except NotFound:
        raise
    except DomainError as error:
        return _refused(log_id, error, Edit())
    db.session.commit()
    return _answer(saved, Edit())


def _carry_out(found: Log, form: LogForm, moment: Moment) -> tuple[Saved, Edit]:
    """Do what the pressed button says, with all that the form holds; gives the edit that this came to as well."""
    if form.act == "all_done":
        edit = form.filled(services.all_done(found))
    elif form.act == "same_as_last_week":
        services.check_open(found)
        edit = form.filled(services.same_as_last_week(found))
    elif form.act in {"use", "keep"}:
        edit = form.decided()
    else:
        edit = form.edit
    waiting = _still_waiting(found, form)
    saved = services.save(found, edit, moment, actor(), submit=form.act == "submit" and not waiting)
    statuses = {**waiting, **saved.clashes.statuses}
    notes = form.waiting_notes() if saved.clashes.notes is None else saved.clashes.notes
    return Saved(saved.log, Clashes(statuses, notes)), edit


def _still_waiting(found: Log, form: LogForm) -> dict[str, ItemStatus]:
    """Clashes from before that were not decided and have not settled themselves."""
    current = {item.key: item.current for item in found.items}
    return {key: mine for key, mine in form.waiting().items() if key in current and current[key] is not mine}


def _answer(saved: Saved, edit: Edit) -> BaseResponse:
    """The log after a change: its fragment for htmx; a form goes back to its page, or is asked about what clashes."""
    if saved.clashes:
        return _shown(saved.log, 409, edit, clashes=saved.clashes)
    said = _what_happened(saved.log)
    if is_htmx():
        return _changed(_fragment_of(saved.log, 200, open_notes=edit.notes is not None), said)
    flash(said, "done")
    back = safe_next(request.form.get("next") or url_for("tracker.this_week"))
    return redirect(f"{back.partition('#')[0]}#log-{saved.log.id}", 303)


def _refused(log_id: int, error: DomainError, edit: Edit) -> BaseResponse:
    """The log as it stands, and why nothing was changed."""
    db.session.rollback()
    return _shown(own_log(log_id), error.status, edit, message=str(error), field=error.field)


def _shown(found: Log, status: int, edit: Edit, clashes: Clashes | None = None, **context: object) -> BaseResponse:
    """A log with something to say, and with notes that are typed and not saved: a fragment, or a page of its own."""
    typed, clashing = services.unsaved_notes(found, edit)
    if clashing is not None:
        clashes = replace(clashes or Clashes(), notes=clashing)
    context |= {"clashes": clashes, "typed": clashes.notes if clashes and clashes.notes is not None else typed}
    if is_htmx():
        return _fragment_of(found, status, **context)
    back = safe_next(request.form.get("next") or url_for("tracker.this_week"))
    return Response(log_page(found, back=back, **context), status)


def _fragment_of(found: Log, status: int, **context: object) -> Response:
    """The whole log for the place where it stands, whatever part of it asked."""
    back = safe_next(request.form.get("next") or url_for("tracker.this_week"))
    answer = fragment("tracker/_log.html", status, log=found, back=back, **context)
    answer.headers["HX-Retarget"] = f"#log-{found.id}"
    answer.headers["HX-Reswap"] = "outerHTML"
    return answer


def _changed(answer: Response, said: str | None = None) -> Response:
    """Tell the page that the figures moved, and what to say aloud."""
    events: dict[str, dict[str, str]] = {"logs-changed": {"target": "body"}}
    if said:
        events["announce"] = {"target": "body", "text": said}
    answer.headers["HX-Trigger"] = json.dumps(events)
    return answer


def _what_happened(found: Log) -> str:
    if found.is_submitted:
        return str(_("Week %(week)s of %(course)s is submitted.", week=found.week_number, course=found.course))
    return str(_("Week %(week)s of %(course)s is saved.", week=found.week_number, course=found.course))


def _wanted() -> WeekFilter:
    """The filter in the address; what makes no sense is left out."""
    try:
        week = date.fromisoformat(request.args.get("week", ""))
    except ValueError:
        week = None
    return WeekFilter(week, whole_number(request.args.get("course")) or None, Place.decode(request.args.get("after")))
