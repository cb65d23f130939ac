"""Weekly logs. The items of the checklist are members of a log, by their keys; administrators decide which."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints

from portal.api.schemas.common import Given, Id, Moment, Paged, Since, Taken
from portal.tracker.models import ItemStatus
from portal.tracker.queries import Log
from portal.tracker.queries.compliance import Sums, WeekSums
from portal.tracker.queries.programs import LogWish
from portal.tracker.services.attendance import MOST_HEADS
from portal.tracker.states import LogState

Notes = Annotated[str, StringConstraints(max_length=20_000)]
There = Annotated[list[StrictBool], Field(max_length=MOST_HEADS)]


class LogShown(Given):
    """A weekly log, and beside these members one for each item that the week shows, such as `"intranet_sync": "Done"`.

    `attendance` says in roster order who was there; null until it is taken.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    id: int
    allocation_id: int
    facilitator_id: int
    week_number: int
    week_start: date
    due_at: Moment
    state: LogState
    submitted_at: Moment | None
    attendance: list[bool] | None
    notes: str
    version: int

    @classmethod
    def of(cls, log: Log, there: list[bool] | None) -> Self:
        """A log with its items as members."""
        own = {name: getattr(log, name) for name in cls.model_fields if name not in {"allocation_id", "attendance"}}
        items: dict[str, Any] = {item.key: item.current.value for item in log.items}
        return cls(**(items | own), allocation_id=log.offering_id, attendance=there)


class LogQuery(Paged):
    """Which logs are wanted, in which order; `status` means any item that stands so."""

    allocation_id: Id | None = None
    week_number: Id | None = None
    facilitator_id: Id | None = None
    status: ItemStatus | None = None
    state: LogState | None = None
    updated_since: Since | None = None
    sort: Literal["id", "-id", "week_number", "-week_number", "due_at", "-due_at", "submitted_at", "-submitted_at"] = (
        "id"
    )

    def wanted(self, owed_by: int | None) -> LogWish:
        """What narrows the list."""
        return LogWish(
            owed_by, self.allocation_id, self.week_number, self.facilitator_id, self.status, self.state,
            self.updated_since,
        )  # fmt: skip


class LogChange(BaseModel):
    """What is said of a week; further members are items of the checklist with their status."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, ItemStatus]

    attendance: There | None = None
    notes: Notes | None = None
    version: Annotated[StrictInt, Field(ge=1)] | None = None

    @property
    def statuses(self) -> dict[str, ItemStatus]:
        """The members that have no name of their own."""
        return dict(self.model_extra or {})


class LogNew(LogChange):
    """A week that is filled in and handed in."""

    allocation_id: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
    week_number: Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]


class SummaryQuery(Taken):
    """Which week of which term; left out, as the page about compliance chooses."""

    week_number: Id | None = None
    academic_year: Id | None = None
    trimester: Annotated[int, Field(ge=1, le=3)] | None = None


class SummaryShown(Given):
    """A week of a term in numbers. `week_number` is its place in the term; `percent_on_time` counts what is over."""

    academic_year: int
    trimester: int
    week_number: int
    week_start: date
    due_at: Moment
    total: int
    on_time: int
    late: int
    missing: int
    open: int
    not_due: int
    excused: int
    percent_on_time: int | None

    @classmethod
    def of(cls, week: WeekSums, year: int, trimester: int) -> Self:
        """The sums of a week."""
        sums: Sums = week.sums
        states = {state.value: sums.of(state) for state in LogState}
        return cls(
            academic_year=year,
            trimester=trimester,
            week_number=week.number,
            week_start=week.start,
            due_at=week.due_at,
            total=sums.total,
            percent_on_time=sums.percent,
            **states,
        )
