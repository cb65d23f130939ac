"""Accounts."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StringConstraints, field_validator

from portal.accounts.queries.users import UserFilter
from portal.api.schemas.common import Email, FirstName, Given, Line, Moment, Name, Paged, Password, Taken
from portal.errors import lazy
from portal.roles import Role

EmployeeId = Annotated[Line, StringConstraints(min_length=1, max_length=40)]
Specialization = Annotated[Line, StringConstraints(max_length=200)]
Locale = Literal["en", "fr"]


class UserShown(Given):
    """An account."""

    id: int
    email: str
    first_name: str
    last_name: str
    role: Role
    is_active: bool
    is_confirmed: bool
    title: str | None
    locale: str
    time_zone: str | None
    last_login_at: Moment | None
    created_at: Moment


class UserQuery(Paged):
    """Which accounts are wanted, in which order."""

    q: str = Field("", max_length=100)
    role: Role | None = None
    is_active: bool | None = None
    sort: Literal["id", "-id", "email", "-email", "name", "-name", "created_at", "-created_at"] = "id"

    def wanted(self) -> UserFilter:
        """What narrows the list."""
        return UserFilter(self.q, self.role, self.is_active)


class UserNew(Taken):
    """Someone who is to get an account; without a password they are sent an invitation."""

    email: Email
    first_name: FirstName
    last_name: Name = ""
    role: Role
    password: Password | None = None
    locale: Locale = "en"
    employee_id: EmployeeId | None = None
    specialization: Specialization = ""


class UserChange(Taken):
    """What is to be different; what is left out stays."""

    email: Email | None = None
    first_name: FirstName | None = None
    last_name: Name | None = None
    role: Role | None = None
    is_active: StrictBool | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _not_empty(cls, value: Any) -> Any:
        if value is None:
            raise ValueError(lazy("%(field)s cannot be empty"))
        return value
