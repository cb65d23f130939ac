"""The open courses of the demo institution, with who takes them and who waits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from portal.accounts.models import Student
from portal.allocations.services.open_courses import OpenDraft
from portal.audit.services import Actor
from portal.enrolments.services import Source, enrol_students
from portal.extensions import db
from portal.learning.courses.services import make_open_course, publish

_LASTS = timedelta(weeks=40)


@dataclass(frozen=True, slots=True)
class OpenCourse:
    """An open course: its facilitator's key, how many students come, and whether it is published."""

    facilitator: str
    title: str
    summary: str
    syllabus: str
    places: int
    students: int
    is_published: bool = True


OPEN_COURSES = (
    OpenCourse(
        "DF-01",
        "Study skills: from notes to exam",
        "How to take notes that you can use, plan a week that you can keep, and sit an exam with a calm head. For "
        "everyone in their first year, whatever they study.",
        "## What comes when\n\n1. Notes that answer questions\n2. A week on one page\n3. Reading a paper in an hour\n"
        "4. The evening before the exam\n\nEach lesson takes **about forty minutes**. There is nothing to hand in.",
        40,
        14,
    ),
    OpenCourse(
        "DF-03",
        "Reading graphs and tables",
        "Bars, lines, maps and the tricks they play: what a figure says, what it leaves out, and what to ask of who "
        "made it.",
        "- What the axes hide\n- Averages, and who is not average\n- Maps of people, maps of land\n\n"
        "You need nothing but school mathematics.",
        8,
        11,
    ),
    OpenCourse(
        "DF-06",
        "Écrire un mémoire en français",
        "Du plan à la bibliographie : construire un mémoire clair, citer correctement et relire son propre texte.",
        "## Au programme\n\n- Trouver une question à laquelle on peut répondre\n- Le plan, trois fois\n- Citer sans "
        "copier\n- Relire à voix haute",
        25,
        6,
    ),
    OpenCourse(
        "DF-01",
        "First aid: a refresher",
        "What to do in the first five minutes, and what not to do.",
        "",
        60,
        0,
        is_published=False,
    ),
)


def save_open_courses(today: date, facilitators: Mapping[str, int], numbers: Sequence[str], by: Actor) -> list[int]:
    """Make the open courses; students of these numbers come in turn, the first one to the first course."""
    students = _students_of(numbers)
    made, next_one = [], 0
    for number, one in enumerate(OPEN_COURSES):
        start = today - timedelta(weeks=5 - number)
        draft = OpenDraft(one.title, one.summary, start, start + _LASTS, one.places)
        course_id = make_open_course(draft, one.syllabus, facilitators[one.facilitator], by, today)
        if one.is_published:
            publish(course_id, by)
        coming = students[next_one : next_one + one.students]
        if coming:
            enrol_students(course_id, coming, Source.SELF, by, tells=False)
        next_one += one.students
        made.append(course_id)
    return made


def _students_of(numbers: Sequence[str]) -> list[int]:
    rows = db.session.execute(
        select(Student.student_number, Student.id).where(Student.student_number.in_(numbers))
    ).all()
    ids = {row.student_number: row.id for row in rows}
    return [ids[number] for number in numbers]
