"""The weekly logs as a manager's list, and nudging those who owe them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement
from werkzeug.wrappers import Response as BaseResponse

from portal.catalogue.calendar import rules_of
from portal.config.present import present_settings
from portal.extensions import db
from portal.folding import whole_number
from portal.notifications.queries import list_addressees
from portal.roles import Role
from portal.tracker import queries
from portal.tracker.forms.watching import ItemChoice, day_begins
from portal.tracker.previewing import read_in_both
from portal.tracker.queries.watched import (
    LogFilter,
    conditions_of_logs,
    conditions_on_course,
    conditions_on_ids,
    conditions_on_person,
    count_logs,
    logs_to_nudge,
    page_of_logs,
)
from portal.tracker.routes.blueprint import watch as bp
from portal.tracker.routes.common import moment_now
from portal.tracker.routes.compliance import View, view_asked
from portal.tracker.services.nudging import Nudged
from portal.tracker.services.nudging import nudge as nudge_people
from portal.web.access import actor, audience, shared
from portal.web.htmx import list_fragment, wants_fragment
from portal.web.locale import safe_next
from portal.web.pages import page
from portal.web.security import framed_mail, show_frames

_MOST = 1000


@bp.get("/logs")
@audience(Role.MANAGER, Role.ADMIN)
def logs() -> str | Response:
    """Weekly logs by their week."""
    moment = moment_now()
    view = view_asked(moment, request.args, "compliance.logs")
    checklist = queries.list_checklist()
    choice = ItemChoice.read(request.args, checklist)
    wanted = _filter_of(view, choice)
    found = page_of_logs(wanted, replace(view.form.page, sort="week"), moment, count_logs(wanted, moment))
    context: dict[str, Any] = {
        "view": view, "form": view.form, "choices": view.choices, "moment": moment, "found": found,
        "checklist": [item for item in checklist if item.is_active], "choice": choice,
    }  # fmt: skip
    if not wants_fragment():
        return page("compliance/logs.html", **context)
    after = {"after": request.args["after"]} if view.form.list.page.cursor else {}
    address = url_for(".logs", **(view.form.to_args(**after) | choice.to_args()))
    said = ngettext("%(num)s weekly log", "%(num)s weekly logs", found.total)
    return list_fragment("compliance/_logs.html", address, said, parts=True, **context)


@bp.post("/nudge")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def nudge() -> BaseResponse:
    """Nudge those who owe the logs that are ticked, or every missing one of a course."""
    conditions = _ticked()
    if conditions is None:
        flash(_("Tick at least one week."), "problem")
        return redirect(_back(), 303)
    return _nudge(conditions)


@bp.post("/nudge/preview")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def preview_nudge() -> BaseResponse | str:
    """What a nudge would say, to whom, and in which words; nothing is sent."""
    conditions, moment = _ticked(), moment_now()
    owed = logs_to_nudge(conditions, moment) if conditions is not None else ()
    if not owed:
        flash(_("Tick at least one week.") if conditions is None else _("Nobody owes any of these weeks."), "note")
        return redirect(_back(), 303)
    show_frames()
    first = [log for log in owed if log.user_id == owed[0].user_id]
    people = list_addressees(sorted({log.user_id for log in owed}))
    kept = [(name, value) for name, values in request.form.lists() if name != "csrf_token" for value in values]
    return page(
        "compliance/preview.html",
        people=people,
        weeks=len(owed),
        shown=next(person for person in people if person.user_id == owed[0].user_id),
        readings=read_in_both(owed[0].user_id, first, moment.now),
        kept=kept,
        back=_back(),
    )


@bp.get("/nudge/preview/<id:user_id>/<any(en, fr):locale>")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def preview_mail(user_id: int, locale: str) -> Response:
    """The mail that somebody would get of all they owe, as a page for the frame of the preview."""
    moment = moment_now()
    readings = read_in_both(user_id, logs_to_nudge(conditions_on_person(user_id), moment), moment.now)
    return framed_mail(next((one.html for one in readings if one.locale == locale), None) or abort(404))


def _ticked() -> Sequence[ColumnElement[bool]] | None:
    """The conditions of what a form asks for: the logs that are ticked, all that match, or those of a course."""
    ids = [number for text in request.form.getlist("log") if (number := whole_number(text))][:_MOST]
    course = whole_number(request.form.get("course"))
    if "all" in request.form:
        return _all_that_match()
    if ids:
        return conditions_on_ids(ids)
    return conditions_on_course(course, moment_now()) if course else None


@bp.post("/nudge/all")
@audience(Role.MANAGER, Role.ADMIN)
def nudge_all() -> BaseResponse:
    """Nudge everyone who owes a log that the filter finds."""
    return _nudge(_all_that_match())


def _all_that_match() -> Sequence[ColumnElement[bool]]:
    moment = moment_now()
    view = view_asked(moment, request.form, "compliance.logs")
    wanted = _filter_of(view, ItemChoice.read(request.form, queries.list_checklist()))
    return conditions_of_logs(wanted, moment)


def _filter_of(view: View, choice: ItemChoice) -> LogFilter:
    weeks = (view.weeks[0].start, view.weeks[-1].start) if view.weeks else None
    return LogFilter(view.form.watched_logs(), choice.item_id, choice.status, weeks)


def _nudge(conditions: Sequence[ColumnElement[bool]]) -> BaseResponse:
    moment = moment_now()
    owed = logs_to_nudge(conditions, moment)
    day = day_begins(moment.today, rules_of(present_settings()))
    done = nudge_people(owed, day, moment.now, actor())
    db.session.commit()
    flash(_said(done), "done" if done.people else "note")
    return redirect(_back(), 303)


def _said(done: Nudged) -> str:
    if not done.people and not done.already:
        return str(_("Nobody owes any of these weeks."))
    said: list[str] = []
    if done.people:
        weeks = ngettext("%(num)s week", "%(num)s weeks", done.weeks)
        said.append(ngettext("%(num)s person is told of %(weeks)s.", "%(num)s people are told of %(weeks)s.",
                             done.people, weeks=weeks))  # fmt: skip
    if done.already:
        said.append(ngettext("%(num)s was nudged today already.", "%(num)s were nudged today already.", done.already))
    return " ".join(said)


def _back() -> str:
    return safe_next(request.form.get("next") or url_for("compliance.index"))
