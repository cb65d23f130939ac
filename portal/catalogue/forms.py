"""Entries of the catalogue as their forms have them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DateField, IntegerField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.catalogue.queries.entries import list_departments
from portal.errors import DomainError
from portal.folding import one_line
from portal.web.forms import PortalForm

_NEEDED = _l("This is needed.")
_WHOLE = _l("Enter a whole number.")
_TO_1000 = _l("Enter a number from 0 to 1,000.")
_TO_500 = _l("Enter a number from 0 to 500.")
_YEAR = _l("This is not a year.")
_YEARS = (date(1950, 1, 1), date(2150, 12, 31))


class EntryForm(PortalForm):
    """What the forms of all entries do."""

    def values(self) -> dict[str, Any] | None:
        """The values by field; None when fields have errors, which then stand at them."""
        if not self.validate():
            return None
        found = {field.name: _clean(field.data) for field in self}
        for name, value in found.items():
            if isinstance(value, date) and not _YEARS[0] <= value <= _YEARS[1]:
                self.show(DomainError(_("This day is too far away."), name))
            elif value is None and any(isinstance(one, InputRequired) for one in self[name].validators):
                self.show(DomainError(str(_NEEDED), name))
        return None if self.errors else found

    def typed(self) -> dict[str, str]:
        """What stands in the form, as a browser sends it; "y" for a tick."""
        return {field.name: _typed(field) for field in self}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value) or None
    return value


def _typed(field: Any) -> str:
    if isinstance(field, BooleanField):
        return "y" if field.data else ""
    return one_line(str((field.raw_data or [""])[0]))


class DepartmentForm(EntryForm):
    """A unit of the institution that owns modules."""

    code = StringField(_l("Code"), [InputRequired(_NEEDED), Length(max=20)])
    name = StringField(_l("Name"), [InputRequired(_NEEDED), Length(max=200)])


class ModuleForm(EntryForm):
    """What is taught."""

    code = StringField(_l("Code"), [InputRequired(_NEEDED), Length(max=40)])
    name = StringField(_l("Name"), [InputRequired(_NEEDED), Length(max=200)])
    credits = IntegerField(_l("Credits"), [InputRequired(_WHOLE), NumberRange(0, 1000, _TO_1000)], default=0)
    level = StringField(_l("Level"), [Length(max=20)])
    department_id = SelectField(_l("Department"), coerce=lambda text: int(text) if text else None, default="")

    def offer(self, present: int | None = None) -> None:
        """Fill in the departments; `present` is the module's own, which may be retired."""
        rows = [(row_id, f"{code} · {name}") for row_id, code, name in list_departments()]
        if present is not None and present not in {row_id for row_id, _name in rows}:
            rows.append((present, _("retired")))
        self.department_id.choices = [
            SelectChoice("", _("None")), *(SelectChoice(str(row_id), text) for row_id, text in rows)
        ]  # fmt: skip


class ClassForm(EntryForm):
    """Who is taught: a group of students."""

    name = StringField(_l("Name"), [InputRequired(_NEEDED), Length(max=100)])
    year = IntegerField(_l("Year"), [Optional(), NumberRange(1, 2150, _YEAR)])
    section = StringField(_l("Section"), [Length(max=40)])


class CohortForm(EntryForm):
    """An intake of a programme."""

    code = StringField(_l("Code"), [InputRequired(_NEEDED), Length(max=40)])
    name = StringField(_l("Name"), [InputRequired(_NEEDED), Length(max=200)])
    program = StringField(_l("Programme"), [Length(max=200)])
    start_date = DateField(_l("First day"), [Optional()])
    end_date = DateField(_l("Last day"), [Optional()])


class ModeForm(EntryForm):
    """How teaching happens."""

    name = StringField(_l("Name"), [InputRequired(_NEEDED), Length(max=40)])
    expects_weekly_log = BooleanField(_l("Its courses owe a weekly log"), default=True)
    workload_percent = IntegerField(
        _l("An hour counts, in percent"), [InputRequired(_WHOLE), NumberRange(0, 500, _TO_500)], default=100
    )


class BreakForm(EntryForm):
    """Days without teaching."""

    name = StringField(_l("Name"), [InputRequired(_NEEDED), Length(max=100)])
    start_date = DateField(_l("First day"), [InputRequired(_l("Enter a day."))])
    end_date = DateField(_l("Last day"), [InputRequired(_l("Enter a day."))])


_FORMS: Mapping[str, type[EntryForm]] = {
    "departments": DepartmentForm,
    "modules": ModuleForm,
    "classes": ClassForm,
    "cohorts": CohortForm,
    "modes": ModeForm,
    "breaks": BreakForm,
}


def form_for(kind: str, sent: Mapping[str, str] | None, department: int | None = None) -> EntryForm:
    """The form of a kind with what was sent, or empty; `department` is the one that stands in it."""
    form = _FORMS[kind](MultiDict(sent) if sent is not None else None)
    if isinstance(form, ModuleForm):
        form.offer(department)
    return form


def shown(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as the form shows them and a browser sends them."""
    return {name: _shown(value) for name, value in values.items()}


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "y" if value else ""
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else " ".join(str(value).split())
