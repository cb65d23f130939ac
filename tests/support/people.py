"""People for tests. Each maker needs an application context, commits, and gives a `Person`."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

import bcrypt

from portal.accounts.models import Facilitator, Manager, Student, User
from portal.roles import Role
from tests.support.keeping import kept, together

PASSWORD = "a-quiet-harbour-7"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """An account and the profile beside it, both detached."""

    user: User
    profile: Any = None

    @property
    def user_id(self) -> int:
        """`users.id`."""
        return self.user.id

    @property
    def profile_id(self) -> int:
        """The id in `facilitators`, `managers` or `students`."""
        return int(self.profile.id)

    @property
    def email(self) -> str:
        """The address that the person signs in with."""
        return self.user.email

    @property
    def full_name(self) -> str:
        """First and last name."""
        return f"{self.user.first_name} {self.user.last_name}"


@lru_cache
def password_hash(password: str) -> str:
    """A hash of the fewest rounds that bcrypt allows: signing in with it takes a millisecond."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()


def make_user(role: Role, *, password: str | None = None, **fields: Any) -> User:
    """An account without a profile; with `password` it can sign in by the form."""
    number = next(_numbers)
    defaults = {
        "email": f"{role}{number}@example.org",
        "first_name": role.capitalize(),
        "last_name": f"Number{number}",
        "password_hash": password_hash(password) if password else None,
    }
    user: User = kept(User(role=role, **(defaults | fields)))
    return user


def make_admin(**fields: Any) -> Person:
    """An administrator."""
    return Person(make_user(Role.ADMIN, **fields))


def make_manager(*, is_head: bool = False, **fields: Any) -> Person:
    """A manager with a profile."""
    with together():
        user = make_user(Role.MANAGER, **fields)
        return Person(user, kept(Manager(user_id=user.id, employee_id=f"M{user.id:05}", is_head=is_head)))


def make_facilitator(*, profile: dict[str, Any] | None = None, **fields: Any) -> Person:
    """A facilitator; `profile` sets columns of `facilitators` such as max_course_load or department."""
    with together():
        user = make_user(Role.FACILITATOR, **fields)
        columns = {"user_id": user.id, "employee_id": f"F{user.id:05}"} | (profile or {})
        return Person(user, kept(Facilitator(**columns)))


def make_student(*, profile: dict[str, Any] | None = None, **fields: Any) -> Person:
    """A student; `profile` sets columns of `students` such as student_number or cohort_id."""
    with together():
        user = make_user(Role.STUDENT, **fields)
        columns = {"user_id": user.id, "student_number": f"S{user.id:06}"} | (profile or {})
        return Person(user, kept(Student(**columns)))


def add_facilitator_profile(person: Person, **columns: Any) -> Person:
    """The same person, who now also teaches; its profile is the facilitator's."""
    columns = {"user_id": person.user_id, "employee_id": f"F{person.user_id:05}"} | columns
    return Person(person.user, kept(Facilitator(**columns)))
