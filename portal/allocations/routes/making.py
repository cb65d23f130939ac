"""Making a course, new or after another one, with its meetings and whoever teaches it."""

from collections.abc import Sequence
from typing import Any

from flask import Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from portal.allocations import queries
from portal.allocations.forms.course import values_of
from portal.allocations.forms.listing import clean
from portal.allocations.forms.new_course import TOLD, NewCourseForm
from portal.allocations.queries.clashes import WeeklyMeeting, busy_facilitators, clashing_facilitators, list_meetings
from portal.allocations.queries.course import find_sheet
from portal.allocations.queries.selections import list_mode_names
from portal.allocations.routes.blueprint import bp
from portal.allocations.routes.editing import existing_of
from portal.allocations.routes.highlight import highlight
from portal.allocations.routes.people import Ambiguous, person_meant
from portal.allocations.services import assign_facilitator
from portal.allocations.services.editing import draft_of
from portal.allocations.services.meetings import MeetingDraft, add_meeting
from portal.allocations.services.offerings import OfferingDraft, create_offering, status_by_dates
from portal.allocations.services.signals import offerings_copied
from portal.errors import DomainError
from portal.extensions import db
from portal.folding import whole_number
from portal.roles import Role
from portal.web.access import actor, audience
from portal.web.htmx import fragment
from portal.web.locale import present_day
from portal.web.pages import page

# What a copy has of its source unless it is unticked.
_TAKEN_OVER = {"with_meetings": "y", "with_lessons": "y"}


@bp.get("/new")
@audience(Role.MANAGER, Role.ADMIN)
def new_course() -> str:
    """An empty form; with `copy` that of a course to make a similar one."""
    number = whole_number(request.args.get("copy"))
    sheet = find_sheet(number) if number else None
    form = NewCourseForm(None)
    if sheet is not None:
        form = NewCourseForm(MultiDict(values_of(draft_of(sheet.course), sheet.keys) | _TAKEN_OVER))
    return _page(form)


@bp.post("/new")
@audience(Role.MANAGER, Role.ADMIN)
def create_course() -> BaseResponse | tuple[str, int]:
    """Make a course with its meetings and its facilitator, all or nothing, then show it."""
    form = NewCourseForm(request.form)
    form.offer(list_mode_names())
    values, meetings = form.read(), _meetings_of(form)
    if values is None or form.errors:
        return _page(form), 422
    try:
        course_id = _make(values, meetings, form)
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        form.people = tuple(error.people) if isinstance(error, Ambiguous) else ()
        return _page(form, existing=existing_of(error)), error.status
    row = queries.find_offering(course_id) or abort(404)
    flash(_said(row), "done")
    return redirect(url_for(".course", offering_id=course_id), 303)


def _make(values: dict[str, Any], meetings: Sequence[MeetingDraft], form: NewCourseForm) -> int:
    today = present_day()
    status = status_by_dates(values["start_date"], values["end_date"], today)
    course = create_offering(OfferingDraft(**values, status=status), actor())
    for meeting in meetings:
        add_meeting(course.id, meeting, actor())
    copied = whole_number(form.copy.data) if form.with_lessons.data else 0
    if copied and queries.find_offering(copied):
        offerings_copied.send(None, pairs={copied: course.id}, by=actor())
    wanted = form.assignment()
    if wanted is not None:
        row = queries.find_offering(course.id) or abort(404)
        person = person_meant(row, wanted)
        assign_facilitator(course.id, person, course.version, actor(), today, wanted.reason)
    return course.id


def _said(row: queries.OfferingRow) -> str:
    course = row.code or row.name
    if row.facilitator_id is None:
        return str(_("%(course)s was made. Nobody teaches it yet.", course=course))
    said = str(_("%(course)s was made. %(name)s teaches it.", course=course, name=row.facilitator))
    if clashing_facilitators(row.id, [row.facilitator_id]):
        return f"{said} {_('They teach another course at the same time.')}"
    return said


@bp.get("/facilitators/new")
@audience(Role.MANAGER, Role.ADMIN)
def facilitators_of_new() -> Response:
    """Who could teach a course that is being made, with the load that it would give them; at most eight."""
    text = clean(request.args.get("q"))
    form = NewCourseForm(request.args)
    form.offer(list_mode_names())
    form.validate()
    coming = form.coming()
    people = queries.list_candidates(coming, text)
    return fragment(
        "allocations/_candidates.html",
        people=[(person, highlight(person.name, text)) for person in people],
        offering=coming,
        clashing=_busy(form, [person.id for person in people]),
        taught={},
    )


def _busy(form: NewCourseForm, ids: list[int]) -> frozenset[int]:
    start, end = form.start_date.data, form.end_date.data
    if start is None or end is None:
        return frozenset()
    times = [(one.weekday, one.starts_at, one.ends_at) for one in _meetings_of(form)]
    return busy_facilitators(times, (start, end), ids)


def _meetings_of(form: NewCourseForm) -> list[MeetingDraft]:
    """When the course shall meet: as the one that it is made after, if wanted, and at the time that is entered."""
    copied = _meetings_copied(form) if form.with_meetings.data else ()
    found = [MeetingDraft(one.weekday, one.starts_at, one.ends_at, one.room) for one in copied]
    own = form.meeting()
    return [*found, own] if own is not None and own not in found else found


def _meetings_copied(form: NewCourseForm) -> Sequence[WeeklyMeeting]:
    number = whole_number(form.copy.data)
    return list_meetings(number) if number else ()


def _page(form: NewCourseForm, *, existing: queries.OfferingRow | None = None) -> str:
    form.offer(list_mode_names())
    copied = queries.find_offering(whole_number(form.copy.data or request.args.get("copy")) or 0)
    form.copy.data = str(copied.id) if copied else ""
    meetings = list_meetings(copied.id) if copied else ()
    context: dict[str, Any] = {"form": form, "copied": copied, "meetings": meetings, "existing": existing}
    return page("allocations/new.html", told=TOLD, **context)
