"""Reads of course offerings and of who could teach them."""

from portal.allocations.queries.candidates import Candidate, find_candidate, list_candidates
from portal.allocations.queries.facets import Facets, facets_of
from portal.allocations.queries.filters import OfferingFilter
from portal.allocations.queries.history import Happening, list_happenings
from portal.allocations.queries.listing import OfferingRow, every_offering, find_offering, page_of_offerings
from portal.allocations.queries.options import Option, list_options
from portal.allocations.queries.sorting import SORTS

__all__ = [
    "SORTS",
    "Candidate",
    "Facets",
    "Happening",
    "OfferingFilter",
    "OfferingRow",
    "Option",
    "every_offering",
    "facets_of",
    "find_candidate",
    "find_offering",
    "list_candidates",
    "list_happenings",
    "list_options",
    "page_of_offerings",
]
