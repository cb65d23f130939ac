"""The pages of webhooks. Importing the modules adds their views to the blueprint."""

from portal.webhooks.routes import deeds, endpoints
from portal.webhooks.routes.blueprint import bp

__all__ = ["bp", "deeds", "endpoints"]
