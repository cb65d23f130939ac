"""The pages of the weekly logs. Importing the modules adds their views to the blueprints."""

from portal.tracker.routes import attendance, checklist, compliance, course, deciding, leave, stages, watching, week
from portal.tracker.routes.blueprint import bp, watch
from portal.tracker.routes.blueprint import checklist as items
from portal.tracker.routes.blueprint import leave as away
from portal.tracker.routes.blueprint import stages as ladder

__all__ = [
    "attendance",
    "away",
    "bp",
    "checklist",
    "compliance",
    "course",
    "deciding",
    "items",
    "ladder",
    "leave",
    "stages",
    "watch",
    "watching",
    "week",
]
