"""Students on courses."""

from collections.abc import Sequence

from flask import Flask

from portal.accounts import personal_data
from portal.accounts.signals import Former, person_left, still_needed
from portal.allocations.services.signals import offerings_leaving
from portal.enrolments.queries import find_on_rosters, find_with_students, list_own_enrolments
from portal.enrolments.services import forget_student


def init_app(app: Flask) -> None:
    """Register what a person's document says of their courses, and what is forgotten when they leave."""
    personal_data.register("enrolments", list_own_enrolments)
    person_left.connect(_forget)
    still_needed.connect(_find_needed)
    offerings_leaving.connect(_find_used)


def _forget(_sender: object, former: Former) -> None:
    if former.student_number is not None:
        forget_student(former.user_id, former.student_number, former.number)


def _find_needed(_sender: object, user_ids: Sequence[int]) -> set[int]:
    return find_on_rosters(user_ids)


def _find_used(_sender: object, offering_ids: Sequence[int]) -> set[int]:
    return find_with_students(offering_ids)
