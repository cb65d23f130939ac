"""Which status may follow which. Who changes one says why where it takes something away."""

from collections.abc import Mapping

from portal.allocations.models import OfferingStatus as Status

# A cancelled course comes back as it would have been; a completed one only if that was too early.
TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PLANNED: frozenset({Status.ACTIVE, Status.COMPLETED, Status.CANCELLED}),
    Status.ACTIVE: frozenset({Status.PLANNED, Status.COMPLETED, Status.CANCELLED}),
    Status.COMPLETED: frozenset({Status.PLANNED, Status.ACTIVE}),
    Status.CANCELLED: frozenset({Status.PLANNED, Status.ACTIVE}),
}
# What the audit calls the deed that leads to a status.
DEEDS: Mapping[Status, str] = {
    Status.PLANNED: "reactivate",
    Status.ACTIVE: "reactivate",
    Status.COMPLETED: "complete",
    Status.CANCELLED: "cancel",
}
