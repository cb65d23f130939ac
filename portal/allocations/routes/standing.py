"""Cancelling, completing and bringing back one course."""

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as BaseResponse

from portal.allocations import queries
from portal.allocations.forms.standing import StandingForm
from portal.allocations.models import OfferingStatus
from portal.allocations.queries import OfferingRow
from portal.allocations.routes.blueprint import bp
from portal.allocations.services.offerings import status_by_dates
from portal.allocations.services.signals import offering_ending
from portal.allocations.services.standing import change_status
from portal.allocations.services.transitions import TRANSITIONS
from portal.allocations.words import status_name
from portal.errors import DomainError, NotFound
from portal.extensions import db
from portal.folding import one_line
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.locale import present_day
from portal.web.pages import page


@bp.get("/<id:offering_id>/status")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def ask_status(offering_id: int) -> str:
    """What a course could become, and what that means; `to` names what is meant."""
    row = queries.find_offering(offering_id) or abort(404)
    form = StandingForm(None)
    form.status.data = request.args.get("to") or _likely(row).value
    return _page(row, form)


@bp.post("/<id:offering_id>/status")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def set_status(offering_id: int) -> BaseResponse | tuple[str, int]:
    """Cancel a course, complete it or bring it back."""
    row = queries.find_offering(offering_id) or abort(404)
    form = StandingForm(request.form)
    form.offer(TRANSITIONS[row.status])
    if not form.validate():
        return _page(row, form), 422
    reason = one_line(form.reason.data)
    status = OfferingStatus(form.status.data)
    try:
        changed = change_status(offering_id, status, form.version.data, actor(), reason)
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return _page(queries.find_offering(offering_id) or abort(404), form), error.status
    name = row.code or row.name
    said = _("%(course)s is now: %(status)s.", course=name, status=status_name(status).lower())
    flash(said if changed else _("It was like that already."), "done" if changed else "note")
    return redirect(url_for(".course", offering_id=offering_id), 303)


def _page(row: OfferingRow, form: StandingForm) -> str:
    form.offer(TRANSITIONS[row.status])
    meanings = [(one, _meanings(row, one)) for one in OfferingStatus if one in TRANSITIONS[row.status]]
    return page("allocations/status.html", row=row, form=form, meanings=meanings)


def _likely(row: OfferingRow) -> OfferingStatus:
    """What most will want: to bring back what has ended, to cancel what has not begun, else to complete."""
    today = present_day()
    if not row.takes_facilitator:
        by_dates = status_by_dates(row.start_date, row.end_date, today)
        return OfferingStatus.ACTIVE if by_dates is OfferingStatus.COMPLETED else by_dates
    return OfferingStatus.COMPLETED if row.end_date < today else OfferingStatus.CANCELLED


def _meanings(row: OfferingRow, status: OfferingStatus) -> list[str]:
    """What comes of a status, in sentences."""
    said = []
    ends = status in (OfferingStatus.CANCELLED, OfferingStatus.COMPLETED)
    if ends and row.facilitator_id is not None:
        said.append(_("%(name)s has one course less.", name=row.facilitator))
    if ends and row.enrolled:
        said.append(ngettext("%(count)s student is on it.", "%(count)s students are on it.", row.enrolled,
                             count=row.enrolled))  # fmt: skip
    for _receiver, sentences in offering_ending.send(None, offering_id=row.id, status=status):
        said += sentences
    return said
