"""Rounds as facilitators and managers see them, and what is shown of released ones. Nothing else reads responses."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, null, select

from portal.accounts.models import Student, User
from portal.allocations.models import CourseOffering
from portal.allocations.queries.naming import COURSE_NAME
from portal.catalogue.models import ClassGroup, Department, Module
from portal.enrolments.models import Enrolment
from portal.extensions import db
from portal.folding import fold
from portal.reflections.models import (
    FormMode,
    ReflectionAnswer,
    ReflectionForm,
    ReflectionParticipation,
    ReflectionResponse,
    ReflectionRound,
    ReflectionTally,
)
from portal.reflections.queries.own import TAKES_PART
from portal.scoping import present_scope

_MOST = 300
_SORTS = {"id": ReflectionRound.id, "closes_on": ReflectionRound.closes_on}


@dataclass(frozen=True, slots=True)
class StaffRound:
    """A round of a course for its staff; `responded` and `invited` are live until the results are out."""

    id: int
    form_id: int
    series_id: int
    offering_id: int
    title_en: str
    title_fr: str
    mode: FormMode
    min_responses: int
    opens_on: date
    closes_on: date
    released_on: date | None
    shown_count: int | None
    reply: str | None
    replied_at: datetime | None
    version: int
    code: str | None
    course: str
    class_name: str | None
    facilitator_id: int | None
    department_id: int | None
    department: str | None
    academic_year: int
    trimester: int
    responded: int
    invited: int

    def title(self, language: str) -> str:
        """What the form is called."""
        return (self.title_fr if language == "fr" else self.title_en) or self.title_en

    @property
    def rate(self) -> int:
        """How many of a hundred took part."""
        return round(100 * self.responded / self.invited) if self.invited else 0

    @property
    def is_out(self) -> bool:
        """Whether there are results to see."""
        return self.released_on is not None and bool(self.shown_count)


_TOOK_PART = (
    select(func.count())
    .where(ReflectionParticipation.round_id == ReflectionRound.id)
    .correlate(ReflectionRound)
    .scalar_subquery()
)
_INVITED = (
    select(func.count())
    .where(Enrolment.offering_id == ReflectionRound.offering_id, Enrolment.status.in_(TAKES_PART))
    .correlate(ReflectionRound)
    .scalar_subquery()
)
_ROUNDS: Any = (
    select(
        ReflectionRound.id, ReflectionRound.form_id, ReflectionRound.series_id, ReflectionRound.offering_id,
        ReflectionForm.title_en, ReflectionForm.title_fr, ReflectionForm.mode, ReflectionForm.min_responses,
        ReflectionRound.opens_on, ReflectionRound.closes_on, ReflectionRound.released_on, ReflectionRound.shown_count,
        ReflectionRound.reply, ReflectionRound.replied_at, ReflectionRound.version, Module.code,
        COURSE_NAME, ClassGroup.name, CourseOffering.facilitator_id,
        Module.department_id, Department.name, CourseOffering.academic_year, CourseOffering.trimester,
        func.coalesce(ReflectionRound.responded, _TOOK_PART), func.coalesce(ReflectionRound.invited, _INVITED),
    )
    .join(ReflectionForm, ReflectionForm.id == ReflectionRound.form_id)
    .join(CourseOffering, CourseOffering.id == ReflectionRound.offering_id)
    .outerjoin(Module, Module.id == CourseOffering.module_id)
    .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id)
    .outerjoin(Department, Department.id == Module.department_id)
)  # fmt: skip


def find_staff_round(round_id: int, facilitator_id: int | None, *, manages: bool) -> StaffRound | None:
    """A round for who teaches its course, and for everyone who manages. One statement."""
    wanted = _ROUNDS.where(ReflectionRound.id == round_id)
    if not manages:
        wanted = wanted.where(CourseOffering.facilitator_id == facilitator_id)
    row = db.session.execute(wanted).one_or_none()
    return StaffRound(*row) if row else None


def list_staff_rounds(
    facilitator_id: int | None,
    *,
    manages: bool,
    offering_id: int | None = None,
    sort: str = "-closes_on",
    offset: int = 0,
    limit: int = _MOST,
) -> Sequence[StaffRound]:
    """The rounds that somebody may see, those that close last on top. One statement."""
    # Which they are comes first, by an index alone: of those left out nothing is counted.
    column: Any = _SORTS[sort.removeprefix("-")]
    keys = [one.desc() if sort.startswith("-") else one.asc() for one in (column, ReflectionRound.id)]
    which = _visible(facilitator_id, manages=manages, offering_id=offering_id)
    shown = which.order_by(*keys).offset(offset).limit(limit).subquery()
    wanted = _ROUNDS.join(shown, shown.c.id == ReflectionRound.id)
    return [StaffRound(*row) for row in db.session.execute(wanted.order_by(keys[0], Module.code, ReflectionRound.id))]


def count_staff_rounds(facilitator_id: int | None, *, manages: bool, offering_id: int | None = None) -> int:
    """How many there are. One statement."""
    which = _visible(facilitator_id, manages=manages, offering_id=offering_id).subquery()
    return db.session.scalar(select(func.count()).select_from(which)) or 0


def _visible(facilitator_id: int | None, *, manages: bool, offering_id: int | None) -> Select[int]:
    found = select(ReflectionRound.id)
    # Where managers answer for departments, the session leaves out the courses of others once they are named.
    if not manages or present_scope() is not None:
        found = found.join(CourseOffering, CourseOffering.id == ReflectionRound.offering_id)
    if not manages:
        found = found.where(CourseOffering.facilitator_id == facilitator_id)
    return found if offering_id is None else found.where(ReflectionRound.offering_id == offering_id)


@dataclass(frozen=True, slots=True)
class Tally:
    """The sums of a question, in one language or (empty) in all."""

    question_id: int
    language: str
    responses: int
    answered: int
    ones: int
    twos: int
    threes: int
    fours: int
    fives: int
    words: Sequence[tuple[str, int]]
    phrases: Sequence[tuple[str, int]]

    @property
    def bins(self) -> tuple[int, ...]:
        """How often each number was given, 1 first."""
        return self.ones, self.twos, self.threes, self.fours, self.fives

    @property
    def average(self) -> float | None:
        """The mean of the numbers."""
        return mean_of(self.bins)


def mean_of(bins: Sequence[int]) -> float | None:
    """The mean of numbers from 1 on by how often each was given."""
    total = sum(bins)
    return sum(value * count for value, count in enumerate(bins, 1)) / total if total else None


_SUMS = (
    ReflectionTally.ones, ReflectionTally.twos, ReflectionTally.threes, ReflectionTally.fours, ReflectionTally.fives,
)  # fmt: skip
# What a Tally is made of.
TALLY = (
    ReflectionTally.question_id, ReflectionTally.language, ReflectionTally.responses, ReflectionTally.answered,
    *_SUMS, ReflectionTally.words, ReflectionTally.phrases,
)  # fmt: skip


def tallies_of(round_id: int) -> dict[tuple[int, str], Tally]:
    """A round's sums by question and language. One statement."""
    rows = db.session.execute(select(*TALLY).where(ReflectionTally.round_id == round_id))
    return {(row[0], row[1]): Tally(*row) for row in rows}


@dataclass(frozen=True, slots=True)
class Said:
    """One answer in words; `name` is its writer's where the form says so, else empty."""

    question_id: int
    text: str
    name: str


def list_said(found: StaffRound, language: str = "", sought: str = "") -> Sequence[Said]:
    """The answers in words of a released round, in an order that tells nothing. One statement.

    The two answers of one person never stand at the same place: each question has an order of its own.
    """
    named = found.mode is FormMode.NAMED
    names: Any = (User.first_name, User.last_name) if named else (null().label("first_name"), null().label("last_name"))
    wanted: Any = select(ReflectionAnswer.question_id, ReflectionAnswer.response_id, ReflectionAnswer.text, *names)
    wanted = wanted.where(ReflectionAnswer.round_id == found.id, ReflectionAnswer.text.is_not(None))
    if named or language:
        wanted = wanted.join(ReflectionResponse, ReflectionResponse.id == ReflectionAnswer.response_id)
    if named:
        wanted = wanted.outerjoin(Student, Student.id == ReflectionResponse.student_id)
        wanted = wanted.outerjoin(User, User.id == Student.user_id)
    if language:
        wanted = wanted.where(ReflectionResponse.language == language)
    rows = sorted(db.session.execute(wanted), key=lambda row: shuffled(row.question_id, row.response_id))
    return [
        Said(row.question_id, row.text, f"{row.first_name} {row.last_name}" if named and row.first_name else "")
        for row in rows
        if not sought or fold(sought) in fold(row.text)
    ]


def shuffled(question_id: int, response_id: str) -> bytes:
    """Where an answer stands among those to its question: for ever the same, and another place in each."""
    return hashlib.sha256(f"{question_id}:{response_id}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Compared:
    """The numbers that a department's courses got for the same question in one term."""

    question_key: str
    academic_year: int
    trimester: int
    courses: int
    bins: tuple[int, ...]

    @property
    def average(self) -> float | None:
        """The mean of the numbers."""
        return mean_of(self.bins)


def compare(keys: Sequence[str], department_id: int | None) -> Sequence[Compared]:
    """What a department's courses got for these questions, by term, the latest first. One statement.

    Every part of it is a course whose own results are out, so that nothing smaller can be computed from it.
    """
    if not keys or department_id is None:
        return []
    term = (ReflectionTally.question_key, ReflectionTally.academic_year, ReflectionTally.trimester)
    rows = db.session.execute(
        select(*term, func.count(), *(func.sum(one) for one in _SUMS))
        .where(
            ReflectionTally.question_key.in_(keys),
            ReflectionTally.language == "",
            ReflectionTally.department_id == department_id,
        )
        .group_by(*term)
        .order_by(ReflectionTally.academic_year.desc(), ReflectionTally.trimester.desc())
    )
    return [Compared(row[0], row[1], row[2], row[3], tuple(int(one or 0) for one in row[4:])) for row in rows]
