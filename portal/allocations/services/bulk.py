"""Course offerings in sets: what is there by human keys, and writing what a file says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, tuple_

from portal.accounts.models import Facilitator
from portal.allocations.models import CourseOffering, IntakePeriod, OfferingKind, OfferingStatus
from portal.allocations.queries.listing import RUNNING
from portal.allocations.services.telling import Before, Handover, tell_allocated, tell_changed
from portal.audit.services import Actor, Change, record_many
from portal.bulk import Edit, Plan, Stored, in_chunks, insert_rows, record_plan, update_rows
from portal.catalogue.models import ClassGroup, Cohort, Mode, Module
from portal.errors import Conflict, lazy
from portal.extensions import db

# What a file can change of a course offering that is there.
_CHANGEABLE = ("facilitator_id", "start_date", "end_date", "max_students")
Key = tuple[str, str, str, str, int, int, IntakePeriod]


@dataclass(frozen=True, slots=True)
class TermDraft:
    """A course offering of a term's files, named by codes alone."""

    module_code: str
    class_name: str
    cohort_code: str
    mode: str
    academic_year: int
    trimester: int
    intake_period: IntakePeriod
    start_date: date
    end_date: date
    facilitator_employee_id: str | None = None
    max_students: int = 30

    @property
    def key(self) -> Key:
        """What tells it from every other course offering."""
        return (
            self.module_code,
            self.class_name,
            self.cohort_code,
            self.mode,
            self.academic_year,
            self.trimester,
            self.intake_period,
        )


@dataclass(frozen=True, slots=True)
class StoredOffering(Stored[TermDraft]):
    """A stored course offering with how many hold a place; one that is completed or cancelled keeps its facilitator."""

    takes_facilitator: bool
    enrolled: int


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids behind the human keys of everything that offerings name."""

    modules: Mapping[str, int]
    classes: Mapping[str, int]
    cohorts: Mapping[str, int]
    modes: Mapping[str, int]
    facilitators: Mapping[str, int]


# Open courses have no class and cohort, so no key in a term's files.
_STAFF_LED = CourseOffering.kind == OfferingKind.COHORT
_OFFERINGS = (
    select(
        CourseOffering.id,
        CourseOffering.status,
        CourseOffering.enrolled_count,
        Module.code,
        ClassGroup.name,
        Cohort.code,
        Mode.name,
        CourseOffering.academic_year,
        CourseOffering.trimester,
        CourseOffering.intake_period,
        CourseOffering.start_date,
        CourseOffering.end_date,
        Facilitator.employee_id,
        CourseOffering.max_students,
    )
    .join(Module, Module.id == CourseOffering.module_id)
    .join(ClassGroup, ClassGroup.id == CourseOffering.class_id)
    .join(Cohort, Cohort.id == CourseOffering.cohort_id)
    .join(Mode, Mode.id == CourseOffering.mode_id)
    .outerjoin(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
    .where(_STAFF_LED)
    .order_by(Module.code, ClassGroup.name, CourseOffering.id)
)


def stored_offerings(years: Iterable[int] | None = None, *, with_cancelled: bool = True) -> dict[Key, StoredOffering]:
    """The staff-led course offerings of these academic years (None: of all) by key. One statement."""
    wanted = _OFFERINGS
    if years is not None:
        wanted = wanted.where(CourseOffering.academic_year.in_(sorted(set(years))))
    if not with_cancelled:
        wanted = wanted.where(CourseOffering.status != OfferingStatus.CANCELLED)
    rows: Iterable[Any] = db.session.execute(wanted)
    found = (
        StoredOffering(row_id, TermDraft(*rest), status in RUNNING, enrolled)
        for row_id, status, enrolled, *rest in rows
    )
    return {stored.draft.key: stored for stored in found}


def save_offerings(plan: Plan[TermDraft], ids: Ids, today: date, by: Actor) -> dict[Key, int]:
    """Write course offerings; gives the ids of all written ones by key.

    New ones are planned, active or completed by `today`, and taught by their facilitator from the
    first day. Who calls this has the logs of the ids planned afterwards, in the same transaction. Facilitators
    who can sign in are told what became theirs, what is not any more, and of other dates.
    """
    new = [{**_columns(draft, ids), **_beginning(draft, today)} for draft in plan.new]
    insert_rows(CourseOffering, new)
    versions = _update(plan.edits, ids, today, by)
    made = _ids_of_new(new, plan.new)
    record_plan(by, "course_offerings", plan, [made[draft.key] for draft in plan.new])
    handed = [
        Handover(made[draft.key], 1, None, row["facilitator_id"])
        for draft, row in zip(plan.new, new, strict=True)
        if row["status"] in RUNNING
    ]
    _tell(handed, plan.edits, versions, ids, by)
    return made | {edit.after.key: edit.id for edit in plan.edits}


def _columns(draft: TermDraft, ids: Ids) -> dict[str, Any]:
    employee = draft.facilitator_employee_id
    return {
        "module_id": ids.modules[draft.module_code],
        "class_id": ids.classes[draft.class_name],
        "cohort_id": ids.cohorts[draft.cohort_code],
        "mode_id": ids.modes[draft.mode],
        "facilitator_id": ids.facilitators[employee] if employee else None,
        "academic_year": draft.academic_year,
        "trimester": draft.trimester,
        "intake_period": draft.intake_period,
        "start_date": draft.start_date,
        "end_date": draft.end_date,
        "max_students": draft.max_students,
    }


def _beginning(draft: TermDraft, today: date) -> dict[str, Any]:
    """What a course offering starts from and a file does not say."""
    return {
        "kind": OfferingKind.COHORT,
        "status": _status_on(today, draft),
        "allocated_on": draft.start_date if draft.facilitator_employee_id else None,
        "enrolment_policy": "closed",
        "enrolled_count": 0,
        "version": 1,
    }


def _status_on(today: date, draft: TermDraft) -> OfferingStatus:
    if today < draft.start_date:
        return OfferingStatus.PLANNED
    return OfferingStatus.ACTIVE if today <= draft.end_date else OfferingStatus.COMPLETED


def _tell(
    handed: list[Handover],
    edits: Sequence[Edit[TermDraft]],
    stood: Mapping[int, tuple[int, OfferingStatus]],
    ids: Ids,
    by: Actor,
) -> None:
    moved = []
    for edit in edits:
        version, status = stood[edit.id]
        before, after = (_columns(draft, ids)["facilitator_id"] for draft in (edit.before, edit.after))
        if status in RUNNING:
            handed.append(Handover(edit.id, version + 1, before, after))
            moved.append(Before(edit.id, version + 1, edit.before.start_date, edit.before.end_date, status))
    tell_allocated(handed, by, from_files=True)
    told = {one.offering_id for one in handed if one.before != one.after}
    tell_changed([one for one in moved if one.offering_id not in told], by, from_files=True)


def _update(
    edits: Sequence[Edit[TermDraft]], ids: Ids, today: date, by: Actor
) -> Mapping[int, tuple[int, OfferingStatus]]:
    """Change offerings as a manager would: a new version, and a first facilitator counts from today.

    Gives version and status before, by id. Raises Conflict when somebody changed one of them since it was read.
    """
    rows, changes = [], []
    present = _lock(edit.id for edit in edits)
    for edit in edits:
        before, after = _columns(edit.before, ids), _columns(edit.after, ids)
        version, allocated_on, status, *stands = present[edit.id]
        if stands != [before[name] for name in _CHANGEABLE]:
            raise Conflict(lazy("A course was changed while the import ran. Nothing was written; try again."))
        follows = {
            "allocated_on": (allocated_on, _allocated_on(edit, allocated_on, today)),
            "status": (status, _status_after(edit, status, today)),
        }
        rows.append(
            {"id": edit.id, **after, **{name: new for name, (_, new) in follows.items()}, "version": version + 1}
        )
        moved = {name: pair for name, pair in follows.items() if pair[0] != pair[1]}
        if moved:
            changes.append(Change("update", CourseOffering.__tablename__, edit.id, moved))
    update_rows(CourseOffering, rows)
    for part in in_chunks(changes):
        record_many(by, part)
    return {row_id: (values[0], values[2]) for row_id, values in present.items()}


def _allocated_on(edit: Edit[TermDraft], since: date | None, today: date) -> date | None:
    """The day from which someone owes logs: it stays when one person follows another.

    Who taught from the first day does so from the new first day too when that is earlier.
    """
    before, after = edit.before, edit.after
    if after.facilitator_employee_id is None:
        return None
    if since is None:
        return max(today, after.start_date) if before.facilitator_employee_id is None else None
    return min(since, after.start_date) if since <= before.start_date else since


def _status_after(edit: Edit[TermDraft], status: OfferingStatus, today: date) -> OfferingStatus:
    """A course that was over by its dates alone runs again when a file corrects them."""
    if status is OfferingStatus.COMPLETED and edit.before.end_date < today <= edit.after.end_date:
        return _status_on(today, edit.after)
    return status


def _lock(offering_ids: Iterable[int]) -> dict[int, list[Any]]:
    """Version, allocation's first day, status and what a file can change of these offerings, locked until the end."""
    names = ("id", "version", "allocated_on", "status", *_CHANGEABLE)
    wanted = select(*(getattr(CourseOffering, name) for name in names)).order_by(CourseOffering.id).with_for_update()
    found: dict[int, list[Any]] = {}
    for part in in_chunks(sorted(offering_ids)):
        rows: Iterable[Any] = db.session.execute(wanted.where(CourseOffering.id.in_(part)))
        found.update({row_id: values for row_id, *values in rows})
    return found


def _ids_of_new(rows: Iterable[Mapping[str, Any]], drafts: Iterable[TermDraft]) -> dict[Key, int]:
    """The ids of rows just inserted, found by what is unique in them; in the order of the drafts, as nothing orders
    what a database finds.
    """
    names = ("module_id", "class_id", "cohort_id", "mode_id", "academic_year", "trimester", "intake_period")
    columns = [getattr(CourseOffering, name) for name in names]
    keys = {tuple(row[name] for name in names): draft.key for row, draft in zip(rows, drafts, strict=True)}
    found: dict[Key, int] = {}
    for part in in_chunks(keys):
        known: Iterable[Any] = db.session.execute(select(CourseOffering.id, *columns).where(tuple_(*columns).in_(part)))
        found.update({keys[tuple(values)]: row_id for row_id, *values in known})
    return {key: found[key] for key in keys.values()}
