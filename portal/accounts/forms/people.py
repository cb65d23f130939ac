"""Forms of looking after accounts, and which people an address asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.accounts.queries.directory import SORTS, AccountState, PeopleFilter
from portal.accounts.units import Unit
from portal.errors import DomainError
from portal.paging import Cursor, PageRequest
from portal.roles import Role
from portal.web.locale import LANGUAGES

_LONGEST = 200
ROLE_WORDS = {
    Role.STUDENT: _l("Student"),
    Role.FACILITATOR: _l("Facilitator"),
    Role.MANAGER: _l("Manager"),
    Role.ADMIN: _l("Administrator"),
}
_ROLES = [SelectChoice(role.value, words) for role, words in ROLE_WORDS.items()]


@dataclass(frozen=True, slots=True)
class PeopleForm:
    """The list of people as an address asks for it. `misunderstood` holds the values that mean nothing here."""

    wanted: PeopleFilter
    page: PageRequest
    misunderstood: tuple[str, ...] = ()

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> "PeopleForm":
        """The list of an address; what it does not understand is left out and named."""
        texts = {name: _clean(args.get(name)) for name in ("q", "role", "state", "department", "sort")}
        role = next((one for one in Role if one.value == texts["role"]), None)
        state = next((one for one in AccountState if one.value == texts["state"]), None)
        sort = texts["sort"] if texts["sort"] in SORTS else "name"
        read = {"role": role, "state": state, "sort": texts["sort"] in SORTS}
        unread = tuple(texts[name] for name, value in read.items() if texts[name] and not value)
        wanted = PeopleFilter(texts["q"], role, state, texts["department"])
        page = PageRequest(sort, cursor=Cursor.decode(args.get("after")))
        return cls(wanted, page, unread)

    def to_args(self, **changes: Any) -> dict[str, Any]:
        """The shortest parameters that mean this list from its first page; `changes` replace some of them."""
        args = {
            "q": self.wanted.q,
            "role": self.wanted.role or "",
            "state": self.wanted.state or "",
            "department": self.wanted.department,
            "sort": "" if self.page.sort == "name" else self.page.sort,
        }
        return {name: str(value) for name, value in (args | changes).items() if value}


def _clean(text: str | None) -> str:
    """What was typed, in one line, without what no database takes."""
    printable = "".join(letter if letter.isprintable() else " " for letter in (text or "")[: 2 * _LONGEST])
    return " ".join(printable.split())[:_LONGEST]


class NameForm(FlaskForm):
    """Name and address of someone; `seen` is the mark of those that were shown."""

    first_name = StringField(_l("First name"), [InputRequired(_l("Enter a first name."))])
    last_name = StringField(_l("Last name"))
    email = EmailField(_l("Email"), [InputRequired(_l("Enter an email address."))])
    seen = HiddenField()

    def blame(self, error: DomainError) -> None:
        """Say of the field at fault what is wrong with it."""
        field = getattr(self, error.field or "", self.email)
        field.errors = [str(error)]


def _number(value: Any) -> int | None:
    """What a choice of a unit means; None for the first, which is none."""
    return int(value) if value else None


def _choice(unit: Unit) -> SelectChoice:
    return SelectChoice(unit.id, unit.code if unit.name == unit.code else f"{unit.code} · {unit.name}")


class InviteForm(NameForm):
    """Someone new. `role` offers only the roles that whoever invites may give."""

    role = RadioField(_l("Role"), choices=[], validators=[InputRequired(_l("Choose a role."))])
    number = StringField(_l("Employee id or student number"), [Length(max=40)])
    department = StringField(_l("Department"), [Length(max=100)])
    cohort = SelectField(_l("Cohort"), coerce=_number, choices=[])
    locale = RadioField(_l("Language of the invitation"), choices=LANGUAGES, default="en")

    def blame(self, error: DomainError) -> None:
        """Say of the field at fault what is wrong with it."""
        if error.field == "cohort_id":
            self.cohort.errors = [str(error)]
        else:
            super().blame(error)

    def offer(self, roles: Sequence[Role], cohorts: Sequence[Unit]) -> "InviteForm":
        """The form with these roles and cohorts to choose from."""
        self.role.choices = [SelectChoice(role.value, ROLE_WORDS[role]) for role in roles]
        self.cohort.choices = [SelectChoice("", _l("No cohort")), *(_choice(one) for one in cohorts if one.is_open)]
        return self


class RoleForm(FlaskForm):
    """Another role; `seen` is the one that was shown."""

    role = SelectField(_l("Role"), choices=_ROLES)
    seen = SelectField(choices=_ROLES)


class OfficeForm(FlaskForm):
    """What a manager answers for."""

    is_head = BooleanField(_l("Head of the office"))
    departments = SelectMultipleField(
        _l("Answers for"), coerce=int, choices=[], widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )

    def offer(self, departments: Sequence[Unit]) -> "OfficeForm":
        """The form with these departments to choose from."""
        self.departments.choices = [_choice(one) for one in departments]
        return self


class TeachingForm(FlaskForm):
    """The employee id of someone who is to teach besides."""

    number = StringField(_l("Employee id"), [InputRequired(_l("Enter an employee id.")), Length(max=40)])
