"""Loading the demo institution: the catalogue, the people, a term around today, and what happened in it so far."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from portal import clock
from portal.accounts.models import Facilitator, Student, User
from portal.accounts.queries import list_accounts_at
from portal.accounts.services import UserDraft, create_user, give_password, set_departments
from portal.accounts.services.bulk import FacilitatorDraft, StudentDraft, save_facilitators, save_students
from portal.allocations.models import CourseOffering, IntakePeriod, OfferingStatus
from portal.allocations.services.bulk import Ids, Key, TermDraft, save_offerings
from portal.audit.services import Actor, Change, record_many
from portal.bulk import Plan, ids_by, update_rows
from portal.catalogue.calendar import rules_of
from portal.catalogue.models import ClassGroup, Cohort, Department, Module
from portal.catalogue.services.breaks import BreakDraft, save_breaks
from portal.catalogue.services.bulk import (
    ClassDraft,
    CohortDraft,
    ModuleDraft,
    mode_names,
    save_classes,
    save_cohorts,
    save_departments,
    save_modules,
)
from portal.config import Settings
from portal.enrolments.models import EnrolmentStatus
from portal.enrolments.services.bulk import EnrolmentDraft, save_enrolments
from portal.errors import Conflict, NotAllowed, lazy
from portal.exchange.demo import people, teaching
from portal.exchange.demo.history import write_history
from portal.exchange.demo.lessons import write_lessons
from portal.exchange.demo.open_courses import save_open_courses
from portal.exchange.demo.reflections import write_reflections
from portal.exchange.demo.term import Term, term_around
from portal.extensions import db
from portal.folding import fold
from portal.roles import Role
from portal.tracker.services import plan_logs

_SEED = 20260907


@dataclass(frozen=True, slots=True)
class DemoCounts:
    """How much was loaded."""

    courses: int
    facilitators: int
    students: int
    enrolments: int
    logs: int


def is_loaded() -> bool:
    """Whether the demo institution is there. One statement."""
    return bool(list_accounts_at(people.DOMAIN))


def load_demo(settings: Settings, by: Actor) -> DemoCounts:
    """Write the demo institution in the caller's transaction; takes about two seconds.

    Raises NotAllowed in production, and Conflict when it is there already or one of its codes is taken.
    """
    _check(settings)
    chance = Random(_SEED)  # noqa: S311 (the same institution every time, nothing secret)
    term = term_around(clock.today(settings.zone), has_break=not _has_courses())
    ids = _save_catalogue(term, by)
    facilitators = _save_staff(by)
    classes, students = _save_students(chance, ids.cohorts, by)
    offerings = _save_courses(term, Ids(ids.modules, ids.classes, ids.cohorts, ids.modes, facilitators), by)
    rosters = _rosters(chance, classes, offerings)
    save_enrolments(Plan(new=rosters), offerings, students, by)
    _open_accounts(by)
    _set_status(_cancelled(offerings), OfferingStatus.CANCELLED, by)
    rules = rules_of(settings)
    logs = plan_logs(list(offerings.values()), rules).created
    write_history(chance, list(offerings.values()), rules)
    _set_status(_over(offerings), OfferingStatus.COMPLETED, by)
    own = teaching.STUDENT_NUMBERS.index(people.STUDENT.key)
    numbers = [*teaching.STUDENT_NUMBERS[own:], *teaching.STUDENT_NUMBERS[:own]]
    made = save_open_courses(clock.today(settings.zone), facilitators, numbers[:40], by)
    write_lessons(chance, f"facilitator{people.DOMAIN}", f"student{people.DOMAIN}", by)
    write_reflections(chance, clock.today(settings.zone))
    return DemoCounts(len(offerings) + len(made), len(facilitators), len(students), len(rosters), logs)


def _check(settings: Settings) -> None:
    if settings.in_production:
        raise NotAllowed(lazy("The demo institution is not for production: everyone knows its passwords."))
    if is_loaded():
        raise Conflict(lazy("The demo institution is here already. Nothing was changed."))
    codes: dict[InstrumentedAttribute[str], Iterable[str]] = {
        Department.code: teaching.DEPARTMENTS,
        Module.code: teaching.MODULE_CODES,
        ClassGroup.name: teaching.CLASS_NAMES,
        Cohort.code: teaching.COHORTS,
        Facilitator.employee_id: [one.key for one in people.FACILITATORS],
        Student.student_number: teaching.STUDENT_NUMBERS,
    }
    taken = [key for column, keys in codes.items() for key in _taken(column, keys)]
    if taken:
        raise Conflict(
            lazy(
                "Codes of the demo institution are taken: %(codes)s. Nothing was changed.", codes=", ".join(taken[:10])
            )
        )


def _taken(column: InstrumentedAttribute[str], keys: Iterable[str]) -> list[str]:
    """Which of these keys the institution uses, in any spelling that a database may take for the same."""
    known = {fold(key) for key in db.session.scalars(select(column))}
    return [key for key in keys if fold(key) in known]


def _has_courses() -> bool:
    """Whether the institution has courses of its own, whose weeks a break of ours would move."""
    return bool(db.session.scalar(select(func.count(CourseOffering.id))))


def _save_catalogue(term: Term, by: Actor) -> Ids:
    departments = save_departments(teaching.DEPARTMENTS, by)
    named = [{"id": departments[code], "name": name} for code, (name, _) in teaching.DEPARTMENTS.items()]
    update_rows(Department, named)
    modules = [
        ModuleDraft(teaching.module_code(code, number), name, code, f"{number}00", 3 if number < 5 else 6)
        for code, (_, names) in teaching.DEPARTMENTS.items()
        for number, name in enumerate(names, start=1)
    ]
    cohorts = [CohortDraft(code, name, programme) for code, (name, programme) in teaching.COHORTS.items()]
    classes = [ClassDraft(one.name, term.start.year, one.section) for one in teaching.CLASSES]
    if term.pause:
        save_breaks(Plan(new=[BreakDraft(teaching.BREAK_NAME, term.pause.start, term.pause.end)]), by)
    return Ids(
        save_modules(Plan(new=modules), departments, by),
        save_classes(Plan(new=classes), by),
        save_cohorts(Plan(new=cohorts), by),
        _modes(),
        {},
    )


def _modes() -> Mapping[str, int]:
    """The modes by name; one that the institution has done away with is stood in for by another."""
    known = mode_names()
    if not known:
        raise Conflict(lazy("There is no mode of teaching yet. Nothing was changed."))
    wanted = {course.mode for one in teaching.CLASSES for course in one.courses}
    return {name: known.get(name, next(iter(known.values()))) for name in wanted}


def _save_staff(by: Actor) -> dict[str, int]:
    for someone, role in ((people.ADMIN, Role.ADMIN), (people.HEAD, Role.MANAGER), (people.DEPUTY, Role.MANAGER)):
        create_user(UserDraft(someone.email, role, someone.first_name, someone.last_name, someone.locale), by)
    departments = ids_by(Department.code, people.DEPUTY_DEPARTMENTS)
    set_departments(people.DEPUTY.email, list(departments.values()), by)
    drafts = [
        FacilitatorDraft(one.key, one.email, one.first_name, one.last_name, one.department, one.limit)
        for one in people.FACILITATORS
    ]
    return save_facilitators(Plan(new=drafts), by)


def _save_students(
    chance: Random, cohorts: Mapping[str, int], by: Actor
) -> tuple[dict[str, list[str]], dict[str, int]]:
    """The numbers of the students of each class, and all their ids by number."""
    classes: dict[str, list[str]] = {}
    drafts: list[StudentDraft] = []
    # The student who has an account is the first of all.
    for one in sorted(teaching.CLASSES, key=lambda one: one.name != teaching.STUDENT_CLASS):
        for _ in range(one.size):
            number = teaching.STUDENT_NUMBERS[len(drafts)]
            classes.setdefault(one.name, []).append(number)
            drafts.append(_student(number, one.cohort, chance))
    return classes, save_students(Plan(new=drafts), cohorts, by)


def _student(number: str, cohort: str, chance: Random) -> StudentDraft:
    if number == people.STUDENT.key:
        known = people.STUDENT
        return StudentDraft(number, known.email, known.first_name, known.last_name, cohort)
    # Long lines are languages with many speakers here, so they are drawn more often.
    firsts, lasts = chance.choices(people.NAMES, [len(first) for first, _ in people.NAMES])[0]
    first, last = chance.choice(firsts.split()), chance.choice(lasts.split()).replace("_", " ")
    return StudentDraft(number, f"{number.lower()}{people.DOMAIN}", first, last, cohort)


def _save_courses(term: Term, ids: Ids, by: Actor) -> dict[Key, int]:
    drafts = []
    for one in teaching.CLASSES:
        for course in one.courses:
            intake = IntakePeriod(course.intake)
            first, last = term.dates(intake)
            drafts.append(
                TermDraft(
                    *(course.module, one.name, one.cohort, course.mode, term.year, term.trimester, intake, first, last),
                    course.facilitator,
                    max(one.size, 20),
                )
            )
    # As of the term's first day: what has ended since still gets the logs of its weeks.
    return save_offerings(Plan(new=drafts), ids, term.start, by)


def _cancelled(offerings: Mapping[Key, int]) -> list[int]:
    cancelled = {(course.module, one.name) for one in teaching.CLASSES for course in one.courses if course.is_cancelled}
    return [offering_id for key, offering_id in offerings.items() if key[:2] in cancelled]


def _over(offerings: Mapping[Key, int]) -> list[int]:
    """The courses of the term's first half, which has ended by now."""
    return [offering_id for key, offering_id in offerings.items() if key[6] is IntakePeriod.HT1]


def _set_status(offering_ids: list[int], status: OfferingStatus, by: Actor) -> None:
    update_rows(CourseOffering, [{"id": one, "status": status} for one in offering_ids])
    changed = {"status": (OfferingStatus.ACTIVE, status)}
    record_many(by, [Change("update", "course_offerings", one, changed) for one in offering_ids])


def _rosters(chance: Random, classes: Mapping[str, list[str]], offerings: Mapping[Key, int]) -> list[EnrolmentDraft]:
    """Every student of a class on each of its courses; a few have left."""
    with_roster = {(course.module, one.name) for one in teaching.CLASSES for course in one.courses if course.has_roster}
    return [
        EnrolmentDraft(number, key, _enrolment_status(number, chance))
        for key in offerings
        if key[:2] in with_roster
        for number in classes[key[1]]
    ]


def _enrolment_status(number: str, chance: Random) -> EnrolmentStatus:
    leaves = chance.random() < 0.02 and number != people.STUDENT.key
    return EnrolmentStatus.WITHDRAWN if leaves else EnrolmentStatus.ACTIVE


def _open_accounts(by: Actor) -> None:
    """Four accounts get the password; all get an epoch that no later account of the same id will have."""
    demo = (people.ADMIN, people.HEAD, people.FACILITATORS[0], people.STUDENT)
    give_password([one.email for one in demo], people.PASSWORD, by)
    ids = list_accounts_at(people.DOMAIN)
    locales = {one.email: one.locale for one in (*people.FACILITATORS, people.DEPUTY)}
    epoch = secrets.randbelow(900_000_000)
    rows = [
        {"id": user_id, "session_epoch": epoch, "locale": locales.get(email, "en")} for email, user_id in ids.items()
    ]
    update_rows(User, rows)
