"""The pages of the weekly logs. Importing the modules adds their views to the blueprints."""

from portal.tracker.routes import attendance, checklist, compliance, course, deciding, watching, week
from portal.tracker.routes.blueprint import bp, watch
from portal.tracker.routes.blueprint import checklist as items

__all__ = ["attendance", "bp", "checklist", "compliance", "course", "deciding", "items", "watch", "watching", "week"]
