"""Weekly logs: the checklist, each week's answers to it, and attendance."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Boolean, Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps, UtcDateTime, enum_column
from portal.extensions import Model

NOTES_LIMIT = 5000


class ItemStatus(StrEnum):
    """How far one checklist item has come."""

    NOT_STARTED = "Not Started"
    PENDING = "Pending"
    DONE = "Done"


class AttendanceState(StrEnum):
    """Whether one student was there in one week."""

    PRESENT = "present"
    LATE = "late"
    ABSENT = "absent"
    EXCUSED = "excused"


class ChecklistItem(Timestamps, Model):
    """One thing to tick, with the teaching weeks in which it is expected (both ends included; no end: to the last)."""

    __tablename__ = "checklist_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    label_en: Mapped[str] = mapped_column(String(100))
    label_fr: Mapped[str] = mapped_column(String(100))
    position: Mapped[int]
    from_week: Mapped[int] = mapped_column(default=1)
    to_week: Mapped[int | None]
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class Leave(Timestamps, Model):
    """Days, both ends included, on which a facilitator does not teach.

    The weeks that it covers fall to `substitute_id`, and are excused where that is null.
    """

    __tablename__ = "leaves"
    __table_args__ = (Index(None, "facilitator_id", "last_day"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    facilitator_id: Mapped[int] = mapped_column(ForeignKey("facilitators.id", onupdate="CASCADE", ondelete="CASCADE"))
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    substitute_id: Mapped[int | None] = mapped_column(ForeignKey("facilitators.id", onupdate="CASCADE"))
    reason: Mapped[str] = mapped_column(String(500))
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))


class ActivityLog(Timestamps, Model):
    """One allocation's log of one teaching week. The row exists as soon as the week is expected.

    `facilitator_id` is who owes it: it follows the allocation until the log is started or due, and stays
    with who taught the week when it is over and they leave.
    `started_at` is the first tick or note; from then on planning leaves the row alone.
    `extended_from` is the deadline that the calendar gave before somebody moved it; such a deadline stays.
    `there_count` and `roster_count` sum the week's attendance up: how many were there (late ones too) of how many;
    null until it is taken.
    `leave_id` is the leave that handed the week on or excused it; it stays when somebody decides otherwise after that.
    `reopen_asked_at` and `reopen_reason` are the wish of who submitted it to have it opened again.
    """

    __tablename__ = "activity_trackers"
    __table_args__ = (
        UniqueConstraint("allocation_id", "week_number"),
        Index(None, "facilitator_id", "submitted_at", "due_at"),
        Index(None, "submitted_at", "due_at"),
        # All that the states of a course's weeks are made of.
        Index(
            "ix_activity_trackers_states",
            "allocation_id",
            "week_start",
            "due_at",
            "submitted_at",
            "excused_at",
            "facilitator_id",
        ),
        Index(None, "week_start", "allocation_id"),
        # All that the states of a week's courses are made of.
        Index(
            "ix_activity_trackers_weeks",
            "week_start",
            "excused_at",
            "submitted_at",
            "due_at",
            "allocation_id",
            "week_number",
            "facilitator_id",
        ),
        Index(None, "reopen_asked_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    allocation_id: Mapped[int] = mapped_column(
        ForeignKey("course_offerings.id", onupdate="CASCADE", ondelete="CASCADE")
    )
    facilitator_id: Mapped[int] = mapped_column(ForeignKey("facilitators.id", onupdate="CASCADE"))
    week_number: Mapped[int]
    week_start: Mapped[date] = mapped_column(Date)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Raised when the deadline moves, so that a reminder about the old one does not stand for the new.
    deadline_version: Mapped[int] = mapped_column(default=1)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))
    excused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    excused_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))
    excused_reason: Mapped[str | None] = mapped_column(String(500))
    extended_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    leave_id: Mapped[int | None] = mapped_column(
        ForeignKey("leaves.id", onupdate="CASCADE", ondelete="SET NULL"), index=True
    )
    reopen_asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reopen_reason: Mapped[str | None] = mapped_column(String(500))
    notes: Mapped[str] = mapped_column(Text, default="")
    done_count: Mapped[int] = mapped_column(default=0)
    there_count: Mapped[int | None]
    roster_count: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)


class ActivityLogItem(Timestamps, Model):
    """The status of one checklist item in one log; written for all expected items when the log is started."""

    __tablename__ = "activity_tracker_items"

    tracker_id: Mapped[int] = mapped_column(
        ForeignKey("activity_trackers.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    item_id: Mapped[int] = mapped_column(
        ForeignKey("checklist_items.id", onupdate="CASCADE"), primary_key=True, index=True
    )
    status: Mapped[ItemStatus] = mapped_column(enum_column(ItemStatus, "status"), default=ItemStatus.NOT_STARTED)
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))


class Attendance(Timestamps, Model):
    """One place of the roster in one week; without a roster the places are only counted."""

    __tablename__ = "attendance"

    tracker_id: Mapped[int] = mapped_column(
        ForeignKey("activity_trackers.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    enrolment_id: Mapped[int | None] = mapped_column(
        ForeignKey("enrolments.id", onupdate="CASCADE", ondelete="CASCADE"), index=True
    )
    state: Mapped[AttendanceState] = mapped_column(enum_column(AttendanceState, "state"))


class ReminderStage(Timestamps, Model):
    """A step of the ladder: so many working days before (negative) or after a deadline somebody is told."""

    __tablename__ = "reminder_stages"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(40), unique=True)
    working_days: Mapped[int]
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class LogAlert(Timestamps, Model):
    """That managers or the head were told of a week that is missing, at a stage and under a deadline."""

    __tablename__ = "log_alerts"
    __table_args__ = (UniqueConstraint("tracker_id", "stage", "deadline_version"), Index(None, "stage", "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    tracker_id: Mapped[int] = mapped_column(ForeignKey("activity_trackers.id", onupdate="CASCADE", ondelete="CASCADE"))
    stage: Mapped[str] = mapped_column(String(40))
    deadline_version: Mapped[int]
