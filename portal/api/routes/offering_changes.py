"""What a body says of a course, as the services for its fields, its status and its facilitator take it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from portal.accounts.services.profiles import hold_facilitator
from portal.allocations.models import IntakePeriod
from portal.allocations.queries.listing import OfferingRow, find_offering
from portal.allocations.services import assign_facilitator
from portal.allocations.services.editing import FIELDS, edit_offering
from portal.allocations.services.standing import change_status
from portal.catalogue.calendar import trimester_of
from portal.errors import NotFound, lazy
from portal.web.access import Actor


def with_term(values: dict[str, Any]) -> dict[str, Any]:
    """With year, trimester and intake by the first day, where they were left out."""
    start: date = values["start_date"]
    return values | {
        "academic_year": values["academic_year"] or start.year,
        "trimester": values["trimester"] or trimester_of(start),
        "intake_period": values["intake_period"] or IntakePeriod.FT,
    }


def change_as_sent(offering_id: int, sent: Mapping[str, Any], seen: int, today: date, by: Actor) -> None:
    """Change fields, facilitator and status of a course that was read at version `seen`, in this order.

    A course that comes back does so first: what is completed or cancelled can hardly be changed.
    """
    status, reason = sent.get("status"), sent.get("reason") or ""
    before = _row(offering_id)
    teaches = sent.get("facilitator_id")
    if teaches not in {None, before.facilitator_id}:
        hold_facilitator(teaches)  # before the course, as whoever only allocates does
    # Each step is about the version that the one before left: what somebody else did meanwhile is not written over.
    if status is not None and not before.takes_facilitator:
        seen += change_status(offering_id, status, seen, by, reason)
    fields = {name: sent[name] for name in FIELDS if name in sent}
    if fields and edit_offering(offering_id, fields, seen, by):
        seen += 1
    if "facilitator_id" in sent and teaches != before.facilitator_id:
        seen += assign_facilitator(offering_id, teaches, seen, by, today, reason or None)
    if status is not None:
        change_status(offering_id, status, seen, by, reason)


def _row(offering_id: int) -> OfferingRow:
    found = find_offering(offering_id)
    if found is None:
        raise NotFound(lazy("There is no such course."))
    return found
