"""Students on course offerings."""

from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, enum_column
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
    __table_args__ = (UniqueConstraint("offering_id", "student_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    offering_id: Mapped[int] = mapped_column(ForeignKey("course_offerings.id", onupdate="CASCADE", ondelete="CASCADE"))
    student_id: Mapped[int] = mapped_column(
        ForeignKey("students.id", onupdate="CASCADE", ondelete="CASCADE"), index=True
    )
    status: Mapped[EnrolmentStatus] = mapped_column(
        enum_column(EnrolmentStatus, "status"), default=EnrolmentStatus.ACTIVE
    )
    source: Mapped[str] = mapped_column(String(20), default="import")
