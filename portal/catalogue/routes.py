"""The pages of the catalogue: each kind of entry listed, made, changed, retired and deleted."""

import json
from typing import Any

from flask import Blueprint, Response, abort, flash, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from portal.catalogue.forms import EntryForm, form_for, shown
from portal.catalogue.kind_words import COLUMN_WORDS, KIND_WORDS
from portal.catalogue.kinds import KINDS, Kind
from portal.catalogue.queries import entries as queries
from portal.catalogue.queries.entries import Entry, EntryFilter
from portal.catalogue.services import entries as services
from portal.catalogue.services.scoping import is_closed
from portal.errors import DomainError, NotFound
from portal.extensions import db
from portal.jobs.services import start_job
from portal.merging import Merged, merge_fields
from portal.paging import Cursor, PageRequest
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.htmx import fragment, is_htmx, list_fragment, wants_fragment
from portal.web.pages import page

bp = Blueprint("catalogue", __name__, url_prefix="/catalogue")
_KIND = "<any(modules, classes, cohorts, modes, departments, breaks):kind>"
_ENTRY = f"/{_KIND}/<id:entry_id>"
_TRIES = 3
# In addresses: those in use, those that were retired, or all.
_STATES = {"": True, "retired": False, "all": None}


@bp.get("/")
@audience(Role.MANAGER, Role.ADMIN)
def index() -> BaseResponse:
    """The first kind."""
    return redirect(url_for(".entries", kind="modules"))


@bp.get(f"/{_KIND}")
@audience(Role.MANAGER, Role.ADMIN)
def entries(kind: str) -> str | BaseResponse:
    """The entries of a kind that an address asks for."""
    of = KINDS[kind]
    state = request.args.get("state", "")
    wanted = EntryFilter(request.args.get("q", "").strip()[:200], _STATES.get(state, True))
    counts = queries.count_entries(of, wanted.q)
    found = queries.page_of_entries(of, wanted, _asked(of), counts.of(wanted.is_active))
    departments = {row.values["department_id"] for row in found.rows if row.values.get("department_id")}
    context: dict[str, Any] = _about(of) | {
        "wanted": wanted, "state": state if state in _STATES else "", "counts": counts, "found": found,
        "departments": queries.department_names(departments) if departments else {}, "args": _args(of),
        "sort": _asked(of), "states": _STATES,
    }  # fmt: skip
    if not wants_fragment():
        return page("catalogue/list.html", **context)
    said = ngettext("%(num)s entry", "%(num)s entries", found.total)
    return list_fragment("catalogue/_results.html", request.full_path.rstrip("?"), said, **context)


@bp.get(f"/{_KIND}/new")
@audience(Role.MANAGER, Role.ADMIN)
def new_entry(kind: str) -> Response:
    """An empty form: a page, or the inside of a dialog of the form that needs the entry."""
    return _new_page(KINDS[kind], form_for(kind, None))


@bp.post(f"/{_KIND}/new")
@audience(Role.MANAGER, Role.ADMIN)
def create_entry(kind: str) -> BaseResponse:
    """Make an entry."""
    of, form = KINDS[kind], form_for(kind, request.form)
    values = form.values()
    if values is None:
        return _new_page(of, form, 422)
    try:
        entry_id = services.create_entry(of, values, actor())
        job_id = _plan_anew(of, of.plans if kind == "breaks" else frozenset(), entry_id)
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return _new_page(of, form, error.status, error.facts.get("entry_id"))
    if is_htmx():
        answer = fragment("catalogue/_created.html", key=values[of.key])
        told = {"kind": kind, "key": values[of.key]}
        answer.headers["HX-Trigger"] = json.dumps({"catalogue:created": told})
        return answer
    flash(_("“%(key)s” was added.", key=values[of.key]), "done")
    return redirect(_after(kind, job_id), 303)


@bp.get(_ENTRY)
@audience(Role.MANAGER, Role.ADMIN)
@shared
def entry(kind: str, entry_id: int) -> str:
    """The form of an entry."""
    of, present = KINDS[kind], _find(KINDS[kind], entry_id)
    return _entry_page(of, present, _form_of(of, present, shown(present.values)))


@bp.post(_ENTRY)
@audience(Role.MANAGER, Role.ADMIN)
@shared
def change_entry(kind: str, entry_id: int) -> BaseResponse | tuple[str, int]:
    """Change an entry field by field: what somebody else changed meanwhile stays, or is asked about."""
    of, tries = KINDS[kind], _TRIES
    while True:
        present = _find(of, entry_id)
        merged = _merge(of, present)
        form = _form_of(of, present, merged.values)
        if merged.clashes:
            return _entry_page(of, present, form, merged), 409
        values, tries = form.values(), tries - 1
        if values is None:
            return _entry_page(of, present, form), 422
        try:
            return _save(of, present, values)
        except NotFound:
            raise
        except DomainError as error:
            # The next look at the entry must be a fresh one.
            db.session.rollback()
            if error.field != "version" or not tries:
                form.show(error)
                return _entry_page(of, present, form, None, error.facts.get("entry_id")), error.status


@bp.post(f"{_ENTRY}/active")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def set_active(kind: str, entry_id: int) -> BaseResponse:
    """Take an entry out of use, or bring it back."""
    of = KINDS[kind] if KINDS[kind].retires else abort(404)
    is_active = request.form.get("active") == "1"
    services.set_active(of, entry_id, is_active, actor())
    db.session.commit()
    flash(_("It is in use again.") if is_active else _("It was retired. What names it keeps it."), "done")
    return redirect(url_for(".entry", kind=kind, entry_id=entry_id), 303)


@bp.post(f"{_ENTRY}/delete")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def delete_entry(kind: str, entry_id: int) -> BaseResponse | tuple[str, int]:
    """Delete an entry that nothing names."""
    of = KINDS[kind]
    present = _find(of, entry_id)
    try:
        services.delete_entry(of, entry_id, actor())
        days = shown(present.values)
        job_id = _plan_anew(of, of.plans if kind == "breaks" else frozenset(), entry_id, days)
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        flash(str(error), "problem")
        return redirect(url_for(".entry", kind=kind, entry_id=entry_id), 303)
    flash(_("“%(key)s” was deleted.", key=present.values[of.key]), "done")
    return redirect(_after(kind, job_id), 303)


def _save(of: Kind, present: Entry, values: dict[str, Any]) -> BaseResponse:
    changed = services.change_entry(of, present.id, values, present.version, actor())
    job_id = _plan_anew(of, changed.keys() & of.plans, present.id, shown(present.values))
    db.session.commit()
    flash(
        _("Saved.") if changed else _("Nothing was different, so nothing was changed."), "done" if changed else "note"
    )
    return redirect(_after(of.name, job_id), 303)


def _plan_anew(of: Kind, changed: Any, entry_id: int, before: dict[str, str] | None = None) -> int | None:
    """Have the worker plan the weekly logs that depend on what changed; the job's id, None when nothing does."""
    if not changed:
        return None
    if of.name == "modes":
        return start_job("replan", actor(), back=of.name, mode_id=entry_id)
    now = queries.find_entry(of, entry_id)
    days = [one[name] for one in (before, shown(now.values) if now else None) if one
            for name in ("start_date", "end_date")]  # fmt: skip
    return start_job("replan", actor(), back=of.name, first=min(days), last=max(days))


def _after(kind: str, job_id: int | None) -> str:
    return url_for("jobs.follow", job_id=job_id) if job_id else url_for(".entries", kind=kind)


def _merge(of: Kind, present: Entry) -> Merged:
    now = shown(present.values)
    typed = form_for(of.name, request.form, present.values.get("department_id")).typed()
    was = {name: " ".join(request.form.get(f"was-{name}", now[name]).split()) for name in now}
    return merge_fields(typed, was, now, {name: request.form.get(f"take-{name}", "") for name in now})


def _form_of(of: Kind, present: Entry, values: Any) -> EntryForm:
    # A tick that is away is not sent at all.
    sent = {name: value for name, value in values.items() if value or name != "expects_weekly_log"}
    return form_for(of.name, MultiDict(sent), present.values.get("department_id"))


def _find(of: Kind, entry_id: int) -> Entry:
    return queries.find_entry(of, entry_id) or abort(404)


def _new_page(of: Kind, form: EntryForm, status: int = 200, existing: int | None = None) -> Response:
    context = _about(of) | {"form": form, "existing": existing}
    if wants_fragment():
        return fragment("catalogue/_new.html", status, **context)
    return make_response(page("catalogue/new.html", **context), status)


def _entry_page(
    of: Kind, present: Entry, form: EntryForm, merged: Merged | None = None, existing: int | None = None
) -> str:
    context = _about(of) | {"form": form, "entry": present, "now": shown(present.values), "merged": merged}
    if is_closed(of, present.id):
        department = present.values.get("department_id")
        names = queries.department_names([department]) if department else {}
        return page("catalogue/closed.html", department=names.get(department or 0, ""), **context)
    return page("catalogue/entry.html", existing=existing, **context)


def _about(of: Kind) -> dict[str, Any]:
    return {"kind": of, "kinds": list(KINDS), "words": KIND_WORDS, "columns": COLUMN_WORDS}


def _asked(of: Kind) -> PageRequest:
    """The order and the place in it; the key of the kind unless another field that is never empty is named."""
    name = request.args.get("sort", "")
    sorts = {of.key, "name", *({"start_date"} if of.name == "breaks" else ())}
    usual = "start_date" if of.name == "breaks" else of.key
    sort = name.removeprefix("-") if name.removeprefix("-") in sorts else usual
    return PageRequest(sort, name.startswith("-") and sort == name[1:], Cursor.decode(request.args.get("after")))


def _args(of: Kind) -> dict[str, str]:
    """The list as its address has it, without its place."""
    found = {name: request.args.get(name, "") for name in ("q", "state", "sort")}
    return {"kind": of.name} | {name: value for name, value in found.items() if value}
