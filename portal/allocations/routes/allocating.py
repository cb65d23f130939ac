"""Allocating one course: in its row, on its own page, and without scripts."""

from urllib.parse import SplitResult, urlsplit

from flask import Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.allocations import queries, services
from portal.allocations.forms.listing import AssignForm, ListForm
from portal.allocations.forms.meeting import MeetingForm
from portal.allocations.queries import OfferingRow
from portal.allocations.queries.clashes import clashing_facilitators, list_clashes, list_meetings
from portal.allocations.routes.blueprint import bp
from portal.allocations.routes.choices import Choices
from portal.allocations.routes.people import Question, person_meant, question_of
from portal.errors import DomainError, NotFound
from portal.extensions import db
from portal.roles import Role
from portal.scoping import past_departments
from portal.web.access import actor, audience, shared
from portal.web.htmx import fragment, is_htmx, wants_fragment
from portal.web.locale import present_day, safe_next
from portal.web.pages import page


@bp.get("/<id:offering_id>")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def course(offering_id: int) -> str | Response:
    """A course: its facts, who teaches it, and what happened to it; for htmx its row alone."""
    offering = _find(offering_id)
    if wants_fragment():
        return fragment("allocations/_row.html", row=offering, focus=True)
    return _course_page(offering, Question())


@bp.get("/<id:offering_id>/facilitator")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def ask(offering_id: int) -> str | Response:
    """The form that allocates a course: in the place of its row, or as a page."""
    offering = _find(offering_id)
    if wants_fragment():
        template = "allocations/_row_form.html" if offering.takes_facilitator else "allocations/_row.html"
        return fragment(template, row=offering, question=Question())
    return page("allocations/facilitator.html", row=offering, question=Question(), back=_back())


@bp.post("/<id:offering_id>/facilitator")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def allocate(offering_id: int) -> BaseResponse | tuple[str, int]:
    """Allocate a facilitator, change them, or take them away."""
    before = _find(offering_id)
    form = AssignForm.from_form(request.form)
    try:
        chosen = person_meant(before, form)
        today = present_day()
        services.assign_facilitator(offering_id, chosen, form.version, actor(), today, form.reason)
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        return _refused(offering_id, form, error)
    with past_departments():  # one that was theirs because they taught it may be theirs no longer
        after = _find(offering_id)
    return _done(before, after)


def _find(offering_id: int) -> OfferingRow:
    return queries.find_offering(offering_id) or abort(404)


def _course_page(offering: OfferingRow, question: Question) -> str:
    happenings, more = queries.list_happenings(offering.id)
    return page(
        "allocations/course.html",
        row=offering,
        happenings=happenings,
        more=more,
        meetings=list_meetings(offering.id),
        clashes=list_clashes(offering.id),
        meeting_form=MeetingForm(None),
        question=question,
        back=_back(),
    )


def _refused(offering_id: int, form: AssignForm, error: DomainError) -> BaseResponse | tuple[str, int]:
    """The form again, with the course as it stands now, what was chosen, and why it was not kept."""
    offering = _find(offering_id)
    question = question_of(offering, form, error)
    if is_htmx():
        template = "allocations/_row_form.html" if offering.takes_facilitator else "allocations/_row_refused.html"
        return fragment(template, error.status, row=offering, question=question)
    back = safe_next(request.form.get("next"))
    return page("allocations/facilitator.html", row=offering, question=question, back=back), error.status


def _done(before: OfferingRow, offering: OfferingRow) -> BaseResponse:
    said = _said(offering)
    if offering.facilitator_id is not None and clashing_facilitators(offering.id, [offering.facilitator_id]):
        said = f"{said} {_('They teach another course at the same time.')}"
    if not is_htmx():
        flash(said, "done")
        return redirect(safe_next(request.form.get("next")), 303)
    listed = _list_of_page()
    facets = queries.facets_of(listed.wanted) if listed else None
    released = queries.find_candidate(offering, before.facilitator_id) if before.facilitator_id else None
    return fragment(
        "allocations/_allocated.html",
        row=offering,
        before=before,
        changed=before.facilitator_id != offering.facilitator_id,
        released=released,
        said=said,
        form=listed,
        facets=facets,
        choices=Choices(listed, facets) if listed and facets else None,
        back=_back(),
    )


def _said(offering: OfferingRow) -> str:
    if offering.facilitator_id is None:
        return str(_("%(course)s has no facilitator now.", course=offering.code or offering.name))
    return str(_("%(name)s teaches %(course)s.", name=offering.facilitator, course=offering.code or offering.name))


def _list_of_page() -> ListForm | None:
    """The list behind the row that was changed; None when the deed was done elsewhere."""
    address = _split(request.headers.get("HX-Current-URL"))
    if address.path != url_for(".index"):
        return None
    return ListForm.from_query(address.query)


def _back() -> str:
    """The list that someone came from, with its filters; else the whole list."""
    address = _split(request.headers.get("HX-Current-URL") or request.referrer)
    own = address.netloc == request.host and address.path == url_for(".index")
    return f"{address.path}?{address.query}" if own and address.query else url_for(".index")


def _split(address: str | None) -> SplitResult:
    """An address in its parts; all empty for what is no address."""
    try:
        return urlsplit(address or "")
    except ValueError:  # such as an IPv6 address without its end
        return urlsplit("")
