"""The catalogue in sets: what is there by human key, and writing what a file says.

`stored_…` reads everything of a kind in one statement; `save_…` writes a plan in the caller's
transaction with its audit rows and gives the ids of the new rows by key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from portal.audit.services import Actor
from portal.bulk import Plan, Stored, ids_by, insert_rows, record_plan, update_rows
from portal.catalogue.models import ClassGroup, Cohort, Department, Mode, Module
from portal.extensions import db
from portal.folding import fold


@dataclass(frozen=True, slots=True)
class ModeDraft:
    """A mode of teaching, which no file makes."""

    name: str


@dataclass(frozen=True, slots=True)
class DepartmentDraft:
    """A department that something names by its code."""

    code: str


@dataclass(frozen=True, slots=True)
class ModuleDraft:
    """A module as someone wants it; `department` is a department's code."""

    code: str
    name: str
    department: str | None = None
    level: str | None = None
    credits: int = 0


@dataclass(frozen=True, slots=True)
class ClassDraft:
    """A class as someone wants it."""

    name: str
    year: int | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class CohortDraft:
    """A cohort as someone wants it; its end, if it has one, lies after its start."""

    code: str
    name: str
    program: str | None = None
    start_date: date | None = None
    end_date: date | None = None


def mode_names() -> dict[str, int]:
    """The ids of all modes by name."""
    return {name: stored.id for name, stored in stored_modes().items()}


def _folded(draft: ModuleDraft | ClassDraft | CohortDraft, most: int) -> dict[str, Any]:
    """The columns of a draft with its folded name, cut to what the column holds."""
    return {**asdict(draft), "name_folded": fold(draft.name)[:most]}


def stored_modes() -> dict[str, Stored[ModeDraft]]:
    """All modes by name."""
    rows = db.session.execute(select(Mode.id, Mode.name))
    return {name: Stored(row_id, ModeDraft(name)) for row_id, name in rows}


def stored_departments() -> dict[str, Stored[DepartmentDraft]]:
    """All departments by code."""
    rows = db.session.execute(select(Department.id, Department.code))
    return {code: Stored(row_id, DepartmentDraft(code)) for row_id, code in rows}


def save_departments(codes: Iterable[str], by: Actor) -> dict[str, int]:
    """Add departments that are known by code alone; the code is their name until somebody gives one."""
    plan = Plan([DepartmentDraft(code) for code in sorted(set(codes))])
    rows = [{"code": draft.code, "name": draft.code, "name_folded": fold(draft.code)} for draft in plan.new]
    insert_rows(Department, rows)
    ids = ids_by(Department.code, (draft.code for draft in plan.new))
    record_plan(by, "departments", plan, [ids[draft.code] for draft in plan.new])
    return ids


def stored_modules() -> dict[str, Stored[ModuleDraft]]:
    """All modules by code."""
    rows: Iterable[Any] = db.session.execute(
        select(Module.id, Module.code, Module.name, Department.code, Module.level, Module.credits).outerjoin(
            Department, Department.id == Module.department_id
        )
    )
    return {code: Stored(row_id, ModuleDraft(code, *rest)) for row_id, code, *rest in rows}


def save_modules(plan: Plan[ModuleDraft], departments: Mapping[str, int], by: Actor) -> dict[str, int]:
    """Write modules; `departments` has the ids of every department that they name."""

    def columns(draft: ModuleDraft) -> dict[str, Any]:
        values = _folded(draft, 200)
        code = values.pop("department")
        return {**values, "department_id": departments[code] if code else None}

    insert_rows(Module, [{**columns(draft), "is_active": True} for draft in plan.new])
    update_rows(Module, [{**columns(edit.after), "id": edit.id} for edit in plan.edits])
    ids = ids_by(Module.code, (draft.code for draft in plan.new))
    record_plan(by, "modules", plan, [ids[draft.code] for draft in plan.new])
    return ids


def stored_classes() -> dict[str, Stored[ClassDraft]]:
    """All classes by name."""
    rows: Iterable[Any] = db.session.execute(
        select(ClassGroup.id, ClassGroup.name, ClassGroup.year, ClassGroup.section)
    )
    return {name: Stored(row_id, ClassDraft(name, *rest)) for row_id, name, *rest in rows}


def save_classes(plan: Plan[ClassDraft], by: Actor) -> dict[str, int]:
    """Write classes."""
    insert_rows(ClassGroup, [{**_folded(draft, 100), "is_active": True} for draft in plan.new])
    update_rows(ClassGroup, [{**_folded(edit.after, 100), "id": edit.id} for edit in plan.edits])
    ids = ids_by(ClassGroup.name, (draft.name for draft in plan.new))
    record_plan(by, "classes", plan, [ids[draft.name] for draft in plan.new])
    return ids


def stored_cohorts() -> dict[str, Stored[CohortDraft]]:
    """All cohorts by code."""
    columns = (Cohort.id, Cohort.code, Cohort.name, Cohort.program, Cohort.start_date, Cohort.end_date)
    rows: Iterable[Any] = db.session.execute(select(*columns))
    return {code: Stored(row_id, CohortDraft(code, *rest)) for row_id, code, *rest in rows}


def save_cohorts(plan: Plan[CohortDraft], by: Actor) -> dict[str, int]:
    """Write cohorts."""
    insert_rows(Cohort, [{**_folded(draft, 200), "is_active": True} for draft in plan.new])
    update_rows(Cohort, [{**_folded(edit.after, 200), "id": edit.id} for edit in plan.edits])
    ids = ids_by(Cohort.code, (draft.code for draft in plan.new))
    record_plan(by, "cohorts", plan, [ids[draft.code] for draft in plan.new])
    return ids
