"""Deciding about a week, and asking for it."""

from collections.abc import Callable

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.catalogue.calendar import rules_of
from portal.config.present import present_settings
from portal.errors import DomainError, NotFound
from portal.extensions import db
from portal.folding import one_line
from portal.roles import Role
from portal.tracker.forms.deciding import TIMED, DecisionForm, WishForm
from portal.tracker.queries import Log
from portal.tracker.routes.blueprint import bp
from portal.tracker.routes.common import log_page, own_log, readable_log
from portal.tracker.services import deciding
from portal.web.access import actor, audience, owned, shared

_LOG = "/logs/<id:log_id>"


@bp.post(f"{_LOG}/<any(excuse, expect, extend, reopen, 'keep-closed'):act>")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def decide(log_id: int, act: str) -> BaseResponse | tuple[str, int]:
    """Excuse a week, expect it again, give it more time, open it again or keep it closed."""
    found, form = readable_log(log_id), DecisionForm.of(act, request.form)
    if not form.validate():
        return log_page(found, forms={act: form}), 422
    try:
        _carry_out(found, act, form)
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return log_page(readable_log(log_id), forms={act: form}), error.status
    flash(_said(found, act), "done")
    return redirect(url_for("tracker.log", log_id=log_id), 303)


@bp.post(f"{_LOG}/reopen-wish")
@audience(Role.FACILITATOR)
@owned("whoever owes the log")
def ask_to_reopen(log_id: int) -> BaseResponse | tuple[str, int]:
    """Ask to have a submitted week opened again."""
    found, form = own_log(log_id), WishForm(request.form)
    if not form.validate():
        return log_page(found, wish=form), 422
    try:
        deciding.ask_to_reopen(found, one_line(form.reason.data), clock.now(), actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return log_page(own_log(log_id), wish=form), error.status
    flash(_("Your manager sees that you ask for week %(week)s.", week=found.week_number), "done")
    return redirect(url_for("tracker.log", log_id=log_id), 303)


def _carry_out(found: Log, act: str, form: DecisionForm) -> None:
    now, by = clock.now(), actor()
    if act in TIMED:
        until = form.moment(rules_of(present_settings()))
        timed: Callable[..., None] = deciding.extend if act == "extend" else deciding.reopen
        timed(found, until, form.ruling(), now, by)
        return
    plain = {"excuse": deciding.excuse, "expect": deciding.expect_again, "keep-closed": deciding.keep_closed}
    plain[act](found, form.ruling(), now, by)


def _said(found: Log, act: str) -> str:
    week, course = found.week_number, found.course
    said: dict[str, str] = {
        "excuse": _("Week %(week)s of %(course)s is excused.", week=week, course=course),
        "expect": _("Week %(week)s of %(course)s is owed again.", week=week, course=course),
        "extend": _("Week %(week)s of %(course)s has more time.", week=week, course=course),
        "reopen": _("Week %(week)s of %(course)s is open again.", week=week, course=course),
        "keep-closed": _("Week %(week)s of %(course)s stays closed.", week=week, course=course),
    }
    return said[act]
