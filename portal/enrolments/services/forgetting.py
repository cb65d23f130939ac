"""What the audit of rosters says of a student whose account is deleted."""

from sqlalchemy import select

from portal.accounts.models import Student
from portal.audit.models import AuditEvent
from portal.audit.redaction import replacing, rewrite_changes
from portal.enrolments.models import Enrolment


def forget_student(user_id: int, student_number: str, number: str) -> None:
    """Put a neutral number in the place of a student's own, in the history of their enrolments."""
    own = select(Enrolment.id).join(Student, Student.id == Enrolment.student_id).where(Student.user_id == user_id)
    rewrite_changes(
        (AuditEvent.entity == Enrolment.__tablename__) & AuditEvent.entity_id.in_(own),
        replacing("student_number", student_number, number),
    )
