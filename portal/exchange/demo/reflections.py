"""Reflections at the demo institution: one that is open, one whose results are out, and an answer to the class."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from portal import clock
from portal.accounts.models import Facilitator, Student
from portal.allocations.models import CourseOffering, IntakePeriod, OfferingStatus
from portal.bulk import insert_rows
from portal.catalogue.models import ClassGroup, Module
from portal.database import IN_PLACE
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.exchange.demo import people, teaching
from portal.exchange.demo.opinions import HALF_WAY, QUESTIONS, REPLY, SAID, START
from portal.extensions import db
from portal.reflections.models import (
    Anchor,
    FormState,
    ReflectionForm,
    ReflectionParticipation,
    ReflectionQuestion,
    ReflectionResponse,
    ReflectionRound,
)
from portal.reflections.services.releasing import release

# Whose courses are asked: those of the demo accounts, with their colleagues for the comparison.
_DEPARTMENTS = ("NURS", "COMP")
# Whose courses were asked before too.
_FORMER = ("DF-01", "DF-03")
# There too few answer, so that nothing is shown.
_SHY = ("NURS-101", "Health 1B")
_ANSWERED = {("NURS-101", "Health 1A"), ("COMP-101", "Computing 1A")}
# What the student of the demo account has sent already.
_SENT = "COMP-201"
# What part of a class answers.
_PAST, _PRESENT = (0.55, 0.9), (0.1, 0.6)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Course:
    id: int
    module: str
    class_name: str
    employee: str
    user_id: int
    students: Sequence[int]


def write_reflections(chance: Random, today: date) -> None:
    """Two forms of the demo's own, which ask its courses alone: one whose results are out, one that is open."""
    courses = _courses()
    former = [one for one in courses if one.employee in _FORMER]
    own = db.session.scalar(select(Student.id).where(Student.student_number == people.STUDENT.key))
    over, running = _form(START), _form(HALF_WAY)
    past = [_round(over, one, today - 42 * _DAY, today - 32 * _DAY) for one in former]
    present = [_round(running, one, today - 4 * _DAY, today + (3 + place % 4) * _DAY)
               for place, one in enumerate(courses)]  # fmt: skip
    db.session.add_all([*past, *present])
    db.session.flush()
    answering = [(found, _some(chance, one, _PAST)) for found, one in zip(past, former, strict=True)]
    answering += [(found, _of_today(chance, one, own)) for found, one in zip(present, courses, strict=True)]
    _respond(chance, answering, today)
    for found in past:
        release(found.id, found.closes_on + 2 * _DAY)
    _reply(past, former)


def clear_forms() -> None:
    """Delete the demo's forms after its courses; one that a course of the institution's own was asked by stays."""
    used = select(ReflectionRound.form_id).where(ReflectionRound.form_id == ReflectionForm.id)
    ours = ReflectionForm.title_en.in_([START[0], HALF_WAY[0]])
    gone = delete(ReflectionForm).where(ours, ~used.exists())
    db.session.execute(gone, execution_options=IN_PLACE)


def _courses() -> list[_Course]:
    codes = [code for code in teaching.MODULE_CODES if code.startswith(_DEPARTMENTS)]
    rows = db.session.execute(
        select(CourseOffering.id, Module.code, ClassGroup.name, Facilitator.employee_id, Facilitator.user_id)
        .join(Module, Module.id == CourseOffering.module_id)
        .join(ClassGroup, ClassGroup.id == CourseOffering.class_id)
        .join(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
        .where(
            Module.code.in_(codes),
            ClassGroup.name.in_(teaching.CLASS_NAMES),
            CourseOffering.intake_period == IntakePeriod.FT,
            CourseOffering.status == OfferingStatus.ACTIVE,
        )
        .order_by(CourseOffering.id)
    ).all()
    return [_Course(*row, students) for row in rows if (students := _students(row.id))]


def _students(course: int) -> Sequence[int]:
    mine = (Enrolment.offering_id == course, Enrolment.status == EnrolmentStatus.ACTIVE)
    return db.session.scalars(select(Enrolment.student_id).where(*mine).order_by(Enrolment.id)).all()


def _form(titles: tuple[str, str]) -> ReflectionForm:
    """Retired: it asks no course but those that it is given here."""
    form = ReflectionForm(
        title_en=titles[0], title_fr=titles[1], state=FormState.RETIRED, anchor=Anchor.MIDDLE, opens_days=-7,
        closes_days=14,
    )  # fmt: skip
    db.session.add(form)
    db.session.flush()
    form.series_id = form.id
    db.session.add_all(
        ReflectionQuestion(form_id=form.id, position=place, **asked) for place, asked in enumerate(QUESTIONS, 1)
    )
    db.session.flush()
    return form


def _round(form: ReflectionForm, course: _Course, opens: date, closes: date) -> ReflectionRound:
    return ReflectionRound(
        form_id=form.id, series_id=form.id, offering_id=course.id, opens_on=opens, closes_on=closes
    )  # fmt: skip


def _some(chance: Random, course: _Course, shares: tuple[float, float]) -> list[int]:
    share = 0.1 if shares == _PAST and (course.module, course.class_name) == _SHY else chance.uniform(*shares)
    return sorted(chance.sample(course.students, round(share * len(course.students))))


def _of_today(chance: Random, course: _Course, own: int | None) -> list[int]:
    """Who has answered what is open: the student of the demo account one, the others wait for visitors."""
    students = [one for one in _some(chance, course, _PRESENT) if one != own]
    return [*students, own] if own in course.students and own and course.module == _SENT else students


def _respond(chance: Random, answering: Sequence[tuple[ReflectionRound, list[int]]], today: date) -> None:
    parts, responses = [], []
    for found, students in answering:
        days = (min(found.closes_on, today) - found.opens_on).days
        # Some courses are liked more than others.
        weights = chance.choice(((1, 2, 5, 9, 6), (1, 1, 3, 8, 10), (3, 5, 8, 6, 2)))
        for one in students:
            day = found.opens_on + chance.randint(0, days) * _DAY
            parts.append({"round_id": found.id, "student_id": one, "on_day": day,
                          "receipt": f"{chance.getrandbits(128):032x}"})  # fmt: skip
            responses.append(_response(chance, found.id, weights))
    insert_rows(ReflectionParticipation, parts)
    insert_rows(ReflectionResponse, sorted(responses, key=lambda one: str(one["id"])))


def _response(chance: Random, round_id: int, weights: Sequence[int]) -> dict[str, Any]:
    language = "fr" if chance.random() < 0.35 else "en"
    said = {
        key: " ".join(chance.sample(texts, chance.choice((1, 1, 2))))
        for key, texts in SAID[language].items()
        if chance.random() < 0.75
    }
    number = chance.choices("12345", weights)[0]
    key = str(UUID(int=chance.getrandbits(128), version=4))
    return {"id": key, "round_id": round_id, "language": language, "student_id": None,
            "body": {"overall": number} | said}  # fmt: skip


def _reply(past: Sequence[ReflectionRound], courses: Sequence[_Course]) -> None:
    """One facilitator has answered two classes, one of them that of the demo student."""
    for found, course in zip(past, courses, strict=True):
        if (course.module, course.class_name) in _ANSWERED:
            db.session.refresh(found)
            found.reply, found.reply_by, found.replied_at = REPLY, course.user_id, clock.now() - 27 * _DAY
    db.session.flush()
