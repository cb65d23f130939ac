"""The pages of notifications. Importing the modules adds their views to the blueprints."""

from portal.notifications.routes import deliveries, inbox, preferences, unsubscribing
from portal.notifications.routes.blueprint import bp, log

__all__ = ["bp", "deliveries", "inbox", "log", "preferences", "unsubscribing"]
