"""The pages of allocations."""

from portal.allocations.routes import (
    allocating,
    bulk,
    editing,
    history,
    listing,
    making,
    meetings,
    rollover,
    standing,
    typeahead,
    views,
    workload,
)
from portal.allocations.routes.blueprint import bp

__all__ = [
    "allocating",
    "bp",
    "bulk",
    "editing",
    "history",
    "listing",
    "making",
    "meetings",
    "rollover",
    "standing",
    "typeahead",
    "views",
    "workload",
]
