"""Writes of rosters."""

from portal.enrolments.services.bulk import (
    HOLDS_A_PLACE,
    EnrolmentDraft,
    count_anew,
    count_overfull,
    save_enrolments,
    stored_enrolments,
)
from portal.enrolments.services.forgetting import forget_student

__all__ = [
    "HOLDS_A_PLACE",
    "EnrolmentDraft",
    "count_anew",
    "count_overfull",
    "forget_student",
    "save_enrolments",
    "stored_enrolments",
]
