"""Rosters in sets: who is on which course, and writing what a file says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select, update

from portal.accounts.models import Student
from portal.allocations.models import CourseOffering
from portal.allocations.services.bulk import Key
from portal.audit.services import Actor
from portal.bulk import Plan, Stored, in_chunks, insert_rows, record_plan, update_rows
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db

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
    """Write enrolments and count their courses anew; a roster from a file may be larger than the course's places."""
    pairs = [(offerings[draft.offering], students[draft.student_number]) for draft in plan.new]
    rows = [
        {"offering_id": offering, "student_id": student, "status": draft.status, "source": "import"}
        for (offering, student), draft in zip(pairs, plan.new, strict=True)
    ]
    insert_rows(Enrolment, rows)
    update_rows(Enrolment, [{"id": edit.id, "status": edit.after.status} for edit in plan.edits])
    made = _ids_of(offering for offering, _ in pairs)
    record_plan(by, "enrolments", plan, [made[pair] for pair in pairs])
    count_anew(offerings[draft.offering] for draft in plan.drafts)


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
    """Make `enrolled_count` of these offerings the number of students who hold a place."""
    held = (
        select(func.count())
        .where(Enrolment.offering_id == CourseOffering.id, Enrolment.status.in_(HOLDS_A_PLACE))
        .scalar_subquery()
    )
    for part in in_chunks(sorted(set(offering_ids))):
        db.session.execute(
            update(CourseOffering)
            .where(CourseOffering.id.in_(part))
            .values(enrolled_count=held)
            .execution_options(synchronize_session=False)
        )
