"""Workload as addresses and forms have it. People write hours, the portal keeps minutes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, DecimalField, HiddenField, IntegerField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from portal.allocations.forms.listing import clean
from portal.allocations.queries.rollover import TermSummary
from portal.allocations.queries.workload import SORTS, WHICH, Formula, Load, WorkloadFilter
from portal.allocations.services.workload import (
    MAX_REASON,
    MOST_COURSES,
    MOST_FTE,
    MOST_MINUTES,
    FormulaDraft,
    Terms,
)
from portal.errors import DomainError
from portal.paging import Cursor, PageRequest
from portal.web.forms import PortalForm, VersionField

_HOUR = 60
# A comma before exactly three digits separates thousands.
_THOUSANDS = re.compile(r",(?=\d{3}(?:\D|$))")
_MOST_HOURS = MOST_MINUTES // _HOUR
_NUMBER = _l("Enter a number.")
_HOURS = _l("Enter hours from 0 to %(max)s.")
_IN_HOURS = (InputRequired(_NUMBER), NumberRange(0, _MOST_HOURS, _HOURS))


@dataclass(frozen=True, slots=True)
class WorkloadList:
    """Which list of loads an address asks for."""

    wanted: WorkloadFilter
    page: PageRequest

    @classmethod
    def read(cls, args: MultiDict[str, str], terms: Sequence[TermSummary], today: date) -> "WorkloadList":
        """What an address means; what it does not name is the usual."""
        which, sort = args.get("which", ""), args.get("sort", "")
        wanted = WorkloadFilter(
            term_asked(args.get("term", ""), terms, today),
            clean(args.get("q")),
            clean(args.get("department")),
            which if which in WHICH else "",
        )
        name = sort.removeprefix("-")
        known = name if name in SORTS else "name"
        page = PageRequest(known, sort.startswith("-") and known == name, Cursor.decode(args.get("after")))
        return cls(wanted, page)

    def args(self, **others: str | None) -> dict[str, str]:
        """The list as its address has it, without its place."""
        sort = f"-{self.page.sort}" if self.page.descending else self.page.sort
        found = {"term": key_of(self.wanted.term), "q": self.wanted.q, "department": self.wanted.department,
                 "which": self.wanted.which, "sort": "" if sort == "name" else sort} | others  # fmt: skip
        return {name: value for name, value in found.items() if value}


def term_asked(text: str, terms: Sequence[TermSummary], today: date) -> tuple[int, int]:
    """The term that an address names, else the one that runs today, else the latest; this year's first without any."""
    known = {f"{one.academic_year}-{one.trimester}": (one.academic_year, one.trimester) for one in terms}
    running = [(one.academic_year, one.trimester) for one in terms if one.first_day <= today <= one.last_day]
    return known.get(text) or next(iter([*running, *known.values()]), (today.year, 1))


def key_of(term: tuple[int, int]) -> str:
    """A term as addresses write it."""
    return f"{term[0]}-{term[1]}"


class OverrideForm(PortalForm):
    """What a course really is, in hours; empty for what the formula says."""

    minutes = StringField(_l("Hours in the term"), [Length(max=20)])
    reason = StringField(_l("Reason"), [Length(max=MAX_REASON)])
    seen = HiddenField()

    def read(self) -> tuple[int | None, int | None] | None:
        """Minutes as they shall be and as they were seen; None when fields have errors."""
        if not self.validate():
            return None
        try:
            wanted = _minutes(self.minutes.data or "")
            seen = int(self.seen.data) if self.seen.data else None
        except (ValueError, ArithmeticError):
            self.show(DomainError(_("Enter hours, such as 120 or 7.5."), "minutes"))
            return None
        if wanted is not None and not 0 <= wanted <= MOST_MINUTES:
            self.show(DomainError(_("Enter hours from 0 to %(max)s.", max=_MOST_HOURS), "minutes"))
            return None
        return wanted, seen


def _minutes(text: str) -> int | None:
    """Hours as people write them, with a point or a comma; the comma of "1,200" separates thousands.

    Raises ValueError or ArithmeticError for no number.
    """
    plain = _THOUSANDS.sub("", "".join(text.split())).replace(",", ".")
    if not plain:
        return None
    number = Decimal(plain)
    if not number.is_finite():
        raise ValueError(text)
    return int(min(max(number, Decimal(-1)), Decimal(10**6)) * _HOUR)


class TermsForm(PortalForm):
    """How much somebody may have."""

    fte = DecimalField(
        _l("Part of full time"),
        [InputRequired(_NUMBER), NumberRange(0, MOST_FTE, _l("Enter a number from 0 to %(max)s."))],
    )
    max_course_load = IntegerField(
        _l("Most courses at one time"),
        [InputRequired(_NUMBER), NumberRange(0, MOST_COURSES, _l("Enter a number from 0 to %(max)s."))],
    )
    is_available = BooleanField(_l("Can be allocated"))
    seen = HiddenField()

    @classmethod
    def of(cls, load: Load) -> "TermsForm":
        """The form as somebody stands."""
        form = cls(None, data={"fte": load.fte, "max_course_load": load.limit, "is_available": load.is_available})
        form.seen.data = f"{load.fte:.2f} {load.limit} {int(load.is_available)}"
        return form

    def read(self) -> tuple[Terms, Terms] | None:
        """As it shall be, and as it was seen; None when fields have errors."""
        if not self.validate():
            return None
        try:
            fte, limit, is_available = (self.seen.data or "").split()
            seen = Terms(Decimal(fte), int(limit), is_available == "1")
        except (ValueError, ArithmeticError):
            self.show(DomainError(_("Somebody else changed this meanwhile. Look at it again."), "fte"))
            return None
        wanted = Terms(round(self.fte.data, 2), self.max_course_load.data, self.is_available.data)
        return wanted, seen


class FormulaForm(PortalForm):
    """What a course is, in hours and minutes."""

    per_credit = DecimalField(_l("Hours for each credit"), _IN_HOURS)
    per_student = DecimalField(_l("Hours for each student"), _IN_HOURS)
    first_time = DecimalField(_l("Hours for each credit more, the first time"), _IN_HOURS)
    full_time = DecimalField(_l("Hours of full time in a term"), _IN_HOURS)
    seen = VersionField(validators=[InputRequired(_NUMBER)])

    @classmethod
    def of(cls, formula: Formula) -> "FormulaForm":
        """The form with the formula in force."""
        names = ("per_credit", "per_student", "first_time", "full_time")
        values: dict[str, Any] = {name: _as_hours(getattr(formula, name)) for name in names}
        return cls(None, data=values | {"seen": formula.id})

    def read(self) -> FormulaDraft | None:
        """The formula that it means; None when fields have errors."""
        if not self.validate():
            return None
        names = ("per_credit", "per_student", "first_time", "full_time")
        return FormulaDraft(**{name: round(self[name].data * _HOUR) for name in names})


def _as_hours(minutes: int) -> Decimal:
    return round(Decimal(minutes) / _HOUR, 2).normalize() if minutes else Decimal(0)
