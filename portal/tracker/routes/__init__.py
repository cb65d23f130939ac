"""The pages of the weekly logs. Importing the modules adds their views to the blueprints."""

from portal.tracker.routes import compliance, deciding, watching, week
from portal.tracker.routes.blueprint import bp, watch

__all__ = ["bp", "compliance", "deciding", "watch", "watching", "week"]
