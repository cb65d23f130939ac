"""The choices of the filters as their components want them: (value, text, count)."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _

from portal.allocations.forms.listing import NO_FACILITATOR, ListForm
from portal.allocations.models import IntakePeriod, OfferingStatus
from portal.allocations.queries import Facets
from portal.allocations.routes.blueprint import bp
from portal.allocations.words import status_name
from portal.catalogue.words import mode_name

Count = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice of a filter, how many courses it would show, and whether it is chosen."""

    value: str
    text: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class ChoiceSet:
    """The choices of one filter; `total` is what shows without any of them."""

    name: str
    legend: str
    total: int
    choices: Sequence[Choice]

    @property
    def chosen(self) -> Sequence[Choice]:
        """Those that are chosen; all show when none is."""
        return [choice for choice in self.choices if choice.is_chosen]


@dataclass(frozen=True, slots=True)
class Chip:
    """A value of a filter that can be taken away again; `text` is said instead of the value."""

    name: str
    label: str
    value: str
    text: str = ""


bp.app_template_filter("offering_status")(status_name)


class Choices:
    """What each filter offers. A choice is there when it would show something, or when it is chosen.

    `view` is the page of the list, `others` what else its address holds.
    """

    def __init__(self, form: ListForm, facets: Facets, view: str = "allocations.index", **others: str) -> None:
        self._facets = facets
        self._wanted = form.wanted
        self._form = form
        self._view, self._others = view, others
        self.chosen = form.to_args()

    def all_of(self, name: str) -> str:
        """The address of the list with any choice of a set."""
        return url_for(self._view, **(self._form.to_args(**{name: ""}) | self._others))

    @property
    def sets(self) -> Sequence[ChoiceSet]:
        """The sets of choices that always stand open: status, mode and intake."""
        facets = self._facets
        return (
            ChoiceSet("status", _("Status"), facets.any_status, self.statuses),
            ChoiceSet("mode", _("Mode"), facets.modes.total(), self.modes),
            ChoiceSet("intake", _("Intake"), facets.intakes.total(), self.intakes),
        )

    @property
    def terms(self) -> ChoiceSet:
        """Trimesters, latest first."""
        terms = self._facets.terms
        found = [
            (f"{year}-{trimester}", f"{trimester} · {year}", count)
            for (year, trimester), count in sorted(terms.items(), reverse=True)
        ]
        for term in self.chosen.get("trimester", []):
            text = _("Trimester %(number)s", number=term) if len(term) == 1 else term
            count = sum(count for (year, third), count in terms.items() if term in {str(year), str(third)})
            self._add_chosen(found, term, text, count)
        return self._marked("trimester", _("Trimester"), terms.total(), found)

    @property
    def statuses(self) -> Sequence[Choice]:
        """Statuses, and those without a facilitator."""
        counts = self._facets.statuses
        order = dict.fromkeys((OfferingStatus.ACTIVE, *OfferingStatus))
        found = [(status.value, status_name(status), counts[status]) for status in order if counts[status]]
        found.append((NO_FACILITATOR, _("No facilitator"), self._facets.without_facilitator))
        for status in self._wanted.statuses:
            self._add_chosen(found, status.value, status_name(status), 0)
        return self._marked("status", "", 0, found).choices

    @property
    def modes(self) -> Sequence[Choice]:
        """Modes of teaching, the most used first."""
        by_use = sorted(self._facets.modes.items(), key=lambda item: (-item[1], item[0]))
        found = [(name, mode_name(name), count) for name, count in by_use]
        for mode in self._wanted.modes:
            self._add_chosen(found, mode, mode_name(mode), 0)
        return self._marked("mode", "", 0, found).choices

    @property
    def intakes(self) -> Sequence[Choice]:
        """The full trimester and its halves."""
        counts = self._facets.intakes
        order = (IntakePeriod.FT, IntakePeriod.HT1, IntakePeriod.HT2)
        found = [(one.value, one.value, counts[one]) for one in order if counts[one] or one in self._wanted.intakes]
        return self._marked("intake", "", 0, found).choices

    @property
    def chips(self) -> Sequence[Chip]:
        """What was chosen in the fields that have too many choices to show."""
        wanted = self._wanted
        kinds = (
            ("department", _("Department"), wanted.departments),
            ("cohort", _("Cohort"), wanted.cohorts),
            ("module", _("Module"), wanted.modules),
            ("facilitator", _("Facilitator"), wanted.facilitators),
        )
        found = [Chip(name, label, value) for name, label, values in kinds for value in values]
        return [*found, Chip("unallocated", "", "1", _("Without a facilitator"))] if wanted.unallocated else found

    def _add_chosen(self, found: list[Count], value: str, text: str, count: int) -> None:
        """Add a chosen one even when nothing else leads to it."""
        if all(choice[0].lower() != value.lower() for choice in found):
            found.append((value, text, count))

    def _marked(self, name: str, legend: str, total: int, found: Sequence[Count]) -> ChoiceSet:
        chosen = {value.lower() for value in self.chosen.get(name, [])}
        choices = [Choice(value, text, count, value.lower() in chosen) for value, text, count in found]
        return ChoiceSet(name, legend, total, choices)
