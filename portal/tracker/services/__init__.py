"""Rules and writes of the weekly logs, by subject."""

from portal.tracker.services.logs import Locked, Saved, all_done, check_open, same_as_last_week, save
from portal.tracker.services.merging import Clashes, Edit, find_item, fingerprint, unsaved_notes
from portal.tracker.services.planning import PlanCounts, plan_logs

__all__ = [
    "Clashes",
    "Edit",
    "Locked",
    "PlanCounts",
    "Saved",
    "all_done",
    "check_open",
    "find_item",
    "fingerprint",
    "plan_logs",
    "same_as_last_week",
    "save",
    "unsaved_notes",
]
