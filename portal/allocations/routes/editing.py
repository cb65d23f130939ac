"""Changing a course field by field, and what its form offers."""

from collections.abc import Mapping
from typing import Any

from flask import Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.allocations import queries
from portal.allocations.course_merge import Merge, merge
from portal.allocations.forms.course import CourseForm, form_of, values_of
from portal.allocations.forms.listing import clean
from portal.allocations.queries.course import CourseSheet, find_sheet
from portal.allocations.queries.references import list_references
from portal.allocations.queries.selections import list_mode_names
from portal.allocations.routes.blueprint import bp
from portal.allocations.routes.highlight import highlight
from portal.allocations.services.editing import draft_of, edit_offering
from portal.errors import DomainError, NotFound
from portal.extensions import db
from portal.folding import one_line
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.htmx import fragment
from portal.web.pages import page

# How often a change is tried again after somebody was faster, field by field.
_TRIES = 3


@bp.get("/<id:offering_id>/edit")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def edit(offering_id: int) -> str:
    """The form of a course."""
    sheet = find_sheet(offering_id) or abort(404)
    now = values_of(draft_of(sheet.course), sheet.keys)
    form = form_of(now, list_mode_names(), now["mode"], is_open=sheet.is_open)
    return _edit_page(offering_id, form, now)


@bp.post("/<id:offering_id>/edit")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def change(offering_id: int) -> BaseResponse | tuple[str, int]:
    """Change a course field by field: what somebody else changed meanwhile stays, or is asked about."""
    tries = _TRIES
    while True:
        sheet = find_sheet(offering_id) or abort(404)
        now = values_of(draft_of(sheet.course), sheet.keys)
        merged = merge(request.form, now, list_mode_names(), is_open=sheet.is_open)
        if merged.clashes:
            return _edit_page(offering_id, merged.form, merged.now, merged=merged), 409
        tries -= 1
        try:
            return _changed(offering_id, merged, sheet)
        except NotFound:
            raise
        except DomainError as error:
            # The next look at the course must be a fresh one.
            db.session.rollback()
            if error.field != "version" or not tries:
                merged.form.show(error)
                return _edit_page(offering_id, merged.form, merged.now, existing=existing_of(error)), error.status


def _changed(offering_id: int, merged: Merge, sheet: CourseSheet) -> BaseResponse | tuple[str, int]:
    kept = {field: getattr(sheet.course, field) for field in merged.untouched}
    values = merged.form.read(kept)
    if values is None:
        return _edit_page(offering_id, merged.form, merged.now), 422
    changed = edit_offering(offering_id, values | kept, sheet.version, actor())
    db.session.commit()
    if not changed:
        flash(_("Nothing was different, so nothing was changed."), "note")
    elif merged.others:
        flash(_("Saved, together with what somebody else changed meanwhile."), "done")
    else:
        flash(_("Saved."), "done")
    return redirect(url_for(".course", offering_id=offering_id), 303)


@bp.get("/references/<any(module, class, cohort):kind>")
@audience(Role.MANAGER, Role.ADMIN)
def references(kind: str) -> Response:
    """What a field of the form could hold while someone types; at most eight."""
    text = clean(request.args.get("q"))
    found = [(one, highlight(one.key, one_line(text)), highlight(one.note, one_line(text)))
             for one in list_references(kind, text)]  # fmt: skip
    return fragment("allocations/_references.html", found=found)


def _edit_page(
    offering_id: int,
    form: CourseForm,
    now: Mapping[str, str],
    *,
    merged: Merge | None = None,
    existing: queries.OfferingRow | None = None,
) -> str:
    context: dict[str, Any] = {"form": form, "now": now, "merged": merged, "existing": existing}
    return page("allocations/edit.html", row=_row(offering_id), **context)


def _row(offering_id: int) -> queries.OfferingRow:
    return queries.find_offering(offering_id) or abort(404)


def existing_of(error: DomainError) -> queries.OfferingRow | None:
    """The course that stands in the way, if one does."""
    other = error.facts.get("offering_id")
    return queries.find_offering(other) if other else None
