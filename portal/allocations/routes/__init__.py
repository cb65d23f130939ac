"""The pages of allocations."""

from portal.allocations.routes import allocating, bulk, listing, rollover, typeahead
from portal.allocations.routes.blueprint import bp

__all__ = ["allocating", "bp", "bulk", "listing", "rollover", "typeahead"]
