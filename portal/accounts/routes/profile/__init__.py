"""The pages of one's own account."""

from portal.accounts.routes.profile import data, editing
from portal.accounts.routes.profile.blueprint import bp

__all__ = ["bp", "data", "editing"]
