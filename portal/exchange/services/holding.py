"""Between check and writing nobody's change is lost: what an import edits is locked and compared once more."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from portal.accounts.models import Facilitator, Student, User
from portal.allocations.queries.selections import lock_courses
from portal.bulk import Plan, in_chunks
from portal.catalogue.models import CalendarBreak, ClassGroup, Cohort, Module
from portal.enrolments.models import Enrolment
from portal.errors import Conflict, lazy
from portal.exchange.services.registers import Register
from portal.exchange.services.term import Term
from portal.extensions import db


def hold(term: Term) -> None:
    """Lock every row that the plans edit until the transaction ends. Raises Conflict when one is not as it was checked.

    Courses are compared by their own service; what is new is kept apart by unique keys.
    """
    people = select(User.id)
    watched: Sequence[tuple[Register[Any], Any, Select[Any]]] = (
        (term.breaks, CalendarBreak.id, select(CalendarBreak.id)),
        (term.modules, Module.id, select(Module.id)),
        (term.classes, ClassGroup.id, select(ClassGroup.id)),
        (term.cohorts, Cohort.id, select(Cohort.id)),
        (term.facilitators, Facilitator.id, people.join(Facilitator, Facilitator.user_id == User.id)),
        (term.students, Student.id, people.join(Student, Student.user_id == User.id)),
        (term.enrolments, Enrolment.id, select(Enrolment.id)),
    )
    for register, row_id, statement in watched:
        if register is term.enrolments:
            # A course before its roster, as whoever enrols or leaves does.
            lock_courses(_courses_of(term))
        if register.plan.edits:
            _lock(register.plan, row_id, statement)
            _compare(register)


def _courses_of(term: Term) -> Sequence[int]:
    """The courses that are there and that the plans edit, or whose rosters they change."""
    named = {draft.offering for draft in term.enrolments.plan.drafts}
    stored = term.offerings.stored if named else {}
    rosters = {stored[key].id for key in named if key in stored}
    return sorted(rosters | {edit.id for edit in term.offerings.plan.edits})


def _lock(plan: Plan[Any], row_id: Any, statement: Select[Any]) -> None:
    for part in in_chunks(sorted(edit.id for edit in plan.edits)):
        db.session.execute(statement.where(row_id.in_(part)).order_by(row_id).with_for_update()).all()


def _compare(register: Register[Any]) -> None:
    now = register.stored_now()
    if any(now.get(edit.id) != edit.before for edit in register.plan.edits):
        raise Conflict(lazy("Something was changed while the import ran. Nothing was written; try again."))
