"""Everything that the files of one run may name."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from portal.accounts.services.bulk import (
    Account,
    FacilitatorDraft,
    StudentDraft,
    absent_facilitators,
    accounts_by_email,
    stored_facilitators,
    stored_students,
)
from portal.allocations.services.bulk import Key, StoredOffering, TermDraft, stored_offerings
from portal.bulk import Draft, Plan, Stored
from portal.catalogue import services as catalogue
from portal.catalogue.queries.scopes import list_codes_elsewhere, list_own_departments
from portal.catalogue.services import BreakDraft, ClassDraft, CohortDraft, DepartmentDraft, ModeDraft, ModuleDraft
from portal.enrolments.services import EnrolmentDraft, stored_enrolments
from portal.exchange.readers import Table
from portal.exchange.services.cells import Column, RowError, day, email, read_cell, whole
from portal.exchange.services.registers import Register

Value = TypeVar("Value")


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
            cells = {line.cells[position] for line in table.lines if position < len(line.cells)}
            if column == "academic_year":
                years |= _values(cells, whole(0, 9999))
            elif column == "start_date":
                years |= {first.year for first in _values(cells, day)}
            elif column == "email":
                emails |= _values(cells, email)
    return Hint(frozenset(years), frozenset(emails))


def _values(cells: Iterable[str], read: Callable[[str], Value]) -> set[Value]:
    """What these cells hold, read as the check will read them; those with a fault are left to the check."""
    column, found = Column("", read), set()
    for cell in cells:
        with suppress(RowError):
            found.add(read_cell(column, cell))
    return found


@dataclass
class Term:
    """A register for each kind of things; each is read from the database when the files first need it."""

    hint: Hint
    # Which person of the files has an address: kind of file, and employee id or student number.
    claims: dict[str, tuple[str, str]] = field(default_factory=dict)
    # How many more (or fewer) hold a place in a course once the rows up to now are written.
    seated: Counter[Key] = field(default_factory=Counter)

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

    def plans(self) -> Sequence[Plan[Any]]:
        """What the files' rows ask for, in the order of writing; departments are made as rows name them."""
        return [
            register.plan
            for register in (
                self.breaks, self.modules, self.classes, self.cohorts, self.facilitators, self.students,
                self.offerings, self.enrolments,
            )
        ]  # fmt: skip

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

    @cached_property
    def modules_elsewhere(self) -> frozenset[str]:
        """Codes of the modules whose courses whoever imports does not answer for."""
        return list_codes_elsewhere()

    @cached_property
    def own_departments(self) -> frozenset[str] | None:
        """Codes of the departments that whoever imports answers for; None for all."""
        own = list_own_departments()
        return None if own is None else frozenset(code for code, _name in own.values())

    def places_of(self, key: Key) -> tuple[int, int]:
        """How many places a course will have, and how many are taken once the rows up to now are written."""
        stored = self.offerings.stored.get(key)
        earlier = self.offerings.earlier(key)
        draft = earlier[1] if earlier else stored.draft if stored else None
        taken = stored.enrolled if isinstance(stored, StoredOffering) else 0
        return draft.max_students if draft else 0, taken + self.seated[key]

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
