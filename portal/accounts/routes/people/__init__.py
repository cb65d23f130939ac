"""Looking after people: the list, one person, inviting."""

from portal.accounts.routes.people import inviting, listing, person
from portal.accounts.routes.people.blueprint import bp

__all__ = ["bp", "inviting", "listing", "person"]
