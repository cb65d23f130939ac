"""Leave of facilitators, for who manages."""

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.catalogue.calendar import Rules, rules_of
from portal.config.present import present_settings
from portal.errors import DomainError
from portal.extensions import db
from portal.roles import Role
from portal.tracker.forms.leave import LeaveForm
from portal.tracker.queries.leaves import Effect, list_leaves
from portal.tracker.routes.blueprint import leave as bp
from portal.tracker.services import leaves
from portal.web.access import actor, audience, shared
from portal.web.locale import present_day
from portal.web.pages import page

# Nobody reads further than that; the audit log has every leave there was.
_MOST, _MOST_PAST = 500, 50


@bp.get("/")
@audience(Role.MANAGER, Role.ADMIN)
def index() -> str:
    """Who is away or will be, and the form to enter leave."""
    return _page(LeaveForm(formdata=None, facilitator=request.args.get("facilitator", "")))


@bp.post("/")
@audience(Role.MANAGER, Role.ADMIN)
def enter() -> BaseResponse | tuple[str, int]:
    """Enter leave; the weeks that it covers are excused, or fall to who stands in."""
    form = LeaveForm(request.form)
    draft = form.draft() if form.validate() else None
    if draft is None:
        return _page(form), 422
    try:
        effect = leaves.grant(draft, _rules(), actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return _page(form), error.status
    flash(_said(effect, handed_on=draft.substitute_id is not None), "done")
    return redirect(url_for("leave.index"), 303)


@bp.post("/<id:leave_id>/withdraw")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def withdraw(leave_id: int) -> BaseResponse:
    """Take leave back."""
    leaves.withdraw(leave_id, _rules(), clock.now(), actor())
    db.session.commit()
    flash(_("The leave is taken back. Its weeks are owed again, but for those that were handed in."), "done")
    return redirect(url_for("leave.index"), 303)


def _page(form: LeaveForm) -> str:
    today = present_day()
    present = list_leaves(today, past=False, limit=_MOST)
    over = list_leaves(today, past=True, limit=_MOST_PAST)
    return page("tracker/leave.html", form=form, present=present, over=over, today=today)


def _said(effect: Effect, *, handed_on: bool) -> str:
    """What came of a leave, in a sentence or two."""
    if handed_on:
        done = ngettext("%(num)s weekly log is handed on.", "%(num)s weekly logs are handed on.", effect.weeks)
    else:
        done = ngettext("%(num)s weekly log is excused.", "%(num)s weekly logs are excused.", effect.weeks)
    stays = ngettext("%(num)s that is begun stays.", "%(num)s that are begun stay.", effect.begun)
    parts = [_("The leave is entered."), done, *([stays] if effect.begun else [])]
    return " ".join(str(part) for part in parts)


def _rules() -> Rules:
    return rules_of(present_settings())
