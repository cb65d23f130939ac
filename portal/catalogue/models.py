"""What is taught, to whom, how, and when there is no teaching."""

from datetime import date

from sqlalchemy import Boolean, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, validates

from portal.database import Timestamps
from portal.extensions import Model
from portal.folding import fold


class Department(Timestamps, Model):
    """A unit of the institution that owns modules."""

    __tablename__ = "departments"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_folded: Mapped[str] = mapped_column(String(200), default="")
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(default=1)

    @validates("name")
    def _fold_name(self, _key: str, value: str) -> str:
        self.name_folded = fold(value)[:200]
        return value


class Module(Timestamps, Model):
    """An entry of the catalogue."""

    __tablename__ = "modules"
    __table_args__ = (Index(None, "name_folded"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_folded: Mapped[str] = mapped_column(String(200), default="")
    credits: Mapped[int] = mapped_column(default=0)
    level: Mapped[str | None] = mapped_column(String(20))
    department_id: Mapped[int | None] = mapped_column(ForeignKey("departments.id", onupdate="CASCADE"), index=True)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(default=1)

    @validates("name")
    def _fold_name(self, _key: str, value: str) -> str:
        self.name_folded = fold(value)[:200]
        return value


class ClassGroup(Timestamps, Model):
    """A class: a named student group of a year and section."""

    __tablename__ = "classes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    name_folded: Mapped[str] = mapped_column(String(100), default="")
    year: Mapped[int | None]
    section: Mapped[str | None] = mapped_column(String(40))
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(default=1)

    @validates("name")
    def _fold_name(self, _key: str, value: str) -> str:
        self.name_folded = fold(value)[:100]
        return value


class Cohort(Timestamps, Model):
    """An intake of a programme."""

    __tablename__ = "cohorts"
    __table_args__ = (CheckConstraint("end_date IS NULL OR start_date IS NULL OR end_date > start_date", name="dates"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_folded: Mapped[str] = mapped_column(String(200), default="")
    program: Mapped[str | None] = mapped_column(String(200))
    start_date: Mapped[date | None] = mapped_column(Date)
    end_date: Mapped[date | None] = mapped_column(Date)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(default=1)

    @validates("name")
    def _fold_name(self, _key: str, value: str) -> str:
        self.name_folded = fold(value)[:200]
        return value


class Mode(Timestamps, Model):
    """How teaching happens; a mode without weekly logs (self-paced) owes none.

    `workload_percent` is what an hour of teaching counts in it: 100 as it stands, 80 for four fifths.
    """

    __tablename__ = "modes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    expects_weekly_log: Mapped[bool] = mapped_column(Boolean, default=True)
    workload_percent: Mapped[int] = mapped_column(default=100)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    version: Mapped[int] = mapped_column(default=1)


class CalendarBreak(Timestamps, Model):
    """Days without teaching, first and last included."""

    __tablename__ = "calendar_breaks"
    __table_args__ = (
        CheckConstraint("end_date >= start_date", name="dates"),
        UniqueConstraint("name", "start_date"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    start_date: Mapped[date] = mapped_column(Date)
    end_date: Mapped[date] = mapped_column(Date)
    version: Mapped[int] = mapped_column(default=1)
