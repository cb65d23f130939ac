"""The people of a Monday morning, signed in, with the weekly logs that they tick."""

from collections import defaultdict

from flask import Flask, g
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

from bench.morning import Actor, Cell, Log
from portal.accounts.models import Facilitator, User
from portal.allocations.models import CourseOffering
from portal.extensions import db
from portal.tracker.models import ActivityLog, ChecklistItem
from tests.support.people import Person, make_manager, make_student
from tests.support.teaching import make_enrolment
from tests.support.web import session_of

# Of a hundred people.
FACILITATORS, MANAGERS = 70, 20
WEEK, MOST_LOGS, COURSES_OF_A_STUDENT = 8, 4, 3


def gather(app: Flask, people: int) -> list[Actor]:
    """So many people in the proportions of a Monday morning."""
    teachers, managers = people * FACILITATORS // 100, people * MANAGERS // 100
    with app.app_context():
        found = [_actor(app, "facilitator", person, logs) for person, logs in _teachers(teachers)]
        for number in range(managers):
            person = make_manager(email=f"load-manager-{number}@example.org")
            found.append(_actor(app, "manager", person, []))
        courses = db.session.scalars(select(CourseOffering).limit(people)).all()
        for number in range(people - len(found)):
            student = make_student(email=f"load-student-{number}@example.org")
            for which in range(COURSES_OF_A_STUDENT):
                make_enrolment(courses[(number * COURSES_OF_A_STUDENT + which) % len(courses)], student)
            found.append(_actor(app, "student", student, []))
        db.session.commit()
    for number, actor in enumerate(found):
        actor.turn = number  # otherwise all would look at their week in the same seconds, and in no others
    return found


def _teachers(number: int) -> list[tuple[Person, list[Log]]]:
    """Facilitators with logs of one week that nobody has begun, at most four each."""
    keys = db.session.scalars(
        select(ChecklistItem.key).where(
            ChecklistItem.is_active, ChecklistItem.from_week <= WEEK, ChecklistItem.to_week.is_(None)
        )
    ).all()
    rows = db.session.execute(
        select(ActivityLog.facilitator_id, ActivityLog.id, ActivityLog.version)
        .where(ActivityLog.week_number == WEEK, ActivityLog.submitted_at.is_(None))
        .order_by(ActivityLog.id)
    ).all()
    logs: dict[int, list[Log]] = defaultdict(list)
    for teacher, log_id, version in rows:
        if len(logs[teacher]) < MOST_LOGS:
            logs[teacher].append(Log(log_id, version, version, [Cell(log_id, key) for key in keys]))
    found = []
    for teacher in list(logs)[:number]:
        profile = db.session.get_one(Facilitator, teacher)
        found.append((Person(db.session.get_one(User, profile.user_id), profile), logs[teacher]))
    return found


def _actor(app: Flask, kind: str, person: Person, logs: list[Log]) -> Actor:
    """The person with the cookie of a session and the token of its forms."""
    with app.test_request_context() as context:
        g.pop("csrf_token", None)  # kept from the person before
        context.session.update(session_of(person))
        token = generate_csrf()
        signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        cookie = signer.dumps(dict(context.session))
    name = app.config["SESSION_COOKIE_NAME"]
    return Actor(kind, f"Cookie: {name}={cookie}\r\nX-CSRFToken: {token}\r\nAccept-Encoding: gzip\r\n", logs)
