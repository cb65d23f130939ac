"""Facilitators and students. An address has one account, whatever files say."""

from portal.accounts.services.bulk import FacilitatorDraft, StudentDraft
from portal.bulk import Stored
from portal.errors import lazy
from portal.exchange.services.cells import Blank, Column, RowError, email, text, whole
from portal.exchange.services.kinds.kind import Given, Kind, new_department, refer_to
from portal.exchange.services.term import Term
from portal.roles import Role

_OFFICE = {Role.ADMIN, Role.MANAGER}


def _verify_facilitator(draft: FacilitatorDraft, stored: Stored[FacilitatorDraft] | None, term: Term) -> None:
    """Raise RowError when the address is not this person's to have."""
    _claim(draft.email, ("facilitators", draft.employee_id), term)
    _check_address(draft, stored, term)
    new_department(draft.department, term)


def _check_address(draft: FacilitatorDraft, stored: Stored[FacilitatorDraft] | None, term: Term) -> None:
    """A new address must be free, or be that of somebody who does not teach yet."""
    if stored and stored.draft.email == draft.email:
        return
    account = term.accounts.get(draft.email)
    joins = stored is None and account and account.employee_id is None and account.role is not Role.STUDENT
    if account and not joins:
        raise _taken(draft.email)
    if stored:
        _keep_office_address(stored.draft.email, draft.email, term)


def _verify_student(draft: StudentDraft, stored: Stored[StudentDraft] | None, term: Term) -> None:
    """Raise RowError when the address is not this person's to have."""
    _claim(draft.email, ("students", draft.student_number), term)
    if stored and stored.draft.email == draft.email:
        return
    if draft.email in term.accounts:
        raise _taken(draft.email)
    if stored:
        _keep_office_address(stored.draft.email, draft.email, term)


def _claim(email: str, person: tuple[str, str], term: Term) -> None:
    """One address, one person, in the files of a run as well."""
    other = term.claims.setdefault(email, person)
    if other != person:
        why = lazy("%(other)s has this address already in these files.", other=other[1])
        raise RowError(why, "email", email)


def _taken(email: str) -> RowError:
    return RowError(lazy("Another account uses this address."), "email", email)


def _keep_office_address(before: str, after: str, term: Term) -> None:
    """Whoever may import a file must not get at an administrator's account through its address."""
    account = term.accounts.get(before)
    if account and account.role in _OFFICE:
        raise RowError(
            lazy("This is a manager's or administrator's account; its address is changed in the portal."),
            "email",
            after,
        )


def _refer_student(given: Given, term: Term) -> None:
    refer_to(given, "cohort_code", term.cohorts)


FACILITATORS = Kind(
    "facilitators",
    lazy("facilitator"),
    FacilitatorDraft,
    (
        Column("employee_id", text(40)),
        Column("email", email),
        Column("first_name", text(100)),
        Column("last_name", text(100), Blank.EMPTY_TEXT),
        Column.optional("department", text(100)),
        Column.optional("max_course_load", whole(0, 1000), Blank.AS_BEFORE),
    ),
    ("employee_id",),
    lambda term: term.facilitators,
    verify=_verify_facilitator,
)
STUDENTS = Kind(
    "students",
    lazy("student"),
    StudentDraft,
    (
        Column("student_number", text(40)),
        Column("email", email),
        Column("first_name", text(100)),
        Column("last_name", text(100), Blank.EMPTY_TEXT),
        Column.optional("cohort_code", text(40)),
    ),
    ("student_number",),
    lambda term: term.students,
    refer=_refer_student,
    verify=_verify_student,
)
