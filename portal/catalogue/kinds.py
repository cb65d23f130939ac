"""The kinds of entries of the catalogue, and what they have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal.catalogue.models import CalendarBreak, ClassGroup, Cohort, Department, Mode, Module


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind: its name in addresses, its table, the field that people know an entry by, and what they may change.

    `plans` are the fields that the weekly logs depend on.
    """

    name: str
    model: Any
    key: str
    fields: tuple[str, ...]
    plans: frozenset[str] = frozenset()

    @property
    def retires(self) -> bool:
        """Whether an entry can be taken out of use without being deleted."""
        return hasattr(self.model, "is_active")


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("modules", Module, "code", ("code", "name", "credits", "level", "department_id")),
        Kind("classes", ClassGroup, "name", ("name", "year", "section")),
        Kind("cohorts", Cohort, "code", ("code", "name", "program", "start_date", "end_date")),
        Kind("modes", Mode, "name", ("name", "expects_weekly_log", "workload_percent"),
             plans=frozenset({"expects_weekly_log"})),
        Kind("departments", Department, "code", ("code", "name")),
        Kind("breaks", CalendarBreak, "name", ("name", "start_date", "end_date"),
             plans=frozenset({"start_date", "end_date"})),
    )
}  # fmt: skip
