"""A rollover as its form asks for it."""

from collections.abc import Mapping, Sequence

from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from portal.allocations.queries.rollover import TermSummary
from portal.allocations.services.assignment import MAX_REASON
from portal.allocations.services.rollover import Rollover
from portal.errors import DomainError
from portal.folding import one_line
from portal.web.forms import PortalForm

_FIELDS = {"target": "year", "first_day": "first_day", "reason": "reason"}


class RolloverForm(PortalForm):
    """From which term into which, and what comes along."""

    source = SelectField(_l("Copy the term"), [InputRequired()])
    year = IntegerField(
        _l("into the academic year"),
        [
            InputRequired(_l("Enter a year, such as 2027.")),
            NumberRange(1950, 2150, _l("This is not an academic year.")),
        ],
    )
    trimester = RadioField(_l("Trimester"), [InputRequired()], choices=[SelectChoice(n, n) for n in "123"])
    first_day = DateField(_l("First day of the new term"), [InputRequired(_l("Enter a day."))])
    department = SelectField(_l("Department"), default="")
    with_facilitators = BooleanField(_l("Facilitators come along"))
    with_meetings = BooleanField(_l("Weekly meeting times come along"))
    with_lessons = BooleanField(_l("Lessons come along, as drafts"))
    cohort_from = StringField(_l("In cohort codes, replace"), [Length(max=40)])
    cohort_to = StringField(_l("by"), [Length(max=40)])
    reason = StringField(_l("Reason"), [Length(max=MAX_REASON)])

    @classmethod
    def fresh(cls, terms: Sequence[TermSummary], departments: Sequence[tuple[str, str]]) -> "RolloverForm":
        """The form for the latest term, with what most will want: the same trimester a year later, on a Monday."""
        form = cls(None, data={"with_facilitators": True, "with_meetings": True, "with_lessons": True})
        form.offer(terms, departments)
        if terms:
            latest = terms[0]
            form.source.data = key_of(latest)
            form.year.data, form.trimester.data = latest.academic_year + 1, str(latest.trimester)
            # 52 weeks later is the same day of the week.
            form.first_day.data = latest.first_day.fromordinal(latest.first_day.toordinal() + 364)
            form.cohort_from.data, form.cohort_to.data = str(latest.academic_year), str(latest.academic_year + 1)
        return form

    def offer(self, terms: Sequence[TermSummary], departments: Sequence[tuple[str, str]]) -> None:
        """Fill in what can be chosen."""
        self.source.choices = [
            SelectChoice(key_of(one), _("%(trimester)s · %(year)s (%(count)s courses)", trimester=one.trimester,
                                        year=one.academic_year, count=format_decimal(one.count)))
            for one in terms
        ]  # fmt: skip
        self.department.choices = [
            SelectChoice("", _("All")), *(SelectChoice(code, f"{code} · {name}") for code, name in departments)
        ]  # fmt: skip

    def wanted(self, terms: Sequence[TermSummary]) -> Rollover:
        """What a form without errors asks for."""
        source = next(one for one in terms if key_of(one) == self.source.data)
        return Rollover(
            source=(source.academic_year, source.trimester),
            target=(self.year.data, int(self.trimester.data)),
            days=(self.first_day.data - source.first_day).days,
            department=self.department.data or "",
            with_facilitators=self.with_facilitators.data,
            with_meetings=self.with_meetings.data,
            with_lessons=self.with_lessons.data,
            cohort_from=(self.cohort_from.data or "").strip(),
            cohort_to=(self.cohort_to.data or "").strip(),
            reason=one_line(self.reason.data),
        )

    def show(self, error: DomainError) -> None:
        """Put what a rule says at its field."""
        self.put_error(_FIELDS.get(error.field or "", "source"), error)


def key_of(term: TermSummary) -> str:
    """A term as a form writes it."""
    return f"{term.academic_year}-{term.trimester}"


def rollover_of(params: Mapping[str, object]) -> Rollover:
    """The rollover that a job's parameters name."""
    given = dict(params)
    source, target = given.pop("source"), given.pop("target")
    return Rollover(source=tuple(source), target=tuple(target), **given)  # type: ignore[arg-type]
