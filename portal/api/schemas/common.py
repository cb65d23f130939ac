"""What all schemas share."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

# An id that every database can look for.
Id = Annotated[int, Field(ge=1, le=2**31 - 1)]
# ISO 8601 in UTC, such as 2026-10-14T12:00:00Z.
Moment = Annotated[datetime, PlainSerializer(lambda moment: f"{moment:%Y-%m-%dT%H:%M:%SZ}", return_type=str)]
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
