"""What is forgotten of somebody whose account is deleted."""

from sqlalchemy import delete, select, update

from portal.accounts.models import Student
from portal.database import IN_PLACE
from portal.extensions import db
from portal.reflections.models import ReflectionDraft, ReflectionResponse


def forget_writer(user_id: int, owner_key: str) -> None:
    """Delete what they were still writing, and take their name off what they said."""
    db.session.execute(
        delete(ReflectionDraft).where(ReflectionDraft.owner_key == owner_key), execution_options=IN_PLACE
    )
    own = select(Student.id).where(Student.user_id == user_id).scalar_subquery()
    theirs = update(ReflectionResponse).where(ReflectionResponse.student_id == own)
    db.session.execute(theirs.values(student_id=None), execution_options=IN_PLACE)
