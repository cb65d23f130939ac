"""Rosters in sets: who is on which course, and writing what a file says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select, update

from portal.accounts.models import Student
from portal.allocations.models import CourseOffering
from portal.allocations.services.bulk import Key
from portal.audit.services import Actor
from portal.bulk import Plan, Stored, in_chunks, insert_rows, record_plan, update_rows
from portal.database import IN_PLACE
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.errors import Conflict, lazy
from portal.extensions import db
from portal.pulses import OF_COURSES

# Who takes up one of a course's places.
HOLDS_A_PLACE = (EnrolmentStatus.ACTIVE, EnrolmentStatus.COMPLETED)


@dataclass(frozen=True, slots=True)
class EnrolmentDraft:
    """A student on a course offering, as someone wants it; `offering` is the offering's key."""

    student_number: str
    offering: Key
    status: EnrolmentStatus = EnrolmentStatus.ACTIVE

    @property
    def key(self) -> tuple[str, Key]:
        """What tells it from every other enrolment."""
        return self.student_number, self.offering


def stored_enrolments(offerings: Mapping[int, Key]) -> dict[tuple[str, Key], Stored[EnrolmentDraft]]:
    """All enrolments of these offerings (their keys by id), by student number and key of the offering."""
    found: dict[tuple[str, Key], Stored[EnrolmentDraft]] = {}
    for part in in_chunks(offerings):
        rows = db.session.execute(
            select(Enrolment.id, Enrolment.offering_id, Student.student_number, Enrolment.status)
            .join(Student, Student.id == Enrolment.student_id)
            .where(Enrolment.offering_id.in_(part))
            .order_by(Enrolment.offering_id, Enrolment.id)
        )
        for row_id, offering_id, number, status in rows:
            draft = EnrolmentDraft(number, offerings[offering_id], status)
            found[draft.key] = Stored(row_id, draft)
    return found


def save_enrolments(
    plan: Plan[EnrolmentDraft], offerings: Mapping[Key, int], students: Mapping[str, int], by: Actor
) -> None:
    """Write enrolments and count their courses anew; who waits does so in the order of the plan.

    Raises Conflict when a course has more students than places afterwards, and had not before, or is not there any
    more.
    """
    courses = {offerings[draft.offering] for draft in plan.drafts}
    before = _lock(courses)
    if len(before) < len(courses):
        raise Conflict(lazy("Something was changed while the import ran. Nothing was written; try again."))
    pairs = [(offerings[draft.offering], students[draft.student_number]) for draft in plan.new]
    numbers = _numbers(plan, offerings, before)
    rows = [
        {"offering_id": offering, "student_id": student, "status": draft.status, "source": "import",
         "queue_number": numbers.get(draft.key)}
        for (offering, student), draft in zip(pairs, plan.new, strict=True)
    ]  # fmt: skip
    insert_rows(Enrolment, rows)
    update_rows(
        Enrolment,
        [
            {"id": edit.id, "status": edit.after.status, "queue_number": numbers.get(edit.after.key)}
            for edit in plan.edits
        ],
    )
    made = _ids_of(offering for offering, _ in pairs)
    record_plan(by, "enrolments", plan, [made[pair] for pair in pairs])
    count_anew(before)
    _check_places(before)


def _lock(offering_ids: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Last number of the waiting list and students with a place, by course; locked until the transaction ends."""
    found: dict[int, tuple[int, int]] = {}
    for part in in_chunks(sorted(set(offering_ids))):
        rows = db.session.execute(
            select(CourseOffering.id, CourseOffering.queue_last, CourseOffering.enrolled_count)
            .where(CourseOffering.id.in_(part))
            .order_by(CourseOffering.id)
            .with_for_update()
        )
        found.update({row.id: (row.queue_last, row.enrolled_count) for row in rows})
    return found


def _numbers(
    plan: Plan[EnrolmentDraft], offerings: Mapping[Key, int], before: Mapping[int, tuple[int, int]]
) -> dict[tuple[str, Key], int]:
    """A number on the waiting list for each who shall wait; the courses note the last one that they gave."""
    last = {offering_id: number for offering_id, (number, _) in before.items()}
    found: dict[tuple[str, Key], int] = {}
    for draft in plan.drafts:
        if draft.status is EnrolmentStatus.WAITLISTED:
            offering_id = offerings[draft.offering]
            last[offering_id] += 1
            found[draft.key] = last[offering_id]
    moved = [(one, number) for one, number in last.items() if number != before[one][0]]
    update_rows(CourseOffering, [{"id": one, "queue_last": number} for one, number in moved])
    return found


def _check_places(before: Mapping[int, tuple[int, int]]) -> None:
    for part in in_chunks(before):
        rows = db.session.execute(
            select(CourseOffering.id, CourseOffering.enrolled_count).where(
                CourseOffering.id.in_(part), CourseOffering.enrolled_count > CourseOffering.max_students
            )
        )
        if any(row.enrolled_count > before[row.id][1] for row in rows):
            raise Conflict(lazy("A course filled up while the import ran. Nothing was written; try again."))


def count_overfull(offering_ids: Iterable[int]) -> int:
    """How many of these offerings have more students than places."""
    too_many = CourseOffering.enrolled_count > CourseOffering.max_students
    wanted = select(func.count()).select_from(CourseOffering).where(too_many)
    parts = in_chunks(sorted(set(offering_ids)))
    return sum(db.session.scalar(wanted.where(CourseOffering.id.in_(part))) or 0 for part in parts)


def _ids_of(offering_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    """The ids of all enrolments of these offerings, by offering and student."""
    found: dict[tuple[int, int], int] = {}
    for part in in_chunks(sorted(set(offering_ids))):
        rows = db.session.execute(
            select(Enrolment.offering_id, Enrolment.student_id, Enrolment.id).where(Enrolment.offering_id.in_(part))
        )
        found.update({(offering, student): row_id for offering, student, row_id in rows})
    return found


def count_anew(offering_ids: Iterable[int]) -> None:
    """Make the counts of these offerings those of their rosters."""
    of_course = select(func.count()).where(Enrolment.offering_id == CourseOffering.id)
    held = of_course.where(Enrolment.status.in_(HOLDS_A_PLACE)).scalar_subquery()
    waiting = of_course.where(Enrolment.status == EnrolmentStatus.WAITLISTED).scalar_subquery()
    for part in in_chunks(sorted(set(offering_ids))):
        db.session.execute(
            update(CourseOffering)
            .where(CourseOffering.id.in_(part))
            .values(enrolled_count=held, waiting_count=waiting)
            .execution_options(**IN_PLACE),
            execution_options={OF_COURSES: part},
        )
