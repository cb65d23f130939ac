"""Everything that the files of one run may name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from portal.accounts.services.bulk import (
    Account,
    FacilitatorDraft,
    StudentDraft,
    absent_facilitators,
    accounts_by_email,
    stored_facilitators,
    stored_students,
)
from portal.allocations.services.bulk import Key, TermDraft, stored_offerings
from portal.bulk import Draft, Stored
from portal.catalogue import services as catalogue
from portal.catalogue.services import BreakDraft, ClassDraft, CohortDraft, DepartmentDraft, ModeDraft, ModuleDraft
from portal.enrolments.services import EnrolmentDraft, stored_enrolments
from portal.exchange.readers import Table
from portal.exchange.services.registers import Register


@dataclass(frozen=True, slots=True)
class Hint:
    """What the files mention, found before they are checked, so that only what they need is read from the database."""

    years: frozenset[int]
    emails: frozenset[str]


def hint_of(tables: Iterable[Table]) -> Hint:
    """The academic years (or years of first days) and the addresses in these tables."""
    years: set[int] = set()
    emails: set[str] = set()
    for table in tables:
        for position, column in enumerate(table.columns):
            cells = {line.cells[position].strip() for line in table.lines if position < len(line.cells)}
            if column in {"academic_year", "start_date"}:
                years |= {int(cell[:4]) for cell in cells if cell[:4].isascii() and cell[:4].isdigit()}
            elif column == "email":
                emails |= {cell.lower() for cell in cells}
    return Hint(frozenset(years), frozenset(emails))


@dataclass
class Term:
    """A register for each kind of things; each is read from the database when the files first need it."""

    hint: Hint
    # Which person of the files has an address: kind of file, and employee id or student number.
    claims: dict[str, tuple[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.breaks: Register[BreakDraft] = Register(catalogue.stored_breaks)
        self.departments: Register[DepartmentDraft] = Register(catalogue.stored_departments)
        self.modules: Register[ModuleDraft] = Register(catalogue.stored_modules)
        self.classes: Register[ClassDraft] = Register(catalogue.stored_classes)
        self.cohorts: Register[CohortDraft] = Register(catalogue.stored_cohorts)
        self.modes: Register[ModeDraft] = Register(catalogue.stored_modes)
        self.facilitators: Register[FacilitatorDraft] = Register(stored_facilitators)
        self.students: Register[StudentDraft] = Register(self._load_students)
        self.offerings: Register[TermDraft] = Register(self._load_offerings)
        self.enrolments: Register[EnrolmentDraft] = Register(self._load_enrolments)

    @cached_property
    def accounts(self) -> dict[str, Account]:
        """Who has the addresses of the files, and the addresses of staff and students that are stored."""
        stored = [
            one.draft.email for register in (self.facilitators, self.students) for one in register.stored.values()
        ]
        return accounts_by_email({*self.hint.emails, *stored})

    @cached_property
    def absent(self) -> frozenset[str]:
        """Employee ids of those whom nobody can be handed over to at present."""
        return absent_facilitators()

    def _load_students(self) -> Mapping[Any, Stored[StudentDraft]]:
        return stored_students({one.id: code for code, one in self._stored(self.cohorts).items()})

    def _load_offerings(self) -> Mapping[Any, Stored[TermDraft]]:
        return stored_offerings(self.hint.years)

    def _load_enrolments(self) -> Mapping[Any, Stored[EnrolmentDraft]]:
        offerings: dict[int, Key] = {one.id: one.draft.key for one in self.offerings.stored.values()}
        return stored_enrolments(offerings)

    @staticmethod
    def _stored(register: Register[Draft]) -> dict[str, Stored[Draft]]:
        return {str(key): stored for key, stored in register.stored.items()}
