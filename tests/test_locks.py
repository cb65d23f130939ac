"""Whoever writes the same rows locks them in the same order, and waits for nobody where that is not needed.

Of two that wait for each other the database undoes one: who asked is told to come again, or work is done a second time.
"""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, BrokenBarrierError, Thread
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import select

from portal import clock, pulses
from portal.accounts.models import OneTimeToken, User
from portal.accounts.services import passwords
from portal.accounts.services.tokens import Purpose, issue_token
from portal.allocations.models import CourseOffering, WorkloadFormula
from portal.allocations.services.bulk import stored_offerings
from portal.allocations.services.workload import FormulaDraft, change_formula
from portal.api.models import KeptAnswer
from portal.api.services import kept_answers
from portal.audit.services import System
from portal.bulk import Edit
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.enrolments.services import EnrolmentDraft
from portal.errors import Conflict
from portal.exchange.feeds import services as feeds
from portal.exchange.feeds.models import CalendarFeed
from portal.exchange.services.holding import hold
from portal.exchange.services.term import Hint, Term
from portal.extensions import db
from portal.reflections.models import ReflectionResponse
from portal.reflections.services import responding
from portal.tracker.models import ActivityLog
from portal.tracker.services import leaves
from portal.tracker.services.leaves import LeaveDraft
from portal.web.access import Actor
from tests.support.hurry import beside, has_row_locks, in_a_hurry, wait_for_a_waiter
from tests.support.reflecting import respond
from tests.support.teaching import RULES

Check = Callable[..., None]


@pytest.fixture
def locks_first(fresh_app: Flask) -> Check:
    """Asserts that a deed that waits for one row holds none of the others yet."""

    def check(deed: Callable[[], object], first: sa.Select[Any], others: sa.Select[Any]) -> None:
        with db.engine.begin() as other:
            assert other.execute(first.with_for_update()).all()
            with beside(fresh_app, deed) as end:
                wait_for_a_waiter(db.engine)
                try:
                    assert other.execute(others.with_for_update(nowait=True)).all()
                finally:
                    other.rollback()
                end()

    return check


def test_a_leave_that_is_taken_back_locks_courses_before_their_weeks(
    fresh_app: Flask, make_fresh: Any, locks_first: Check
) -> None:
    """As whoever plans does."""
    facilitator = make_fresh.facilitator()
    course = make_fresh.offering(facilitator)
    make_fresh.logs(course)
    today = clock.now().date()
    with fresh_app.app_context():
        if not has_row_locks():
            return
        draft = LeaveDraft(facilitator.profile_id, today, today + timedelta(days=20), None, "Ill")
        leaves.grant(draft, RULES, System())
        db.session.commit()
        leave_id = db.session.scalar(select(leaves.Leave.id))
        assert leave_id is not None
        locks_first(
            lambda: leaves.withdraw(leave_id, RULES, clock.now(), System()),
            select(CourseOffering.id).where(CourseOffering.id == course.id),
            select(ActivityLog.id).where(ActivityLog.leave_id == leave_id),
        )


def test_an_import_locks_courses_before_their_rosters(fresh_app: Flask, make_fresh: Any, locks_first: Check) -> None:
    """As whoever enrols or leaves does."""
    course, student = make_fresh.offering(), make_fresh.student()
    enrolment = make_fresh.enrolment(course, student)
    with fresh_app.app_context():
        if not has_row_locks():
            return
        term = Term(Hint(frozenset({course.academic_year}), frozenset()))
        [key] = stored_offerings()
        before = EnrolmentDraft(student.profile.student_number, key)
        after = EnrolmentDraft(student.profile.student_number, key, EnrolmentStatus.WITHDRAWN)
        assert term.enrolments.stored[before.key].id == enrolment.id
        term.enrolments.plan.edits.append(Edit(enrolment.id, before, after))
        locks_first(
            lambda: hold(term),
            select(CourseOffering.id).where(CourseOffering.id == course.id),
            select(Enrolment.id).where(Enrolment.id == enrolment.id),
        )


def test_whoever_follows_a_link_locks_the_account_before_its_links(
    fresh_app: Flask, make_fresh: Any, locks_first: Check
) -> None:
    """As whoever sends another link does."""
    person = make_fresh.facilitator(password="a-quiet-harbour-7")
    with fresh_app.app_context():
        if not has_row_locks():
            return
        link = issue_token(person.user_id, Purpose.RESET, fresh_app.config["SECRET_KEY"])
        db.session.commit()
        locks_first(
            lambda: passwords.reset_password(link.token, "another-harbour-8", System()),
            select(User.id).where(User.id == person.user_id),
            select(OneTimeToken.id).where(OneTimeToken.id == link.id),
        )


def test_whoever_ends_the_address_of_a_calendar_locks_the_account_first(
    fresh_app: Flask, make_fresh: Any, locks_first: Check
) -> None:
    """As whoever makes another one does."""
    person = make_fresh.facilitator()
    with fresh_app.app_context():
        if not has_row_locks():
            return
        feeds.make_feed(person.user_id, System())
        db.session.commit()
        locks_first(
            lambda: feeds.end_feed(person.user_id, Actor(person.user_id, None)),
            select(User.id).where(User.id == person.user_id),
            select(CalendarFeed.user_id).where(CalendarFeed.user_id == person.user_id),
        )


def test_pulses_are_raised_in_one_order_however_they_lie(fresh_app: Flask, make_fresh: Any, locks_first: Check) -> None:
    """PostgreSQL writes a small table from its beginning to its end, where the row stands that was written last."""
    pulse = pulses.Pulse
    with fresh_app.app_context():
        if not has_row_locks():
            return
        first = pulse.subject == pulses.COURSES
        db.session.execute(sa.text("ANALYZE" if db.engine.dialect.name == "postgresql" else "ANALYZE TABLE pulses"))
        db.session.execute(sa.update(pulse).where(first).values(value=pulse.value + 1))
        db.session.commit()
        before = _values()
        locks_first(
            lambda: pulses.note_written("modules"),
            select(pulse.subject).where(first),
            select(pulse.subject).where(pulse.subject.in_([pulses.NAMES, pulses.TERMS])),
        )
        after = _values()
        assert {name for name in after if after[name] == before[name] + 1} == set(pulses.TABLES["modules"])


def _values() -> dict[str, int]:
    found = {one.subject: one.value for one in db.session.scalars(select(pulses.Pulse))}
    db.session.remove()
    return found


def test_a_key_waits_for_no_other_request(fresh_app: Flask, make_fresh: Any) -> None:
    person, other = make_fresh.manager(), make_fresh.manager()
    with fresh_app.app_context():
        if not has_row_locks():
            return
        first, theirs = (kept_answers.claim_key(one.user_id, "k", "f") for one in (person, other))
        db.session.commit()
        assert isinstance(first, kept_answers.Claim)
        # It comes again, several times at one moment, while it is being answered: all of them look at its row.
        with in_a_hurry(), db.engine.begin() as asking:
            asking.execute(_row_of(person.user_id).with_for_update(read=True))
            with pytest.raises(Conflict):
                kept_answers.claim_key(person.user_id, "k", "f")
            db.session.rollback()
        with in_a_hurry(), db.engine.begin() as answering:
            answering.execute(_row_of(other.user_id).with_for_update())
            kept_answers.release_key(first)
            db.session.commit()
        assert db.session.scalars(select(KeptAnswer.user_id)).all() == [other.user_id]
        assert isinstance(theirs, kept_answers.Claim)


def _row_of(user_id: int) -> sa.Select[Any]:
    return select(KeptAnswer.id).where(KeptAnswer.user_id == user_id)


def test_of_two_who_change_the_formula_at_one_moment_the_second_is_told(fresh_app: Flask, make_fresh: Any) -> None:
    with fresh_app.app_context():
        if not has_row_locks():
            return
        seen = db.session.scalars(select(WorkloadFormula)).one()
        db.session.rollback()
        mine, theirs = FormulaDraft(60, 0, 0, 2400), FormulaDraft(61, 0, 0, 2400)
        assert change_formula(mine, seen.id, System())
        with beside(fresh_app, lambda: change_formula(theirs, seen.id, System())) as end:
            wait_for_a_waiter(db.engine)
            db.session.commit()
            with pytest.raises(Conflict):
                end()


def test_two_clicks_make_one_address_of_the_calendar(
    fresh_app: Flask, make_fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, both, made = make_fresh.facilitator(), Barrier(2), []
    delete = feeds._delete

    def delete_together(user_id: int) -> bool:
        gone = delete(user_id)
        try:
            both.wait(0.5)
        except BrokenBarrierError:  # the other one waits for this one, as it should
            both.reset()
        return gone

    monkeypatch.setattr(feeds, "_delete", delete_together)

    def click() -> None:
        with fresh_app.app_context():
            made.append(feeds.make_feed(person.user_id, System()))
            db.session.commit()

    threads = [Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(set(made)) == 2, "each shows an address; that of the later one works"


def test_responses_at_one_moment_bear_one_mark(
    fresh_app: Flask, make_fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL marks rows with the transaction that wrote them; another mark for each would say whose they are."""
    course = make_fresh.offering(make_fresh.facilitator())
    students = [make_fresh.student() for _ in range(3)]
    for student in students:
        make_fresh.enrolment(course, student)
    found = make_fresh.round(course, make_fresh.reflection_form())
    with fresh_app.app_context():
        if db.engine.dialect.name != "postgresql":
            return

        def say(student: Any) -> None:
            answers = {"overall": "3", "helps": "Reading aloud."}
            respond(fresh_app.config["SECRET_KEY"], found.id, student, answers)

        say(students[0])
        forget = responding.forget_draft

        def wait_and_forget(owner_key: str, round_id: int) -> None:
            monkeypatch.setattr(responding, "forget_draft", forget)
            forget(owner_key, round_id)
            with beside(fresh_app, lambda: say(students[2])) as end:
                wait_for_a_waiter(db.engine)
                db.session.commit()
                end()

        monkeypatch.setattr(responding, "forget_draft", wait_and_forget)
        say(students[1])
        marks = db.session.scalars(select(sa.text("xmin::text")).select_from(ReflectionResponse)).all()
        assert (len(marks), len(set(marks))) == (3, 1)
