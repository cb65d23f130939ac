"""What is left of a student's lessons when their account is deleted: that lessons were done, not what they wrote."""

from sqlalchemy import delete, select

from portal.accounts.models import Student
from portal.database import IN_PLACE
from portal.enrolments.models import Enrolment
from portal.extensions import db
from portal.learning.models import LessonAnswers


def forget_answers(user_id: int) -> None:
    """Delete what a student answered in quick checks. One statement."""
    own = select(Enrolment.id).join(Student, Student.id == Enrolment.student_id).where(Student.user_id == user_id)
    gone = delete(LessonAnswers).where(LessonAnswers.enrolment_id.in_(own))
    db.session.execute(gone.execution_options(**IN_PLACE))
