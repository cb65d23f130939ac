"""When a course meets each week: added and taken away on its page."""

from flask import abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.allocations import queries
from portal.allocations.forms.meeting import MeetingForm
from portal.allocations.queries.clashes import list_clashes, list_meetings
from portal.allocations.routes.blueprint import bp
from portal.allocations.services.meetings import add_meeting, remove_meeting
from portal.errors import DomainError, NotFound
from portal.extensions import db
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.pages import page


@bp.post("/<id:offering_id>/meetings")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def meet(offering_id: int) -> BaseResponse | tuple[str, int]:
    """One more weekly meeting."""
    form = MeetingForm(request.form)
    draft = form.read()
    if draft is None:
        return _again(offering_id, form), 422
    try:
        add_meeting(offering_id, draft, actor())
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return _again(offering_id, form), error.status
    clashes = list_clashes(offering_id)
    flash(_("Added. Look at what clashes below.") if clashes else _("Added."), "problem" if clashes else "done")
    return redirect(url_for(".course", offering_id=offering_id, _anchor="meetings"), 303)


@bp.post("/<id:offering_id>/meetings/<id:meeting_id>/remove")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def stop_meeting(offering_id: int, meeting_id: int) -> BaseResponse:
    """Take a weekly meeting away; gone already is as good."""
    if queries.find_offering(offering_id) is None:
        abort(404)
    remove_meeting(offering_id, meeting_id, actor())
    db.session.commit()
    flash(_("Taken away."), "done")
    return redirect(url_for(".course", offering_id=offering_id, _anchor="meetings"), 303)


def _again(offering_id: int, form: MeetingForm) -> str:
    row = queries.find_offering(offering_id) or abort(404)
    return page("allocations/meetings.html", row=row, meetings=list_meetings(offering_id), meeting_form=form,
                clashes=list_clashes(offering_id))  # fmt: skip
