"""Course offerings. What is given is plain: a list of a hundred is written without making a hundred objects first."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictInt, StringConstraints
from typing_extensions import TypedDict

from portal.allocations.models import MAX_STUDENTS, IntakePeriod, OfferingKind, OfferingStatus
from portal.allocations.services.assignment import MAX_REASON
from portal.allocations.services.offerings import MAX_SUMMARY, MAX_TITLE
from portal.api.queries.offerings import OfferingWish
from portal.api.schemas.common import LEFT_OUT, Day, Id, Line, Paged, SentId, Since, Taken, Version

Title = Annotated[Line, StringConstraints(max_length=MAX_TITLE)]
Summary = Annotated[str, StringConstraints(max_length=MAX_SUMMARY)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_REASON)]
Places = Annotated[StrictInt, Field(ge=1, le=MAX_STUDENTS)]
Trimester = Annotated[StrictInt, Field(ge=1, le=3)]
Year = Annotated[StrictInt, Field(ge=1950, le=2150)]
_SORTS = Literal[
    "id", "-id", "start_date", "-start_date", "end_date", "-end_date", "max_students", "-max_students",
    "enrolled_count", "-enrolled_count", "status", "-status",
]  # fmt: skip


class ModuleOfOffering(TypedDict):
    """The module of a course."""

    id: int
    code: str
    name: str
    credits: int


class NamedEntry(TypedDict):
    """An entry that is known by its name."""

    id: int
    name: str


class CodedEntry(TypedDict):
    """An entry that is known by its code."""

    id: int
    code: str
    name: str


class PersonNamed(TypedDict):
    """What a person is called, and their address."""

    first_name: str
    last_name: str
    email: str


class FacilitatorOfOffering(TypedDict):
    """Who teaches a course; `id` is that of the facilitator, as `facilitator_id` wants it."""

    id: int
    user: PersonNamed


_Class = TypedDict("_Class", {"class": NamedEntry | None})  # a word of Python, which no class could have as a member


class OfferingShown(_Class):
    """A course offering; with a facilitator it is an allocation, whose `allocation_id` is this id."""

    id: int
    start_date: date
    end_date: date
    max_students: int
    is_active: bool
    module: ModuleOfOffering | None
    cohort: CodedEntry | None
    mode: NamedEntry
    facilitator: FacilitatorOfOffering | None
    trimester: int
    academic_year: int
    intake_period: IntakePeriod
    status: OfferingStatus
    kind: OfferingKind
    title: str | None
    summary: str | None
    enrolled_count: int
    version: int


class OfferingQuery(Paged):
    """Which courses are wanted, in which order; `intake` is another name of `intake_period`."""

    trimester: Annotated[int, Field(ge=1, le=3)] | None = None
    academic_year: Id | None = None
    intake_period: IntakePeriod | None = None
    intake: IntakePeriod | None = None
    cohort_id: Id | None = None
    facilitator_id: Id | None = None
    mode_id: Id | None = None
    module_id: Id | None = None
    class_id: Id | None = None
    status: OfferingStatus | None = None
    kind: OfferingKind | None = None
    unallocated: bool | None = None
    updated_since: Since | None = None
    q: str = Field("", max_length=100)
    sort: _SORTS = "id"

    def wanted(self) -> OfferingWish:
        """What narrows the list."""
        names = OfferingWish.__dataclass_fields__.keys() - {"intake_period"}
        return OfferingWish(
            **{name: getattr(self, name) for name in names}, intake_period=self.intake_period or self.intake
        )


class OfferingNew(Taken):
    """A course that is to be. Year, trimester and intake follow from `start_date` where they are left out."""

    module_id: SentId | None = None
    class_id: SentId | None = None
    cohort_id: SentId | None = None
    mode_id: SentId
    facilitator_id: SentId | None = None
    start_date: Day
    end_date: Day
    max_students: Places = 30
    trimester: Trimester | None = None
    academic_year: Year | None = None
    intake_period: IntakePeriod | None = None
    kind: OfferingKind = OfferingKind.COHORT
    title: Title | None = None
    summary: Summary | None = None
    reason: Reason | None = Field(None, description="Why, where it puts the facilitator over their limit")


class OfferingWhole(Taken):
    """The whole of a course; what is left out becomes empty, or what it is for a new course."""

    module_id: SentId | None = None
    class_id: SentId | None = None
    cohort_id: SentId | None = None
    mode_id: SentId
    facilitator_id: SentId | None = None
    start_date: Day
    end_date: Day
    max_students: Places = 30
    trimester: Trimester | None = None
    academic_year: Year | None = None
    intake_period: IntakePeriod | None = None
    status: OfferingStatus | None = None
    title: Title | None = None
    summary: Summary | None = None
    reason: Reason | None = Field(None, description="Why it is cancelled, or put over somebody's limit")
    version: Version | None = None


class OfferingChange(Taken):
    """What is to be different of a course; what is left out stays."""

    module_id: SentId | None = None
    class_id: SentId | None = None
    cohort_id: SentId | None = None
    mode_id: SentId = LEFT_OUT
    facilitator_id: SentId | None = None
    start_date: Day = LEFT_OUT
    end_date: Day = LEFT_OUT
    max_students: Places = LEFT_OUT
    trimester: Trimester = LEFT_OUT
    academic_year: Year = LEFT_OUT
    intake_period: IntakePeriod = LEFT_OUT
    status: OfferingStatus = LEFT_OUT
    title: Title | None = None
    summary: Summary | None = None
    reason: Reason | None = Field(None, description="Why it is cancelled, or put over somebody's limit")
    version: Version | None = None


class Assignment(Taken):
    """Who is to teach a course; null for nobody."""

    facilitator_id: SentId | None
    reason: Reason | None = Field(None, description="Why, where it puts the facilitator over their limit")
    version: Version | None = None
