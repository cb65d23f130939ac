"""Getting in, and one's own account."""

from typing import Annotated

from pydantic import Field, StringConstraints

from portal.api.schemas.common import Email, FirstName, Given, Moment, Name, Password, Taken
from portal.api.schemas.users import EmployeeId, Locale, Specialization
from portal.roles import Role

# Those that we give have 43 letters.
Token = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Registration(Taken):
    """Someone who wants an account, or who is to have one."""

    email: Email
    password: Password
    first_name: FirstName
    last_name: Name = ""
    role: Role = Role.STUDENT
    employee_id: EmployeeId | None = None
    specialization: Specialization = ""


class Credentials(Taken):
    """Address and password."""

    email: Email
    password: Password


class RefreshTokenTaken(Taken):
    """The newest refresh token of a family."""

    refresh_token: Token


class Leaving(Taken):
    """Which family of tokens is to end, besides the one of the bearer token."""

    refresh_token: Token | None = None


class PasswordChange(Taken):
    """The present password and the next."""

    current_password: Password
    new_password: Password


class Forgotten(Taken):
    """Whose password was forgotten."""

    email: Email


class PasswordReset(Taken):
    """The token of the link in the mail, and the next password."""

    token: Token
    password: Password


class ProfileChange(Taken):
    """What people change of themselves; what is left out stays, null empties."""

    first_name: FirstName | None = None
    last_name: Name | None = None
    title: Name | None = None
    bio: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    locale: Locale | None = None
    time_zone: Annotated[str, StringConstraints(max_length=60)] | None = None


class Account(Given):
    """Whose tokens these are. `id` is null while the address waits for its confirmation."""

    id: int | None
    email: str
    first_name: str
    last_name: str
    role: Role
    is_active: bool


class Registered(Given):
    """A new account with its tokens."""

    message: str
    user: Account
    token: str
    refresh_token: str
    expires_in: int = Field(description="Seconds until the token is over")


class SignedIn(Registered):
    """Who signed in, with new tokens."""


class Refreshed(Given):
    """New tokens; the refresh token that was sent works no more."""

    message: str
    token: str
    refresh_token: str
    expires_in: int = Field(description="Seconds until the token is over")


class Me(Given):
    """One's own account."""

    id: int
    email: str
    first_name: str
    last_name: str
    role: Role
    is_active: bool
    title: str | None
    bio: str | None
    locale: str
    time_zone: str | None
    notification_email: str | None
    deletion_asked_at: Moment | None
