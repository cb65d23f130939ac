"""Rules and writes of the weekly logs, by subject."""

from portal.tracker.services.planning import PlanCounts, plan_logs

__all__ = ["PlanCounts", "plan_logs"]
