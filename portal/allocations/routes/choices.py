"""The choices of the filters as their components want them: (value, text, count)."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _

from portal.allocations.forms import NO_FACILITATOR, ListForm
from portal.allocations.models import IntakePeriod, OfferingStatus
from portal.allocations.queries import Facets
from portal.allocations.routes.blueprint import bp
from portal.catalogue.words import mode_name

Choice = tuple[str, Any, int | None]


@bp.app_template_filter("offering_status")
def status_name(status: OfferingStatus) -> str:
    """The word for a status in the reader's language."""
    names: dict[OfferingStatus, str] = {
        OfferingStatus.PLANNED: _("Planned"),
        OfferingStatus.ACTIVE: _("Active"),
        OfferingStatus.COMPLETED: _("Completed"),
        OfferingStatus.CANCELLED: _("Cancelled"),
    }
    return names[status]


class Choices:
    """What each filter offers. A choice is there when it would show something, or when it is the present one."""

    def __init__(self, form: ListForm, facets: Facets) -> None:
        self._facets = facets
        self._wanted = form.wanted
        self.chosen = form.to_args()

    @property
    def terms(self) -> Sequence[Choice]:
        """Trimesters, latest first."""
        terms = self._facets.terms
        found: list[Choice] = [("", _("All"), terms.total())]
        for (year, trimester), count in sorted(terms.items(), reverse=True):
            found.append((f"{year}-{trimester}", f"{trimester} · {year}", count))
        term = self.chosen.get("trimester", "")
        return self._with_present(found, term, _("Trimester %(number)s", number=term) if len(term) == 1 else "")

    @property
    def statuses(self) -> Sequence[Choice]:
        """Statuses, and those without a facilitator."""
        counts = self._facets.statuses
        found: list[Choice] = [("", _("All"), counts.total())]
        for status in (OfferingStatus.ACTIVE, *OfferingStatus):
            if counts[status] and (status.value, status_name(status), counts[status]) not in found:
                found.append((status.value, status_name(status), counts[status]))
        found.append((NO_FACILITATOR, _("No facilitator"), self._facets.without_facilitator))
        chosen = self._wanted.status
        return self._with_present(found, chosen.value if chosen else "", status_name(chosen) if chosen else "")

    @property
    def modes(self) -> Sequence[Choice]:
        """Modes of teaching, the most used first."""
        counts = self._facets.modes
        found: list[Choice] = [("", _("All"), counts.total())]
        by_use = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        found += [(name, mode_name(name), count) for name, count in by_use]
        return self._with_present(found, self._wanted.mode, mode_name(self._wanted.mode))

    @property
    def intakes(self) -> Sequence[Choice]:
        """The full trimester and its halves."""
        counts = self._facets.intakes
        found: list[Choice] = [("", _("All"), counts.total())]
        order = (IntakePeriod.FT, IntakePeriod.HT1, IntakePeriod.HT2)
        found += [(intake.value, intake.value, counts[intake]) for intake in order if counts[intake]]
        return self._with_present(found, self.chosen.get("intake", ""))

    @property
    def mode(self) -> str:
        """The present mode as its choice is spelt."""
        wanted = self._wanted.mode
        return next((name for name in self._facets.modes if name.lower() == wanted.lower()), wanted)

    def _with_present(self, found: list[Choice], value: str, text: str = "") -> list[Choice]:
        """The choices, with the present one among them even when nothing else leads to it."""
        if any(choice[0].lower() == value.lower() for choice in found):
            return found
        return [*found, (value, text or value, self._facets.total)]
