"""Reads of rosters."""

from portal.enrolments.queries.counts import Miscount, find_miscounts
from portal.enrolments.queries.own import OwnEnrolment, find_own_enrolment, list_own_enrolments, standing_of
from portal.enrolments.queries.rosters import (
    count_missing_of_cohort,
    find_cancelled,
    find_on_rosters,
    find_with_students,
)

__all__ = [
    "Miscount",
    "OwnEnrolment",
    "count_missing_of_cohort",
    "find_cancelled",
    "find_miscounts",
    "find_on_rosters",
    "find_own_enrolment",
    "find_with_students",
    "list_own_enrolments",
    "standing_of",
]
