"""Students on course offerings."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime, enum_column
from portal.extensions import Model


class EnrolmentStatus(StrEnum):
    """Where an enrolment stands."""

    ACTIVE = "active"
    WAITLISTED = "waitlisted"
    WITHDRAWN = "withdrawn"
    COMPLETED = "completed"


class Enrolment(Timestamps, Model):
    """A student on a course offering; all of them are its roster."""

    __tablename__ = "enrolments"
    __table_args__ = (
        UniqueConstraint("offering_id", "student_id"),
        # Who is next on the waiting list of a course.
        Index(None, "offering_id", "status", "queue_number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    offering_id: Mapped[int] = mapped_column(ForeignKey("course_offerings.id", onupdate="CASCADE", ondelete="CASCADE"))
    student_id: Mapped[int] = mapped_column(
        ForeignKey("students.id", onupdate="CASCADE", ondelete="CASCADE"), index=True
    )
    status: Mapped[EnrolmentStatus] = mapped_column(
        enum_column(EnrolmentStatus, "status"), default=EnrolmentStatus.ACTIVE
    )
    # How it came about: import, cohort, self, staff.
    source: Mapped[str] = mapped_column(String(20), default="import")
    # The place on the waiting list: smaller numbers first, never used twice in a course; None for all others.
    queue_number: Mapped[int | None]
    # When the student had done all of the course for the first time; it stays, whatever is added later.
    completed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
