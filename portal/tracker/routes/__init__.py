"""The pages of the weekly logs. Importing the modules adds their views to the blueprints."""

from portal.tracker.routes import attendance, compliance, deciding, watching, week
from portal.tracker.routes.blueprint import bp, watch

__all__ = ["attendance", "bp", "compliance", "deciding", "watch", "watching", "week"]
