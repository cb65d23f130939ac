"""Writes of course offerings and of who teaches them."""

from portal.allocations.services.assignment import OverLimit, assign_facilitator
from portal.allocations.services.offerings import OfferingDraft, check_draft, create_offering
from portal.allocations.services.signals import offerings_changed

__all__ = [
    "OfferingDraft",
    "OverLimit",
    "assign_facilitator",
    "check_draft",
    "create_offering",
    "offerings_changed",
]
