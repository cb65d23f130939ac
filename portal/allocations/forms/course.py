"""A course as its form has it: keys that people can type, read into values and back."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from portal.allocations.models import MAX_STUDENTS, IntakePeriod
from portal.allocations.queries.references import find_reference
from portal.allocations.queries.selections import mode_named
from portal.allocations.services.offerings import MAX_SUMMARY, MAX_TITLE, OfferingDraft
from portal.catalogue.calendar import trimester_of
from portal.catalogue.words import mode_name
from portal.errors import DomainError
from portal.folding import one_line
from portal.web.forms import PortalForm

# The form's name of each field of a course.
NAMES: Mapping[str, str] = {
    "module_id": "module", "class_id": "group", "cohort_id": "cohort", "mode_id": "mode",
    "academic_year": "academic_year", "trimester": "trimester", "intake_period": "intake",
    "start_date": "start_date", "end_date": "end_date", "max_students": "places", "title": "title",
    "summary": "summary",
}  # fmt: skip
_KINDS = {"module_id": "module", "class_id": "class", "cohort_id": "cohort"}
_NEEDED = _l("This is needed.")


class CourseForm(PortalForm):
    """A staff-led course. Year and trimester follow from the first day where they are left out."""

    module = StringField(_l("Module"), [InputRequired(_NEEDED), Length(max=300)])
    group = StringField(_l("Class"), [InputRequired(_NEEDED), Length(max=200)])
    cohort = StringField(_l("Cohort"), [InputRequired(_NEEDED), Length(max=300)])
    mode = SelectField(_l("Mode"), [InputRequired(_NEEDED)])
    start_date = DateField(_l("First day"), [InputRequired(_l("Enter a day."))])
    end_date = DateField(_l("Last day"), [InputRequired(_l("Enter a day."))])
    academic_year = IntegerField(
        _l("Academic year"), [Optional(), NumberRange(1950, 2150, _l("This is not an academic year."))]
    )
    trimester = SelectField(_l("Trimester"), default="")
    intake = SelectField(_l("Intake"), default=IntakePeriod.FT.value)
    places = IntegerField(
        _l("Places"),
        [
            InputRequired(_l("Enter a whole number.")),
            NumberRange(1, MAX_STUDENTS, _l("Places must be between 1 and %(max)s.")),
        ],
        default=30,
    )
    title = StringField(_l("Title"), [Length(max=MAX_TITLE)])
    summary = TextAreaField(_l("Summary"), [Length(max=MAX_SUMMARY)])

    def offer(self, modes: Sequence[str], present: str = "") -> None:
        """Fill in what can be chosen; `present` is the course's own mode, which may be retired."""
        shown = [*modes, *([present] if present and present not in modes else [])]
        self.mode.choices = [SelectChoice(name, mode_name(name)) for name in shown]
        self.trimester.choices = [SelectChoice("", _("By the first day")), *(SelectChoice(n, n) for n in "123")]
        self.intake.choices = [SelectChoice(one.value, one.value) for one in _INTAKES]

    def allow_parts_missing(self) -> None:
        """For an open course, which needs neither module nor class nor cohort."""
        for field in _KINDS:
            self[NAMES[field]].validators = [Optional(), Length(max=300)]
            self[NAMES[field]].flags.required = False

    def read(self, kept: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """The values of a course by field; None when fields have errors, which then stand at them.

        `kept` are values that nobody touched: an entry that was retired since may stay where it is.
        """
        if not self.validate():
            return None
        kept = kept or {}
        values = {field: kept[field] if field in kept else self._find(field, kind) for field, kind in _KINDS.items()}
        values["mode_id"] = kept["mode_id"] if "mode_id" in kept else self._mode()
        if self.errors:
            return None
        start: date = self.start_date.data
        return values | {
            "academic_year": self.academic_year.data or start.year,
            "trimester": int(self.trimester.data or trimester_of(start)),
            "intake_period": IntakePeriod(self.intake.data),
            "start_date": start,
            "end_date": self.end_date.data,
            "max_students": self.places.data,
            "title": one_line(self.title.data) or None,
            "summary": _text(self.summary.data) or None,
        }

    def _find(self, field: str, kind: str) -> int | None:
        text = one_line(self[NAMES[field]].data)
        if not text:  # only an open course gets this far without
            return None
        found = find_reference(kind, text)
        if found is None:
            self.complain(field, _("“%(text)s” is not in the catalogue, or was retired.", text=text[:60]))
        return found.id if found else None

    def _mode(self) -> int | None:
        found = mode_named(self.mode.data)
        if found is None:
            self.complain("mode_id", _("This was retired. Choose another one."))
        return found[0] if found else None

    def complain(self, field: str, message: str) -> None:
        """Put a message at the field of a course; what belongs to none stands at the module."""
        self.put_error(NAMES.get(field, "module"), message)

    def show(self, error: DomainError) -> None:
        """Put what a rule says at the field that it is about."""
        self.complain(error.field or "", str(error))

    def typed(self) -> dict[str, str]:
        """What stands in the form, by its names, as a browser sends it."""
        sent = {name: (self[name].raw_data or [""])[0] for name in NAMES.values()}
        return {name: one_line(text) if name != "summary" else _text(text) for name, text in sent.items()}


_INTAKES = (IntakePeriod.FT, IntakePeriod.HT1, IntakePeriod.HT2)


def _text(text: str | None) -> str:
    return (text or "").replace("\0", " ").replace("\r\n", "\n").strip()


def values_of(draft: OfferingDraft, keys: Mapping[str, str]) -> dict[str, str]:
    """What the form's fields hold for a course, by their names; `keys` are those of its parts."""
    return {
        "module": keys.get("module", ""),
        "group": keys.get("class", ""),
        "cohort": keys.get("cohort", ""),
        "mode": keys.get("mode", ""),
        "start_date": draft.start_date.isoformat(),
        "end_date": draft.end_date.isoformat(),
        "academic_year": str(draft.academic_year),
        "trimester": str(draft.trimester),
        "intake": draft.intake_period.value,
        "places": str(draft.max_students),
        "title": one_line(draft.title),
        "summary": _text(draft.summary),
    }


def form_of(values: Mapping[str, str], modes: Sequence[str], present: str = "", *, is_open: bool = False) -> CourseForm:
    """A form with these values in its fields; `present` is the mode that may be retired."""
    form = CourseForm(MultiDict(values))
    form.offer(modes, present)
    if is_open:
        form.allow_parts_missing()
    return form
