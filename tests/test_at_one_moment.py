"""Several who do the same at the same moment: one after the other, or one is told; the database undoes nobody."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from threading import Barrier, Lock, get_ident
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event, select

from portal import clock
from portal.accounts.models import Student, UserSession
from portal.accounts.queries import find_person
from portal.accounts.services import administration, sessions
from portal.accounts.services.devices import Browser
from portal.accounts.services.profiles import change_facilitator, change_student, hold_facilitator
from portal.allocations.services.assignment import assign_facilitator
from portal.audit.services import System, record
from portal.catalogue.models import Module
from portal.enrolments.services import places
from portal.errors import Conflict, DomainError, NotFound
from portal.extensions import db
from portal.learning.models import Lesson, LessonAnswers, LessonAttachment, StoredFile
from portal.learning.queries import Viewer
from portal.learning.queries.lessons import find_lesson
from portal.learning.services import checks, files
from portal.learning.services.cleaning import mark_unkept
from portal.learning.services.copying import copy_lessons
from portal.reflections.models import FormState, ReflectionForm
from portal.reflections.services.keeping import begin_version, publish_form
from portal.tracker.models import ActivityLog
from portal.tracker.services import leaves
from portal.tracker.services.leaves import LeaveDraft
from portal.web.access import Actor
from tests.support.hurry import beside, has_row_locks, in_a_hurry, wait_for_a_waiter
from tests.support.teaching import RULES

QUESTION = {"id": "q", "kind": "text", "prompt": "7 / 2?", "explanation": "", "accepted": ["3.5"]}


@contextmanager
def together(threads: int, words: str) -> Iterator[None]:
    """So many threads wait for each other once each has sent its first statement that holds these words."""
    all_of_them, seen, lock = Barrier(threads, timeout=30), set[int](), Lock()

    def wait(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        with lock:
            first = words in statement and get_ident() not in seen
            seen.update([get_ident()] if first else [])
        if first:
            all_of_them.wait()

    event.listen(db.engine, "after_cursor_execute", wait)
    try:
        yield
    finally:
        event.remove(db.engine, "after_cursor_execute", wait)


def do_each(app: Flask, deeds: list[Callable[[], object]]) -> None:
    """Do all at once, each in a transaction of its own; raises what one of them raised."""
    with ExitStack() as threads:
        for end in [threads.enter_context(beside(app, deed)) for deed in deeds]:
            end()


def test_first_answers_of_a_student_at_one_moment_are_all_kept(fresh_app: Flask, make_fresh: Any) -> None:
    course, student = make_fresh.offering(make_fresh.facilitator()), make_fresh.student()
    enrolment = make_fresh.enrolment(course, student)
    lesson = make_fresh.lesson(course, questions=[QUESTION])
    with fresh_app.app_context():
        if not has_row_locks():
            return
        text = find_lesson(lesson.id, Viewer(student.user_id), clock.now())
        assert text is not None

        def answer() -> None:
            checks.answer(text, "q", ["4"], enrolment.id)
            time.sleep(0.2)  # meanwhile the others wait for this one

        with together(3, "FROM lesson_answers"):
            do_each(fresh_app, [answer] * 3)
        assert db.session.scalars(select(LessonAnswers.answers)).one()["q"]["tries"] == 3


def test_of_two_drafts_published_at_one_moment_one_is_and_the_other_is_told(fresh_app: Flask, make_fresh: Any) -> None:
    old = make_fresh.reflection_form()
    with fresh_app.app_context():
        if not has_row_locks():
            return
        drafts = [begin_version(old.id, System()) for _ in range(2)]
        db.session.commit()
        publish_form(drafts[0], System())
        with beside(fresh_app, lambda: publish_form(drafts[1], System())) as end:
            wait_for_a_waiter(db.engine)
            db.session.commit()
            with pytest.raises(Conflict):
                end()
        now = select(ReflectionForm.id).where(
            ReflectionForm.series_id == old.id, ReflectionForm.state == FormState.PUBLISHED
        )
        assert db.session.scalars(now).all() == [drafts[0]]
        publish_form(drafts[1], System())
        db.session.commit()
        assert db.session.scalars(now).all() == [drafts[1]]


def test_two_versions_begun_at_one_moment_have_two_numbers(fresh_app: Flask, make_fresh: Any) -> None:
    old = make_fresh.reflection_form()
    with fresh_app.app_context():
        if not has_row_locks():
            return
        second, third = (begin_version(old.id, System()) for _ in range(2))
        db.session.commit()
        begin_version(second, System())
        with beside(fresh_app, lambda: begin_version(third, System())) as end:
            wait_for_a_waiter(db.engine)
            db.session.commit()
            end()
        numbers = select(ReflectionForm.number).where(ReflectionForm.series_id == old.id)
        assert sorted(db.session.scalars(numbers)) == [1, 2, 3, 4, 5]


def test_a_file_is_kept_or_thrown_away(fresh_app: Flask, make_fresh: Any) -> None:
    """Never both, whichever comes first."""
    course, other = make_fresh.offering(make_fresh.facilitator()), make_fresh.offering()
    lesson, soon = make_fresh.lesson(course), clock.now() + timedelta(days=2)
    shared = make_fresh.file(lesson, "sheet.png")
    loose = make_fresh.file(None, "loose.png")
    with fresh_app.app_context():
        if not has_row_locks():
            return

        def attach() -> None:
            files.attach(db.session.get_one(Lesson, lesson.id), db.session.get_one(StoredFile, loose.id))

        def detach() -> None:
            files.detach(db.session.get_one(Lesson, lesson.id), shared.id)

        def mark() -> int:
            """What the worker marks, which waits for nobody."""
            marked: list[int] = []
            with in_a_hurry(), beside(fresh_app, lambda: marked.append(mark_unkept(soon))) as end:
                end()
            return marked[0]

        attach()
        assert mark() == 0, "somebody begins to keep it"
        db.session.rollback()
        assert mark_unkept(soon) == 1
        with beside(fresh_app, attach) as end:
            wait_for_a_waiter(db.engine)
            db.session.commit()
            with pytest.raises(NotFound):
                end()
        assert copy_lessons(course.id, other.id, System()) == 1
        with beside(fresh_app, detach) as end:
            end()
        assert mark() == 0, "the copy keeps it"
        db.session.commit()
        assert db.session.scalars(select(LessonAttachment.file_id)).all() == [shared.id]


def test_signing_out_beside_ending_all_sessions_undoes_neither(fresh_app: Flask, make_fresh: Any) -> None:
    """Whoever comes by one index of MariaDB waits for nobody who came by another and waits for them."""
    person = make_fresh.student()
    with fresh_app.app_context():
        if not has_row_locks():
            return
        found = find_person(person.user_id)
        assert found is not None
        begun, still = (
            sessions.begin(found, "password", Browser(), device_id=None, lasts=timedelta(days=1)) for _ in range(2)
        )
        db.session.commit()
        first = select(UserSession.id).where(UserSession.id == begun.id)
        with ExitStack() as threads, db.engine.begin() as other:
            other.execute(first.with_for_update())
            signed_out = threads.enter_context(beside(fresh_app, lambda: sessions.end_by_secret(begun.secret)))
            wait_for_a_waiter(db.engine)
            all_ended = threads.enter_context(beside(fresh_app, lambda: sessions.end_sessions(person.user_id)))
            time.sleep(0.3)  # until it waits too
            other.rollback()
            signed_out()
            all_ended()
        over = select(UserSession.id).where(UserSession.ended_at.is_not(None)).order_by(UserSession.id)
        assert db.session.scalars(over).all() == [begun.id, still.id]


def test_a_cohort_that_was_deleted_since_it_was_looked_up_is_named(fresh_app: Flask, make_fresh: Any) -> None:
    student = make_fresh.student()
    with fresh_app.app_context():
        with pytest.raises(DomainError) as refused:
            change_student(student.profile_id, {"cohort_id": 2_000_000, "status": "active"}, System())
        assert refused.value.field == "cohort_id"
        assert db.session.scalars(select(Student.cohort_id).where(Student.id == student.profile_id)).one() != 2_000_000


def test_whoever_changes_a_roster_leaves_the_module_to_others(fresh_app: Flask, make_fresh: Any) -> None:
    """MariaDB locks whatever a locking statement joins; whoever makes a course holds its module before the course."""
    course = make_fresh.offering()
    with fresh_app.app_context():
        if not has_row_locks():
            return
        places.lock_course(course.id)
        renamed = sa.update(Module).where(Module.id == course.module_id).values(name="Other")
        with in_a_hurry(), beside(fresh_app, lambda: db.session.execute(renamed)) as end:
            end()


def test_what_only_refers_to_people_waits_for_nobody_who_changes_them(fresh_app: Flask, make_fresh: Any) -> None:
    """Where the database can tell: MariaDB and MySQL lock whatever a new row refers to."""
    admin, person, facilitator = make_fresh.admin(), make_fresh.student(), make_fresh.facilitator()
    course, other, today = make_fresh.offering(), make_fresh.offering(), clock.now().date()
    with fresh_app.app_context():
        if db.engine.dialect.name != "postgresql":
            return
        leaves.grant(LeaveDraft(facilitator.profile_id, today, today, None, "Ill"), RULES, System())
        assign_facilitator(other.id, facilitator.profile_id, other.version, System(), today)
        administration.deactivate(person.user_id, System())
        hold_facilitator(facilitator.profile_id)
        change_facilitator(facilitator.profile_id, {"department": "Languages"}, System())
        log = ActivityLog(
            allocation_id=course.id, facilitator_id=facilitator.profile_id, week_number=1, week_start=today,
            due_at=clock.now(),
        )  # fmt: skip

        def refer() -> None:
            record(Actor(admin.user_id, None), "nudge", "course_offerings", course.id)
            db.session.add(log)

        with in_a_hurry(), beside(fresh_app, refer) as end:
            end()
