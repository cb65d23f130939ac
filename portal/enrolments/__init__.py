"""Students on courses."""

from flask import Flask

from portal.accounts import personal_data
from portal.accounts.signals import Former, person_left
from portal.enrolments.queries import list_own_enrolments
from portal.enrolments.services import forget_student


def init_app(app: Flask) -> None:
    """Register what a person's document says of their courses, and what is forgotten when they leave."""
    personal_data.register("enrolments", list_own_enrolments)
    person_left.connect(_forget)


def _forget(_sender: object, former: Former) -> None:
    if former.student_number is not None:
        forget_student(former.user_id, former.student_number, former.number)
