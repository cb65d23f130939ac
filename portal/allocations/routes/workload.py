"""How much everyone has: the list, a person with every input, and the formula."""

from typing import Any

from flask import Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal.allocations.forms.workload import (
    FormulaForm,
    OverrideForm,
    TermsForm,
    WorkloadList,
    key_of,
    term_asked,
)
from portal.allocations.queries import workload as queries
from portal.allocations.queries.rollover import list_terms
from portal.allocations.routes.blueprint import bp
from portal.allocations.services import workload as services
from portal.errors import DomainError
from portal.extensions import db
from portal.folding import whole_number
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.downloads import csv_answer
from portal.web.forms import PortalForm
from portal.web.htmx import fragment, wants_fragment
from portal.web.locale import present_day
from portal.web.pages import page

_PERSON = "/workload/<id:facilitator_id>"


@bp.get("/workload")
@audience(Role.MANAGER, Role.ADMIN)
def workload() -> str | Response:
    """Everyone who teaches with what they have in a term."""
    terms, formula = list_terms(), queries.present_formula()
    asked = WorkloadList.read(request.args, terms, present_day())
    totals = queries.total_workload(asked.wanted, formula)
    found = queries.page_of_loads(asked.wanted, formula, asked.page, totals.people)
    context: dict[str, Any] = {"asked": asked, "totals": totals, "found": found, "terms": terms, "formula": formula}
    if wants_fragment():
        answer = fragment("allocations/workload/_results.html", **context)
        answer.headers["HX-Push-Url"] = url_for(
            ".workload", _external=False, **asked.args(after=request.args.get("after"))
        )
        return answer
    return page("allocations/workload/page.html", departments=queries.list_staff_departments(), **context)


@bp.get(_PERSON)
@audience(Role.MANAGER, Role.ADMIN)
@shared
def person_workload(facilitator_id: int) -> str:
    """One person's courses with all that their hours are made of."""
    return _person_page(facilitator_id)


@bp.get("/workload/mine")
@audience(Role.FACILITATOR)
def my_workload() -> str:
    """The same for oneself, to read."""
    own = queries.find_profile(current_user.id) or abort(404)
    return _person_page(own, is_own=True)


@bp.post(f"{_PERSON}/terms")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def set_terms(facilitator_id: int) -> BaseResponse | tuple[str, int]:
    """Change how much somebody may have."""
    form = TermsForm(request.form)
    read = form.read()
    if read is None:
        return _person_page(facilitator_id, terms_form=form), 422
    try:
        services.change_terms(facilitator_id, *read, actor())
        db.session.commit()
    except DomainError as error:
        return _refused(facilitator_id, form, error, terms_form=form)
    flash(_("Saved."), "done")
    return redirect(url_for(".person_workload", facilitator_id=facilitator_id), 303)


@bp.post("/<id:offering_id>/minutes")
@audience(Role.MANAGER, Role.ADMIN)
@shared
def override(offering_id: int) -> BaseResponse | tuple[str, int]:
    """Say what a course really is for who teaches it, or that the formula is right."""
    facilitator_id, form = whole_number(request.form.get("facilitator")) or abort(404), OverrideForm(request.form)
    read = form.read()
    if read is None:
        return _person_page(facilitator_id, override_form=form, open_id=offering_id), 422
    try:
        services.override_minutes(offering_id, read[0], form.reason.data or "", read[1], actor())
        db.session.commit()
    except DomainError as error:
        return _refused(facilitator_id, form, error, override_form=form, open_id=offering_id)
    flash(_("Saved."), "done")
    term = key_of(term_asked(request.form.get("term", ""), list_terms(), present_day()))
    return redirect(url_for(".person_workload", facilitator_id=facilitator_id, term=term), 303)


@bp.get("/workload/formula")
@audience(Role.MANAGER, Role.ADMIN)
def formula() -> str:
    """The formula in force; administrators can change it."""
    return _formula_page(FormulaForm.of(queries.present_formula()))


@bp.post("/workload/formula")
@audience(Role.ADMIN)
def set_formula() -> BaseResponse | tuple[str, int]:
    """Put another formula in force, after showing what it makes of the term."""
    form = FormulaForm(request.form)
    draft = form.read()
    if draft is None:
        return _formula_page(form), 422
    if "preview" in request.form:
        return _formula_page(form, queries.Formula(0, draft.per_credit, draft.per_student, draft.first_time,
                                                   draft.full_time)), 200  # fmt: skip
    try:
        services.change_formula(draft, form.seen.data, actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return _formula_page(form), error.status
    flash(_("The formula is in force."), "done")
    return redirect(url_for(".workload"), 303)


@bp.get("/workload.csv")
@audience(Role.MANAGER, Role.ADMIN)
def workload_csv() -> Response:
    """The list as a CSV file."""
    asked = WorkloadList.read(request.args, list_terms(), present_day())
    loads = queries.every_load(asked.wanted, queries.present_formula())
    head = [_("Facilitator"), _("Employee ID"), _("Department"), _("Part of full time"), _("Courses"), _("Limit"),
            _("Credits"), _("Students"), _("Hours"), _("Percent of their time")]  # fmt: skip
    rows = ([one.name, one.employee_id, one.department, f"{one.fte:.2f}", one.courses, one.limit, one.credits,
             one.students, round(one.minutes / 60, 1), one.percent] for one in loads)  # fmt: skip
    return csv_answer(f"workload-{key_of(asked.wanted.term)}", head, rows)


def _person_page(facilitator_id: int, *, is_own: bool = False, **forms: Any) -> str:
    terms, formula = list_terms(), queries.present_formula()
    term = term_asked(request.values.get("term", ""), terms, present_day())
    load = queries.load_of(facilitator_id, term, formula) or abort(404)
    context = {"terms_form": TermsForm.of(load), "override_form": None, "open_id": None} | forms
    courses = queries.courses_of(facilitator_id, term, formula)
    return page("allocations/workload/person.html", load=load, courses=courses, formula=formula, terms=terms,
                term=term, term_key=key_of(term), is_own=is_own, **context)  # fmt: skip


def _refused(facilitator_id: int, form: PortalForm, error: DomainError, **forms: Any) -> tuple[str, int]:
    db.session.rollback()
    form.show(error)
    return _person_page(facilitator_id, **forms), error.status


def _formula_page(form: FormulaForm, wanted: queries.Formula | None = None) -> str:
    present, terms = queries.present_formula(), list_terms()
    asked = queries.WorkloadFilter(term_asked("", terms, present_day()))
    now = queries.total_workload(asked, present)
    then = queries.total_workload(asked, wanted) if wanted else None
    return page("allocations/workload/formula.html", form=form, formula=present, now=now, then=then, term=asked.term,
                may_change=current_user.role is Role.ADMIN)  # fmt: skip
