"""Lessons of one course of the demo institution: a formula, code, a table, a quick check; and what students did."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select

from portal import clock
from portal.accounts.models import Facilitator, Student, User
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.audit.services import Actor
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db
from portal.learning.models import Lesson, LessonCompletion
from portal.learning.services.lessons import LessonDraft, create_lesson

_LESSONS = (
    (
        "What the mean hides",
        "The *mean* of $n$ values is\n\n$$\n\\bar{x} = \\frac{1}{n} \\sum_{i=1}^{n} x_i\n$$\n\n"
        "Two groups can have the same mean and look nothing alike:\n\n"
        "| group | values | mean |\n|---|---|--:|\n| A | 9, 10, 11 | 10 |\n| B | 1, 10, 19 | 10 |\n\n"
        "> Before you compare means, look at the values.",
    ),
    (
        "Spread in ten lines",
        "The standard deviation says how far values lie from their mean:\n\n"
        "```python\nfrom math import sqrt\n\n\ndef spread(values: list[float]) -> float:\n"
        '    """The standard deviation of a sample."""\n    mean = sum(values) / len(values)\n'
        "    return sqrt(sum((one - mean) ** 2 for one in values) / (len(values) - 1))\n\n\n"
        "print(spread([9, 10, 11]), spread([1, 10, 19]))\n```\n\n"
        "## Try it\n\n1. Run it with your own numbers.\n2. What happens with a single value, and why?",
    ),
    (
        "Drawing what you found",
        "A picture is read before its caption. Choose it by the question:\n\n"
        "- *How is it spread?* A histogram.\n- *Do two things go together?* A scatter plot.\n"
        "- *How did it change?* A line, with the axis from zero only where zero means something.",
    ),
    ("Project week", "Bring the data that you chose, and one question to it."),
)
_QUESTIONS: list[dict[str, Any]] = [
    {
        "id": "mean", "kind": "text", "prompt": "What is the mean of 2, 4 and 9?", "accepted": ["5", "five"],
        "explanation": "2 + 4 + 9 = 15, and 15 / 3 = 5.",
    },
    {
        "id": "alike", "kind": "one", "prompt": "Two groups have the same mean. Are they alike?",
        "options": [{"text": "Yes, always", "right": False}, {"text": "Not necessarily", "right": True}],
        "explanation": "A and B above have the mean 10, and B is spread nine times as far.",
    },
]  # fmt: skip


def write_lessons(chance: Random, facilitator: str, student: str, by: Actor) -> int:
    """Lessons for a running course of each of these two, by their addresses; gives how many."""
    running = select(CourseOffering.id).where(CourseOffering.status == OfferingStatus.ACTIVE)
    running = running.order_by(CourseOffering.id).limit(1)
    taught = running.join(Facilitator, Facilitator.id == CourseOffering.facilitator_id)
    taught = taught.join(User, User.id == Facilitator.user_id).where(User.email == facilitator)
    studied = running.join(Enrolment, Enrolment.offering_id == CourseOffering.id)
    studied = studied.join(Student, Student.id == Enrolment.student_id).join(User, User.id == Student.user_id)
    wanted = (taught, studied.where(User.email == student))
    found = {course for course in (db.session.scalar(one) for one in wanted) if course is not None}
    return sum(_write(chance, course, by) for course in sorted(found))


def _write(chance: Random, course: int, by: Actor) -> int:
    now = clock.now()
    moments = [now - timedelta(days=30), now - timedelta(days=23), now - timedelta(days=16), now + timedelta(days=5)]
    lessons = [create_lesson(course, LessonDraft(title, body), by) for title, body in _LESSONS]
    for lesson, moment in zip(lessons, moments, strict=True):
        # What was published long ago is not told of today.
        lesson.published_at, lesson.announced_at = moment, moment if moment <= now else None
    lessons[0].questions = _QUESTIONS
    db.session.flush()
    _finish(chance, course, lessons[:3], now)
    return len(lessons)


def _finish(chance: Random, course: int, lessons: Sequence[Lesson], now: datetime) -> None:
    """Some students have done all, some are under way, some have stopped."""
    places = select(Enrolment.id).where(Enrolment.offering_id == course, Enrolment.status == EnrolmentStatus.ACTIVE)
    rows = []
    for enrolment_id in db.session.scalars(places.order_by(Enrolment.id)):
        for number, lesson in enumerate(lessons[: chance.choice((0, 1, 1, 2, 3, 3))]):
            moment = now - timedelta(days=28 - 7 * number - chance.randint(0, 5))
            rows.append({"lesson_id": lesson.id, "enrolment_id": enrolment_id, "created_at": moment, "updated_at": now})
    if rows:
        db.session.execute(insert(LessonCompletion), rows)
