"""What all schemas share."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)

from portal.errors import lazy

# An id that every database can look for.
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
# ISO 8601 in UTC, such as 2026-10-14T12:00:00Z.
Moment = Annotated[
    datetime,
    PlainSerializer(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}", return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


# With a time zone: of a time without one nobody knows when it is. Any reader's clock can show it.
_SHOWN = Field(ge=datetime.fromisoformat("1970-01-02T00:00Z"), le=datetime.fromisoformat("9000-01-01T00:00Z"))
When = Annotated[AwareDatetime, _SHOWN]


def _with_plus(value: Any) -> Any:
    """A moment whose `+` came unescaped, which the query of an address reads as a space: `…T12:00:00 02:00`."""
    return _OFFSET.sub(r"\1+\2", value) if isinstance(value, str) else value


_OFFSET = re.compile(r"(T[\d:.]+) (\d\d:?\d\d)", re.ASCII)
# From when on.
Since = Annotated[AwareDatetime, BeforeValidator(_with_plus), _SHOWN]


def _as_written(value: Any) -> Any:
    """Days are written `YYYY-MM-DD` and nothing else: no seconds since 1970, no moments."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise ValueError(lazy("%(field)s must be a day such as 2026-10-14"))
    if value is not None and not isinstance(value, str):
        raise ValueError(lazy("%(field)s must be a day such as 2026-10-14"))
    return value


_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# An id, a count and a day in a body; what is no such thing is not taken for one.
SentId = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
Version = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
# Of a member that may be left out of a change but not be empty. Read what was sent: model_dump(exclude_unset=True).
LEFT_OUT: Any = Field(default_factory=lambda: None)
Day = Annotated[date, BeforeValidator(_as_written)]
# What forms fold into one line and files refuse: it would tear the rows of an export.
Line = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
# Their rules are the services' business; here only what no rule lets through.
Email = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]
FirstName = Annotated[Name, StringConstraints(min_length=1)]


class Taken(BaseModel):
    """What a client sends. A member that is not named here is refused, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Given(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Message(Given):
    """Only a sentence on what was done."""

    message: str


class Paged(Taken):
    """Which part of a list is wanted."""

    limit: int = Field(20, ge=1, le=100)
    page: int = Field(1, ge=1, le=1_000_000)

    @property
    def offset(self) -> int:
        """How many rows stand before the page."""
        return (self.page - 1) * self.limit
