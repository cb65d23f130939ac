"""Breaks, modules, classes and cohorts."""

from typing import Any

from portal.bulk import Stored
from portal.catalogue.services import BreakDraft, ClassDraft, CohortDraft, ModuleDraft
from portal.errors import lazy
from portal.exchange.services.cells import Blank, Column, RowError, day, text, whole
from portal.exchange.services.kinds.kind import DEPARTMENT_CODE, Given, Kind, in_order, new_department, refuse_elsewhere
from portal.exchange.services.term import Term


def _refer_module(given: Given, term: Term) -> None:
    new_department(given.get("department"), term)
    if given.get("department"):
        given["department"] = term.departments.spelling_of(given["department"])


def _verify_module(draft: ModuleDraft, stored: Stored[ModuleDraft] | None, term: Term) -> None:
    """Who answers for some departments changes modules of these and of none, and makes them no other's."""
    if stored and stored.draft == draft:
        return
    refuse_elsewhere(draft.code, "code", term)
    own = term.own_departments
    if own is not None and draft.department and draft.department not in own:
        raise RowError(lazy("You do not answer for this department."), "department", draft.department)


def _verify_break(draft: BreakDraft, _stored: Any, _term: Term) -> None:
    in_order(draft.start_date, draft.end_date, one_day=True)


def _verify_cohort(draft: CohortDraft, _stored: Any, _term: Term) -> None:
    in_order(draft.start_date, draft.end_date)


BREAKS = Kind(
    "breaks",
    lazy("break"),
    BreakDraft,
    (Column("name", text(100)), Column("start_date", day), Column("end_date", day)),
    ("name", "start_date"),
    lambda term: term.breaks,
    verify=_verify_break,
)
MODULES = Kind(
    "modules",
    lazy("module"),
    ModuleDraft,
    (
        Column("code", text(40)),
        Column("name", text(200)),
        Column.optional("department", text(DEPARTMENT_CODE)),
        Column.optional("level", text(20)),
        Column.optional("credits", whole(0, 1000), Blank.AS_BEFORE),
    ),
    ("code",),
    lambda term: term.modules,
    refer=_refer_module,
    verify=_verify_module,
)
CLASSES = Kind(
    "classes",
    lazy("class"),
    ClassDraft,
    (Column("name", text(100)), Column.optional("year", whole(0, 9999)), Column.optional("section", text(40))),
    ("name",),
    lambda term: term.classes,
)
COHORTS = Kind(
    "cohorts",
    lazy("cohort"),
    CohortDraft,
    (
        Column("code", text(40)),
        Column("name", text(200)),
        Column.optional("program", text(200)),
        Column.optional("start_date", day),
        Column.optional("end_date", day),
    ),
    ("code",),
    lambda term: term.cohorts,
    verify=_verify_cohort,
)
