"""Course offerings and who teaches them."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    String,
    Text,
    Time,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, validates

from portal.database import Timestamps, UtcDateTime, enum_column
from portal.extensions import Model
from portal.folding import fold

MAX_STUDENTS = 5000


class OfferingKind(StrEnum):
    """Staff-led for a class and cohort, or a self-paced course that students join themselves."""

    COHORT = "cohort"
    OPEN = "open"


class OfferingStatus(StrEnum):
    """Where a course offering stands."""

    PLANNED = "planned"
    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class IntakePeriod(StrEnum):
    """First half, second half or the full trimester."""

    HT1 = "HT1"
    HT2 = "HT2"
    FT = "FT"


class CourseOffering(Timestamps, Model):
    """A module delivered to a class and cohort in a mode, with dates; with its facilitator it is an allocation."""

    __tablename__ = "course_offerings"
    __table_args__ = (
        UniqueConstraint(
            "module_id",
            "class_id",
            "cohort_id",
            "mode_id",
            "academic_year",
            "trimester",
            "intake_period",
            name="uq_course_offerings_combination",
        ),
        CheckConstraint("end_date > start_date", name="dates"),
        CheckConstraint(f"max_students BETWEEN 1 AND {MAX_STUDENTS}", name="capacity"),
        CheckConstraint("trimester BETWEEN 1 AND 3", name="trimester"),
        CheckConstraint(
            "kind <> 'cohort' OR (module_id IS NOT NULL AND class_id IS NOT NULL AND cohort_id IS NOT NULL)",
            name="kind_needs",
        ),
        Index(None, "academic_year", "trimester", "status"),
        # How many running courses someone has in a term.
        Index("ix_course_offerings_load", "facilitator_id", "academic_year", "trimester", "status", "kind"),
        # All that the counts of the list are made of, in the order of the modules whose credits are added up.
        Index(
            "ix_course_offerings_counts",
            "module_id",
            "academic_year",
            "trimester",
            "status",
            "mode_id",
            "intake_period",
            "facilitator_id",
            "start_date",
            "end_date",
            "max_students",
            "kind",
        ),
        # The open courses that are published.
        Index(None, "kind", "published_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[OfferingKind] = mapped_column(enum_column(OfferingKind, "kind"), default=OfferingKind.COHORT)
    # No cascade on update for these three: MariaDB and MySQL refuse it on columns that a check names.
    module_id: Mapped[int | None] = mapped_column(ForeignKey("modules.id"))
    class_id: Mapped[int | None] = mapped_column(ForeignKey("classes.id"), index=True)
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id"), index=True)
    mode_id: Mapped[int] = mapped_column(ForeignKey("modes.id", onupdate="CASCADE"), index=True)
    facilitator_id: Mapped[int | None] = mapped_column(ForeignKey("facilitators.id", onupdate="CASCADE"))
    # The day from which a facilitator is there: weeks that ended before it owe no log.
    allocated_on: Mapped[date | None] = mapped_column(Date)
    academic_year: Mapped[int]
    trimester: Mapped[int]
    intake_period: Mapped[IntakePeriod] = mapped_column(
        enum_column(IntakePeriod, "intake_period"), default=IntakePeriod.FT
    )
    start_date: Mapped[date] = mapped_column(Date)
    end_date: Mapped[date] = mapped_column(Date)
    max_students: Mapped[int] = mapped_column(default=30)
    title: Mapped[str | None] = mapped_column(String(200))
    title_folded: Mapped[str] = mapped_column(String(200), default="")
    summary: Mapped[str | None] = mapped_column(Text)
    status: Mapped[OfferingStatus] = mapped_column(
        enum_column(OfferingStatus, "status"), default=OfferingStatus.PLANNED
    )
    # When its page was opened to students; archived, it takes nobody any more and stays readable to who is on it.
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    archived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    enrolment_policy: Mapped[str] = mapped_column(String(20), default="closed")
    # How many hold a place and how many wait for one, kept with every enrolment in its transaction.
    enrolled_count: Mapped[int] = mapped_column(default=0)
    waiting_count: Mapped[int] = mapped_column(default=0)
    # The last number that was given out on the waiting list.
    queue_last: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    @validates("title")
    def _fold_title(self, _key: str, value: str | None) -> str | None:
        self.title_folded = fold(value or "")[:200]
        return value


class Meeting(Timestamps, Model):
    """When a course meets each week, in the institution's local time. `weekday` is 1 (Monday) to 7 (ISO 8601)."""

    __tablename__ = "meetings"
    __table_args__ = (
        UniqueConstraint("offering_id", "weekday", "starts_at"),
        CheckConstraint("weekday BETWEEN 1 AND 7", name="weekday"),
        CheckConstraint("ends_at > starts_at", name="times"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    offering_id: Mapped[int] = mapped_column(ForeignKey("course_offerings.id", onupdate="CASCADE", ondelete="CASCADE"))
    weekday: Mapped[int]
    starts_at: Mapped[time] = mapped_column(Time)
    ends_at: Mapped[time] = mapped_column(Time)
    room: Mapped[str] = mapped_column(String(60), default="")


class SavedView(Timestamps, Model):
    """A list as someone wants to see it again: its address parameters. Shared ones show for every manager."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("owner_id", "name_folded"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", onupdate="CASCADE", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(80))
    name_folded: Mapped[str] = mapped_column(String(80), default="")
    # As an address has them: {"trimester": ["2026-3"], "mode": ["Online", "Hybrid"]}
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    is_shared: Mapped[bool] = mapped_column(Boolean, default=False, index=True)

    @validates("name")
    def _fold_name(self, _key: str, value: str) -> str:
        self.name_folded = fold(value)[:80]
        return value


class WorkloadFormula(Timestamps, Model):
    """How many minutes of work a course is for its whole term; the latest row counts.

    credits × `per_credit` + students × `per_student`, and credits × `first_time` for a module that someone
    has not taught before, all times the mode's `workload_percent`; a full-time term has `full_time` minutes.
    """

    __tablename__ = "workload_formulas"

    id: Mapped[int] = mapped_column(primary_key=True)
    per_credit: Mapped[int]
    per_student: Mapped[int]
    first_time: Mapped[int]
    full_time: Mapped[int]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))


class WorkloadOverride(Timestamps, Model):
    """What a course really is for who teaches it, in minutes, where the formula is wrong: by whom and why."""

    __tablename__ = "workload_overrides"
    __table_args__ = (CheckConstraint("minutes >= 0", name="minutes"),)

    offering_id: Mapped[int] = mapped_column(
        ForeignKey("course_offerings.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    minutes: Mapped[int]
    reason: Mapped[str] = mapped_column(String(500))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", onupdate="CASCADE"))
