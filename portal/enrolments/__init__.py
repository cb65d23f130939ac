"""Students on courses."""

from collections.abc import Mapping, Sequence

from flask import Flask

from portal.accounts import personal_data
from portal.accounts.signals import Former, person_left, still_needed
from portal.allocations.models import OfferingStatus
from portal.allocations.services.signals import (
    offering_planned,
    offerings_changed,
    offerings_leaving,
    places_changed,
    standings_changed,
)
from portal.audit.services import Actor, System
from portal.enrolments.commands import init_commands
from portal.enrolments.queries import find_on_rosters, find_with_students, list_own_enrolments
from portal.enrolments.services import enrol_cohort, forget_student, leave_courses, settle
from portal.enrolments.services.telling import tell_standings
from portal.enrolments.words import init_words


def init_app(app: Flask) -> None:
    """Register what a person's document says of their courses, and what follows when people or courses change."""
    init_words()
    init_commands(app)
    personal_data.register("enrolments", list_own_enrolments)
    person_left.connect(_forget)
    still_needed.connect(_find_needed)
    offerings_leaving.connect(_find_used)
    offering_planned.connect(_enrol_cohort)
    offerings_changed.connect(_settle)
    places_changed.connect(_settle)
    standings_changed.connect(_tell)


def _forget(_sender: object, former: Former) -> None:
    if former.student_number is not None:
        leave_courses(former.user_id, System())
        forget_student(former.user_id, former.student_number, former.number)


def _find_needed(_sender: object, user_ids: Sequence[int]) -> set[int]:
    return find_on_rosters(user_ids)


def _find_used(_sender: object, offering_ids: Sequence[int]) -> set[int]:
    return find_with_students(offering_ids)


def _enrol_cohort(_sender: object, offering_id: int, by: Actor) -> None:
    enrol_cohort(offering_id, by)


def _settle(_sender: object, offering_ids: Sequence[int]) -> None:
    """A course that has more places by now, or runs again, takes in who waits for it."""
    settle(offering_ids, System())


def _tell(
    _sender: object,
    statuses: Mapping[int, tuple[OfferingStatus, OfferingStatus]],
    versions: Mapping[int, int],
    by: Actor,
    reason: str,
) -> None:
    tell_standings(statuses, versions, by, reason)
