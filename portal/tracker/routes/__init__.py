"""The pages of the weekly logs. Importing the modules adds their views to the blueprints."""

from portal.tracker.routes import attendance, checklist, compliance, course, deciding, leave, watching, week
from portal.tracker.routes.blueprint import bp, watch
from portal.tracker.routes.blueprint import checklist as items
from portal.tracker.routes.blueprint import leave as away

__all__ = [
    "attendance",
    "away",
    "bp",
    "checklist",
    "compliance",
    "course",
    "deciding",
    "items",
    "leave",
    "watch",
    "watching",
    "week",
]
