"""Staff and students in sets: what is there by human key, and writing what a file says.

New accounts have no password: they wait for an invitation. The role of an account that exists is never changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import or_, select, update

from portal import clock
from portal.accounts.models import Facilitator, OneTimeToken, Student, User, folded_name
from portal.audit.services import Actor, Change, record_many
from portal.bulk import Edit, Plan, Stored, differences, ids_by, in_chunks, insert_rows, record_plan, update_rows
from portal.extensions import db
from portal.roles import Role


@dataclass(frozen=True, slots=True)
class FacilitatorDraft:
    """Someone who teaches, as someone wants them; `department` is free text, usually a code."""

    employee_id: str
    email: str
    first_name: str
    last_name: str = ""
    department: str | None = None
    max_course_load: int = 4


@dataclass(frozen=True, slots=True)
class StudentDraft:
    """Someone who studies, as someone wants them."""

    student_number: str
    email: str
    first_name: str
    last_name: str = ""
    cohort_code: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """Who has an address: the account, its role, and its employee id where it has a facilitator profile."""

    user_id: int
    role: Role
    employee_id: str | None


class _Named(Protocol):
    @property
    def email(self) -> str: ...
    @property
    def first_name(self) -> str: ...
    @property
    def last_name(self) -> str: ...


def accounts_by_email(emails: Iterable[str]) -> dict[str, Account]:
    """The accounts that have one of these addresses, by address."""
    found: dict[str, Account] = {}
    for part in in_chunks(sorted(set(emails))):
        rows: Iterable[Any] = db.session.execute(
            select(User.email, User.id, User.role, Facilitator.employee_id)
            .outerjoin(Facilitator, Facilitator.user_id == User.id)
            .where(User.email.in_(part))
        )
        found.update({email: Account(*rest) for email, *rest in rows})
    return found


def facilitator_ids() -> dict[str, int]:
    """The ids of all facilitators by employee id."""
    return dict(db.session.execute(select(Facilitator.employee_id, Facilitator.id)).all())


def absent_facilitators() -> frozenset[str]:
    """The employee ids of facilitators who cannot be allocated: not available, or without an active account."""
    wanted = select(Facilitator.employee_id).join(User, User.id == Facilitator.user_id)
    return frozenset(db.session.scalars(wanted.where(or_(~Facilitator.is_available, ~User.is_active))))


def stored_facilitators() -> dict[str, Stored[FacilitatorDraft]]:
    """All facilitators by employee id."""
    rows: Iterable[Any] = db.session.execute(
        select(
            Facilitator.id,
            Facilitator.employee_id,
            User.email,
            User.first_name,
            User.last_name,
            Facilitator.department,
            Facilitator.max_course_load,
        ).join(User, User.id == Facilitator.user_id)
    )
    return {employee: Stored(row_id, FacilitatorDraft(employee, *rest)) for row_id, employee, *rest in rows}


def save_facilitators(plan: Plan[FacilitatorDraft], by: Actor) -> dict[str, int]:
    """Write facilitators and their accounts; gives the ids of the new ones by employee id.

    A new one whose address has an account (a manager who also teaches) gets the profile besides.
    """
    users = _save_users(plan, Role.FACILITATOR, by)
    new = [
        {
            "user_id": users[draft.email],
            "employee_id": draft.employee_id,
            "fte": 1,
            "is_available": True,
            **_load(draft),
        }
        for draft in plan.new
    ]
    insert_rows(Facilitator, new)
    _update_users(plan.edits, Facilitator, by)
    update_rows(Facilitator, [{"id": edit.id, **_load(edit.after)} for edit in plan.edits])
    ids = ids_by(Facilitator.employee_id, (draft.employee_id for draft in plan.new))
    record_plan(by, "facilitators", plan, [ids[draft.employee_id] for draft in plan.new])
    return ids


def _load(draft: FacilitatorDraft) -> dict[str, Any]:
    return {"department": draft.department, "max_course_load": draft.max_course_load}


def stored_students(cohorts: Mapping[int, str]) -> dict[str, Stored[StudentDraft]]:
    """All students by student number; `cohorts` has the codes of all cohorts by id."""
    rows = db.session.execute(
        select(Student.id, Student.student_number, User.email, User.first_name, User.last_name, Student.cohort_id).join(
            User, User.id == Student.user_id
        )
    )
    return {
        number: Stored(row_id, StudentDraft(number, email, first, last, cohorts.get(cohort_id or 0)))
        for row_id, number, email, first, last, cohort_id in rows
    }


def save_students(plan: Plan[StudentDraft], cohorts: Mapping[str, int], by: Actor) -> dict[str, int]:
    """Write students and their accounts; `cohorts` has the ids of every cohort that they name, by code."""

    def cohort(draft: StudentDraft) -> dict[str, Any]:
        return {"cohort_id": cohorts[draft.cohort_code] if draft.cohort_code else None}

    users = _save_users(plan, Role.STUDENT, by)
    new = [
        {"user_id": users[draft.email], "student_number": draft.student_number, "status": "active", **cohort(draft)}
        for draft in plan.new
    ]
    insert_rows(Student, new)
    _update_users(plan.edits, Student, by)
    update_rows(Student, [{"id": edit.id, **cohort(edit.after)} for edit in plan.edits])
    ids = ids_by(Student.student_number, (draft.student_number for draft in plan.new))
    record_plan(by, "students", plan, [ids[draft.student_number] for draft in plan.new])
    return ids


def _save_users(plan: Plan[Any], role: Role, by: Actor) -> dict[str, int]:
    """The accounts of new people by address: those that are there, with the name of the file, and new ones."""
    drafts = {draft.email: draft for draft in plan.new}
    present = ids_by(User.email, drafts)
    _rename({user_id: drafts[email] for email, user_id in present.items()}, by)
    absent = [draft for email, draft in drafts.items() if email not in present]
    fixed = {"role": role, "locale": "en", "is_active": True, "session_epoch": 0}
    insert_rows(User, [{"email": draft.email, **_name(draft), **fixed} for draft in absent])
    made = ids_by(User.email, (draft.email for draft in absent))
    _record(by, "create", {user_id: {"email": (None, email), "role": (None, role)} for email, user_id in made.items()})
    return present | made


def _rename(people: Mapping[int, _Named], by: Actor) -> None:
    """Give accounts, by id, the names of a file."""
    changed: dict[int, dict[str, tuple[Any, Any]]] = {}
    for part in in_chunks(people):
        rows: Iterable[Any] = db.session.execute(
            select(User.id, User.first_name, User.last_name).where(User.id.in_(part))
        )
        for user_id, first, last in rows:
            draft = people[user_id]
            names = {"first_name": (first, draft.first_name), "last_name": (last, draft.last_name)}
            changed[user_id] = {name: pair for name, pair in names.items() if pair[0] != pair[1]}
    changed = {user_id: names for user_id, names in changed.items() if names}
    update_rows(User, [{"id": user_id, **_name(people[user_id])} for user_id in changed])
    _record(by, "update", changed)


def _update_users(edits: Iterable[Edit[Any]], profile: type[Facilitator] | type[Student], by: Actor) -> None:
    """Carry new names and addresses over; what was sent to an old address no longer works."""
    changed = {edit.id: edit for edit in edits if _person(edit.before) != _person(edit.after)}
    users: dict[int, int] = {}
    for part in in_chunks(changed):
        users.update(db.session.execute(select(profile.id, profile.user_id).where(profile.id.in_(part))).all())
    rows = [{"id": users[row_id], "email": edit.after.email, **_name(edit.after)} for row_id, edit in changed.items()]
    update_rows(User, rows)
    _end_tokens(users[row_id] for row_id, edit in changed.items() if edit.before.email != edit.after.email)
    _record(by, "update", {users[row_id]: _person_differences(edit) for row_id, edit in changed.items()})


def _end_tokens(user_ids: Iterable[int]) -> None:
    for part in in_chunks(user_ids):
        db.session.execute(
            update(OneTimeToken)
            .where(OneTimeToken.user_id.in_(part), OneTimeToken.used_at.is_(None))
            .values(used_at=clock.now())
        )


def _record(by: Actor, action: str, users: Mapping[int, dict[str, tuple[Any, Any]]]) -> None:
    for part in in_chunks(Change(action, "users", user_id, values) for user_id, values in users.items()):
        record_many(by, part)


def _person(draft: _Named) -> tuple[str, str, str]:
    return draft.email, draft.first_name, draft.last_name


def _person_differences(edit: Edit[Any]) -> dict[str, tuple[Any, Any]]:
    found = differences(edit.before, edit.after)
    return {name: found[name] for name in ("email", "first_name", "last_name") if name in found}


def _name(draft: _Named) -> dict[str, Any]:
    names = {"first_name": draft.first_name, "last_name": draft.last_name}
    return {**names, "name_folded": folded_name(draft.first_name, draft.last_name)}
