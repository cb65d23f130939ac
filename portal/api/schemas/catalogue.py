"""Modules, classes, cohorts, modes and departments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, StrictBool, StrictInt, StringConstraints

from portal.api.schemas.common import LEFT_OUT, Day, Given, Line, Paged, SentId, Taken, Version
from portal.catalogue.queries.entries import Entry

Words = Annotated[Line, StringConstraints(min_length=1)]
Text20 = Annotated[Words, StringConstraints(max_length=20)]
Text40 = Annotated[Words, StringConstraints(max_length=40)]
Text100 = Annotated[Words, StringConstraints(max_length=100)]
Text200 = Annotated[Words, StringConstraints(max_length=200)]
Credits = Annotated[StrictInt, Field(ge=0, le=1000)]
Percent = Annotated[StrictInt, Field(ge=0, le=500)]
# The days that forms and files know too.
TermDay = Annotated[Day, Field(ge=date(1950, 1, 1), le=date(2150, 12, 31))]
YearOfClass = Annotated[StrictInt, Field(ge=1, le=2150)]


class EntryQuery(Paged):
    """Which entries are wanted, in which order."""

    q: str = Field("", max_length=100)
    is_active: bool | None = None


class NamedQuery(EntryQuery):
    """The same of entries that have a name."""

    sort: Literal["id", "-id", "name", "-name"] = "id"


class CodedQuery(EntryQuery):
    """The same of entries that have a code."""

    sort: Literal["id", "-id", "code", "-code", "name", "-name"] = "id"


class EntryShown(Given):
    """What all entries have."""

    id: int
    is_active: bool
    version: int

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """An entry with its fields."""
        return cls(id=entry.id, is_active=entry.is_active, version=entry.version, **entry.values)


class ModuleShown(EntryShown):
    """An entry of what is taught."""

    code: str
    name: str
    credits: int
    level: str | None
    department_id: int | None


class ClassShown(EntryShown):
    """A named group of students."""

    name: str
    year: int | None
    section: str | None


class CohortShown(EntryShown):
    """An intake of a programme."""

    code: str
    name: str
    program: str | None
    start_date: date | None
    end_date: date | None


class ModeShown(EntryShown):
    """How teaching happens."""

    name: str
    expects_weekly_log: bool
    workload_percent: int


class DepartmentShown(EntryShown):
    """A unit that owns modules."""

    code: str
    name: str


class _Whole(Taken):
    """The whole of an entry: to make one, or to write one anew."""

    is_active: StrictBool = True
    version: Version | None = None


class ModuleWhole(_Whole):
    """A module."""

    code: Text40
    name: Text200
    credits: Credits = 0
    level: Text20 | None = None
    department_id: SentId | None = None


class ClassWhole(_Whole):
    """A class."""

    name: Text100
    year: YearOfClass | None = None
    section: Text40 | None = None


class CohortWhole(_Whole):
    """A cohort."""

    code: Text40
    name: Text200
    program: Text200 | None = None
    start_date: TermDay | None = None
    end_date: TermDay | None = None


class ModeWhole(_Whole):
    """A mode."""

    name: Text40
    expects_weekly_log: StrictBool = True
    workload_percent: Percent = 100


class DepartmentWhole(_Whole):
    """A department."""

    code: Text20
    name: Text200


class _Change(Taken):
    """What is to be different; what is left out stays."""

    is_active: StrictBool = LEFT_OUT
    version: Version | None = None


class ModuleChange(_Change):
    """What is to be different of a module."""

    code: Text40 = LEFT_OUT
    name: Text200 = LEFT_OUT
    credits: Credits = LEFT_OUT
    level: Text20 | None = None
    department_id: SentId | None = None


class ClassChange(_Change):
    """What is to be different of a class."""

    name: Text100 = LEFT_OUT
    year: YearOfClass | None = None
    section: Text40 | None = None


class CohortChange(_Change):
    """What is to be different of a cohort."""

    code: Text40 = LEFT_OUT
    name: Text200 = LEFT_OUT
    program: Text200 | None = None
    start_date: TermDay | None = None
    end_date: TermDay | None = None


class ModeChange(_Change):
    """What is to be different of a mode."""

    name: Text40 = LEFT_OUT
    expects_weekly_log: StrictBool = LEFT_OUT
    workload_percent: Percent = LEFT_OUT


class DepartmentChange(_Change):
    """What is to be different of a department."""

    code: Text20 = LEFT_OUT
    name: Text200 = LEFT_OUT


@dataclass(frozen=True, slots=True)
class Shapes:
    """How a kind of entry is asked for, given, written whole and in part, and what one is called."""

    query: type[EntryQuery]
    shown: type[EntryShown]
    whole: type[BaseModel]
    change: type[BaseModel]
    singular: str


SHAPES: Mapping[str, Shapes] = {
    "modules": Shapes(CodedQuery, ModuleShown, ModuleWhole, ModuleChange, "module"),
    "classes": Shapes(NamedQuery, ClassShown, ClassWhole, ClassChange, "class"),
    "cohorts": Shapes(CodedQuery, CohortShown, CohortWhole, CohortChange, "cohort"),
    "modes": Shapes(NamedQuery, ModeShown, ModeWhole, ModeChange, "mode"),
    "departments": Shapes(CodedQuery, DepartmentShown, DepartmentWhole, DepartmentChange, "department"),
}
