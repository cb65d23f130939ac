"""Copying a term into another one: looked at first, done as it was looked at, undone while nobody used it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy.exc import IntegrityError

from portal.allocations.models import CourseOffering, Meeting, OfferingKind, OfferingStatus
from portal.allocations.queries.listing import RUNNING
from portal.allocations.queries.rollover import (
    Teacher,
    Term,
    TermCourse,
    cohorts_by_code,
    combinations_of_term,
    courses_of_term,
    meetings_of,
    teachers_in,
)
from portal.allocations.services.assignment import MAX_REASON
from portal.allocations.services.offerings import REFERENCES
from portal.allocations.services.signals import offerings_changed, offerings_copied
from portal.allocations.services.telling import Handover, tell_allocated
from portal.audit.services import Actor, Change, open_batch, record_many
from portal.bulk import in_chunks, insert_rows
from portal.catalogue.services.holding import hold_entries
from portal.errors import Conflict, DomainError, lazy
from portal.folding import fold

LONGEST_WAY = 5 * 366


@dataclass(frozen=True, slots=True)
class Rollover:
    """What to copy: one term into another, all dates moved by `days`.

    `cohort_from` in a cohort's code becomes `cohort_to`, such as 2026 becoming 2027; empty keeps the cohorts.
    """

    source: Term
    target: Term
    days: int
    department: str = ""
    with_facilitators: bool = True
    with_meetings: bool = True
    with_lessons: bool = False
    cohort_from: str = ""
    cohort_to: str = ""
    reason: str = ""

    def cohort_of(self, course: TermCourse) -> str:
        """The code of the cohort that the copy is for."""
        return course.cohort_code.replace(self.cohort_from, self.cohort_to) if self.cohort_from else course.cohort_code


@dataclass(frozen=True, slots=True)
class Copy:
    """What becomes of one course: the columns of its copy, or why there is none. `loses` is who does not come along."""

    course: TermCourse
    columns: Mapping[str, Any] = field(default_factory=dict)
    refusal: Any = ""
    other_id: int | None = None
    loses: str = ""


@dataclass(frozen=True, slots=True)
class RolloverPreview:
    """What copying would do; `seen` names exactly this. `over` are those who would have more than their limit."""

    copies: Sequence[Copy]
    seen: str
    over: Sequence[tuple[Teacher, int]] = ()

    @property
    def coming(self) -> list[Copy]:
        """Courses that will be copied."""
        return [one for one in self.copies if one.columns]

    @property
    def refused(self) -> list[Copy]:
        """Courses that will not, for a reason."""
        return [one for one in self.copies if one.refusal]

    @property
    def losing(self) -> list[Copy]:
        """Courses that come without their facilitator, who cannot teach in the new term."""
        return [one for one in self.copies if one.loses]


def preview_rollover(wanted: Rollover, today: date) -> RolloverPreview:
    """What would happen; writes nothing. Seven statements, and two for each 500 facilitators.

    Raises DomainError on the field that will not do.
    """
    _check(wanted)
    courses = courses_of_term(wanted.source, wanted.department)
    taken, cohorts = dict(combinations_of_term(wanted.target)), cohorts_by_code()
    teaching = {one.facilitator_id for one in courses if one.facilitator_id is not None}
    teachers = teachers_in(wanted.target, teaching) if wanted.with_facilitators else {}
    copies = [_copy(course, wanted, taken, cohorts, teachers, today) for course in courses]
    return RolloverPreview(copies, _digest(copies, wanted), _over(copies, teachers))


def copy_term(wanted: Rollover, seen: str, by: Actor, today: date, tell: Callable[[int], None]) -> int:
    """Do what a preview showed; gives the id of the batch. `tell` hears of every 500 courses that are planned.

    Raises Conflict when it is no longer what was `seen`, DomainError on "reason" when someone would be over their
    limit and no reason is given.
    """
    preview = preview_rollover(wanted, today)
    if preview.seen != seen:
        raise Conflict(_CHANGED)
    if preview.over and not wanted.reason.strip():
        raise DomainError(lazy("Some would be over their limit. Say why this is right."), "reason")
    _hold_entries(preview.coming)
    batch = open_batch(by, "rollover", len(preview.coming), source=list(wanted.source), target=list(wanted.target))
    made = _insert(preview.coming, wanted)
    _record(preview.coming, made, wanted, by, batch)
    if wanted.with_lessons:
        offerings_copied.send(None, pairs=made, by=by)
    for part in in_chunks(sorted(made.values())):
        offerings_changed.send(None, offering_ids=part)
        tell(len(part))
    running = [one for one in preview.coming if one.columns["status"] in RUNNING]
    handed = [Handover(made[one.course.id], 1, None, one.columns["facilitator_id"]) for one in running]
    tell_allocated(handed, by, from_files=True)
    return batch


def _hold_entries(coming: Sequence[Copy]) -> None:
    """Hold what the copies name. Raises Conflict when some of it was retired or deleted since it was looked at."""
    for name, model in REFERENCES.items():
        ids = {one.columns[name] for one in coming}
        in_use = hold_entries(model, ids)
        if not all(in_use.get(row_id) for row_id in ids):
            raise Conflict(_CHANGED)


def _check(wanted: Rollover) -> None:
    if wanted.source == wanted.target:
        raise DomainError(lazy("Choose another term than the one that is copied."), "target")
    if not 1950 <= wanted.target[0] <= 2150:
        raise DomainError(lazy("This is not an academic year."), "target")
    if abs(wanted.days) > LONGEST_WAY:
        raise DomainError(lazy("The first day is too far from the term that is copied."), "first_day")


def _copy(
    course: TermCourse,
    wanted: Rollover,
    taken: dict[tuple[Any, ...], int],
    cohorts: Mapping[str, tuple[int, bool]],
    teachers: Mapping[int, Teacher],
    today: date,
) -> Copy:
    """What becomes of one course; notes its combination as taken."""
    cohort_id, cohort_in_use = cohorts.get(wanted.cohort_of(course), (0, False))
    if not cohort_id:
        return Copy(course, refusal=_NO_COHORT)
    if not (course.in_use and cohort_in_use):
        return Copy(course, refusal=_RETIRED)
    combination = (course.module_id, course.class_id, cohort_id, course.mode_id, course.intake_period)
    if combination in taken:
        return Copy(course, refusal=_EXISTS, other_id=taken[combination] or None)
    taken[combination] = 0
    by = timedelta(days=wanted.days)
    start, end = course.start_date + by, course.end_date + by
    teacher = teachers.get(course.facilitator_id or 0)
    person = teacher.id if teacher and teacher.can_teach else None
    columns = {
        "kind": OfferingKind.COHORT, "module_id": course.module_id, "class_id": course.class_id,
        "cohort_id": cohort_id, "mode_id": course.mode_id, "intake_period": course.intake_period,
        "academic_year": wanted.target[0], "trimester": wanted.target[1], "start_date": start, "end_date": end,
        "max_students": course.max_students, "title": course.title, "summary": course.summary,
        "facilitator_id": person, "allocated_on": start if person else None, "status": _status(start, end, today),
    }  # fmt: skip
    return Copy(course, columns, loses=teacher.name if teacher and not teacher.can_teach else "")


def _status(start: date, end: date, today: date) -> OfferingStatus:
    if today < start:
        return OfferingStatus.PLANNED
    return OfferingStatus.ACTIVE if today <= end else OfferingStatus.COMPLETED


def _over(copies: Sequence[Copy], teachers: Mapping[int, Teacher]) -> list[tuple[Teacher, int]]:
    """Who would have more courses than their limit, with how many, the most first."""
    loads = {row_id: one.load for row_id, one in teachers.items()}
    for copy in copies:
        person = copy.columns.get("facilitator_id")
        if person is not None:
            loads[person] += 1
    over = [(one, loads[row_id]) for row_id, one in teachers.items() if loads[row_id] > max(one.limit, one.load)]
    return sorted(over, key=lambda pair: (pair[0].limit - pair[1], pair[0].name))


def _digest(copies: Sequence[Copy], wanted: Rollover) -> str:
    lines = [f"{one.course.id}:{sorted(one.columns.items(), key=str)}:{bool(one.refusal)}" for one in copies]
    return sha256("\n".join([f"{wanted.with_meetings} {wanted.with_lessons}", *lines]).encode()).hexdigest()


def _insert(coming: Sequence[Copy], wanted: Rollover) -> dict[int, int]:
    """Write the copies with their meeting times; gives the new ids by those that were copied."""
    beginning = {"enrolment_policy": "closed", "enrolled_count": 0, "version": 1}
    rows = [{**one.columns, **beginning, "title_folded": fold(one.course.title or "")[:200]} for one in coming]
    try:
        insert_rows(CourseOffering, rows)
    except IntegrityError as error:  # somebody made one of them since the combinations were read
        raise Conflict(_CHANGED) from error
    ids = combinations_of_term(wanted.target)
    made = {one.course.id: ids[_combination(one.columns)] for one in coming}
    if wanted.with_meetings:
        meetings = [
            {"offering_id": made[row_id], "weekday": weekday, "starts_at": begin, "ends_at": end, "room": room}
            for row_id, weekday, begin, end, room in meetings_of(sorted(made))
        ]
        insert_rows(Meeting, meetings)
    return made


def _combination(columns: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(columns[name] for name in ("module_id", "class_id", "cohort_id", "mode_id", "intake_period"))


def _record(coming: Iterable[Copy], made: Mapping[int, int], wanted: Rollover, by: Actor, batch: int) -> None:
    reason = {"reason": (None, wanted.reason.strip()[:MAX_REASON])} if wanted.reason.strip() else {}
    changes = [
        Change(
            "create",
            CourseOffering.__tablename__,
            made[one.course.id],
            {name: (None, value) for name, value in one.columns.items() if value is not None}
            | {"copied_from": (None, one.course.id)}
            | reason,
        )
        for one in coming
    ]
    for part in in_chunks(changes):
        record_many(by, part, batch)


_CHANGED = lazy("Courses were changed since you looked. Nothing was copied yet; look at it again.")
_NO_COHORT = lazy("There is no such cohort.")
_RETIRED = lazy("Its module, class, cohort or mode was retired.")
_EXISTS = lazy("There is such a course in the new term already.")
