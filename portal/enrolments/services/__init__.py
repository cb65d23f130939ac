"""Rules and writes of rosters."""

from portal.enrolments.services.bulk import (
    HOLDS_A_PLACE,
    EnrolmentDraft,
    count_anew,
    count_overfull,
    save_enrolments,
    stored_enrolments,
)
from portal.enrolments.services.cohorts import enrol_cohort
from portal.enrolments.services.forgetting import forget_student
from portal.enrolments.services.joining import (
    AlreadyEnrolled,
    Joined,
    Source,
    complete_enrolment,
    enrol_students,
    join_course,
    leave_courses,
    withdraw_students,
)
from portal.enrolments.services.places import settle

__all__ = [
    "HOLDS_A_PLACE",
    "AlreadyEnrolled",
    "EnrolmentDraft",
    "Joined",
    "Source",
    "complete_enrolment",
    "count_anew",
    "count_overfull",
    "enrol_cohort",
    "enrol_students",
    "forget_student",
    "join_course",
    "leave_courses",
    "save_enrolments",
    "settle",
    "stored_enrolments",
    "withdraw_students",
]
