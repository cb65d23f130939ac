"""Two clicks, two tabs, two people: the second waits for the first and goes by what it left, or is told."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import clock
from portal.accounts.models import User
from portal.accounts.services.profiles import hold_facilitator
from portal.allocations.models import OfferingStatus
from portal.allocations.queries.selections import lock_courses
from portal.api.routes.offering_changes import change_as_sent
from portal.audit.services import System
from portal.bulk import Plan
from portal.enrolments.models import EnrolmentStatus
from portal.enrolments.services.bulk import EnrolmentDraft, save_enrolments
from portal.errors import Conflict, DomainError, NotFound
from portal.extensions import db
from portal.learning.models import Lesson
from portal.learning.services import copy_lessons
from portal.learning.services.files import Limits, begin_upload
from portal.learning.services.lessons import LessonDraft, create_lesson
from portal.notifications.models import MailRefusal
from portal.notifications.services.refusals import note_refusal
from portal.reflections.models import FormMode, ReflectionForm
from portal.reflections.queries.questions import list_questions
from portal.reflections.sealing import Written, sealer_of
from portal.reflections.services.drafting import Writer
from portal.reflections.services.keeping import FormDraft, save_form
from portal.reflections.services.responding import send_reflection
from portal.tracker import queries
from portal.tracker.ladder import MISSING
from portal.tracker.models import ActivityLog, ActivityLogItem, ChecklistItem, ItemStatus, ReminderStage
from portal.tracker.services import checklist, filling, logs, stages
from portal.tracker.services.filling import Filling
from portal.tracker.services.merging import Edit
from tests.support.api import Program
from tests.support.hurry import beside, has_row_locks, wait_for_a_waiter

KEY = "formative_one_grading"
Deed = Callable[[], object]
# Does the first, begins the second, which waits, and has the first kept; gives what ends the second.
After = Callable[[Deed, Deed], Any]


@pytest.fixture
def after(fresh_app: Flask) -> After:
    @contextmanager
    def two(first: Deed, second: Deed) -> Iterator[Callable[[], None]]:
        first()
        with beside(fresh_app, second) as end:
            until_somebody_waits()
            db.session.commit()
            yield end

    return two


def until_somebody_waits() -> None:
    """On SQLite nobody can see it; there whoever writes waits for all others."""
    if has_row_locks():
        wait_for_a_waiter(db.engine)
    else:
        time.sleep(0.2)


@pytest.fixture
def within(fresh_app: Flask, make_fresh: Any) -> Iterator[None]:
    with fresh_app.app_context():
        yield


def test_lessons_that_are_copied_twice_at_one_moment_are_copied_once(make_fresh: Any, within: None, after: After):
    old, new = make_fresh.offering(), make_fresh.offering()
    make_fresh.lesson(old, title="Alone")
    counts: list[int] = []
    with after(
        lambda: copy_lessons(old.id, new.id, System()),
        lambda: counts.append(copy_lessons(old.id, new.id, System())),
    ) as end:
        end()
    assert counts == [0]
    assert db.session.scalar(select(func.count()).where(Lesson.offering_id == new.id)) == 1


def test_a_course_that_was_deleted_since_it_was_looked_up_gets_no_lesson_and_no_file(make_fresh: Any, within: None):
    gone, old = 2_000_000, make_fresh.offering()
    make_fresh.lesson(old)
    for write in (
        lambda: create_lesson(gone, LessonDraft("First", "Hello"), System()),
        lambda: begin_upload(gone, "sheet.pdf", 10, Limits(1, 1), System()),
        lambda: copy_lessons(old.id, gone, System()),
    ):
        with pytest.raises(NotFound):
            write()
    plan = Plan([EnrolmentDraft("S1", "a course", EnrolmentStatus.WAITLISTED)])
    with pytest.raises(Conflict, match="while the import ran"):
        save_enrolments(plan, {"a course": gone}, {"S1": make_fresh.student().profile_id}, System())


def test_of_two_who_retire_the_last_two_items_of_the_checklist_one_is_told(within: None, after: After):
    last, other, *rest = db.session.scalars(select(ChecklistItem.id).order_by(ChecklistItem.id)).all()
    db.session.execute(update(ChecklistItem).where(ChecklistItem.id.in_(rest)).values(is_active=False))
    db.session.commit()
    with (
        after(
            lambda: checklist.set_item_active(other, False, System()),
            lambda: checklist.set_item_active(last, False, System()),
        ) as end,
        pytest.raises(Conflict, match="the last item"),
    ):
        end()
    assert db.session.scalars(select(ChecklistItem.id).where(ChecklistItem.is_active)).all() == [last]


def test_an_item_that_is_moved_twice_at_one_moment_moves_two_places(within: None, after: After):
    before = _order()
    with after(
        lambda: checklist.move_item(before[0], 1, System()), lambda: checklist.move_item(before[0], 1, System())
    ) as end:
        end()
    assert _order() == [*before[1:3], before[0], *before[3:]]


def _order() -> list[int]:
    wanted = select(ChecklistItem.id).where(ChecklistItem.is_active)
    return list(db.session.scalars(wanted.order_by(ChecklistItem.position, ChecklistItem.id)))


def test_no_two_stages_come_to_tell_the_same_people_on_one_day(within: None, after: After):
    with (
        after(
            lambda: stages.add_stage(MISSING, 9, System()),
            lambda: stages.add_stage(MISSING, 9, System()),
        ) as end,
        pytest.raises(DomainError, match="told already") as refused,
    ):
        end()
    assert refused.value.field == "days"
    days = select(func.count()).where(ReminderStage.working_days == 9)
    assert db.session.scalar(days) == 1


def test_of_two_mails_that_are_refused_at_one_moment_both_count(make_fresh: Any, within: None, after: After):
    person = make_fresh.student()

    def refuse() -> None:
        note_refusal(person.user_id, person.email, "5.1.1", "User unknown")

    with after(refuse, refuse) as end:
        end()
    assert db.session.scalars(select(MailRefusal.times)).all() == [2]


def test_what_was_read_before_somebody_else_allocated_is_not_written_over(make_fresh: Any, fresh_app: Flask):
    """The version that a program named holds for each step of its change, not whichever is there by then."""
    course, first, second = make_fresh.offering(), make_fresh.facilitator(), make_fresh.facilitator()
    today = clock.now().date()
    with fresh_app.app_context():
        seen = course.version
        change_as_sent(course.id, {"facilitator_id": first.profile_id}, seen, today, System())
        for sent in ({"facilitator_id": second.profile_id}, {"status": "completed"}):
            with pytest.raises(Conflict):
                change_as_sent(course.id, sent, seen, today, System())


def test_a_course_that_is_over_is_changed_as_it_was_read_too(make_fresh: Any, fresh_app: Flask):
    """Whoever sends it whole says again how it stands."""
    course, today = make_fresh.offering(status=OfferingStatus.COMPLETED), clock.now().date()
    with fresh_app.app_context():
        seen = course.version
        change_as_sent(course.id, {"title": "Theirs"}, seen, today, System())
        with pytest.raises(Conflict):
            change_as_sent(course.id, {"status": OfferingStatus.COMPLETED, "title": "Mine"}, seen, today, System())


def test_a_change_with_a_facilitator_and_an_allocation_do_not_wait_for_each_other(
    make_fresh: Any, within: None, fresh_app: Flask
):
    """Both hold who is to teach before the course, so that neither has to be undone."""
    course, facilitator, today = make_fresh.offering(), make_fresh.facilitator().profile_id, clock.now().date()
    sent, seen = {"title": "New", "facilitator_id": facilitator}, course.version
    hold_facilitator(facilitator)
    with beside(fresh_app, lambda: change_as_sent(course.id, sent, seen, today, System())) as end:
        until_somebody_waits()
        lock_courses([course.id])
        db.session.commit()
        end()


def test_a_tick_beside_a_program_that_takes_attendance_is_not_written_over(
    make_fresh: Any, within: None, after: After, fresh_app: Flask
):
    facilitator = make_fresh.facilitator()
    week = make_fresh.log(make_fresh.offering(facilitator), 3)
    moment = queries.Moment(clock.now(), clock.now().date())
    read = queries.log_owned_by(facilitator.profile_id, week.id, moment)
    assert read is not None
    tick = Edit(read.version, {KEY: ItemStatus.DONE}, {KEY: ItemStatus.NOT_STARTED})
    said = Filling({KEY: ItemStatus.PENDING}, there=[True, False])
    with (
        after(
            lambda: logs.save(read, tick, moment, System()),
            lambda: filling.fill_in(read, said, moment, System()),
        ) as end,
        pytest.raises(Conflict),
    ):
        end()
    kept = select(ActivityLogItem.status).join(ChecklistItem).where(ChecklistItem.key == KEY)
    assert db.session.scalars(kept).all() == [ItemStatus.DONE]
    assert db.session.scalars(select(ActivityLog.roster_count).where(ActivityLog.id == week.id)).all() == [None]


@pytest.mark.parametrize(
    ("of", "name", "values"),
    [
        ("students", "status", ("inactive", "graduated")),
        ("facilitators", "specialization", ("Graphs", "Sets")),
        ("me", "title", ("Dr", "Prof")),
    ],
)
def test_of_two_programs_that_had_read_the_same_one_writes(
    make_fresh: Any, within: None, fresh_app: Flask, of: str, name: str, values: tuple[str, str]
):
    person = make_fresh.facilitator() if of == "facilitators" else make_fresh.student()
    asks = Program(fresh_app, person if of == "me" else make_fresh.manager())
    path = "/auth/me" if of == "me" else f"/{of}/{person.profile_id}"
    tag = {"If-Match": asks("GET", path).headers["ETag"]}
    answers: list[int] = []

    def patch(value: str) -> Deed:
        return lambda: answers.append(asks("PATCH", path, {name: value}, headers=tag).status_code)

    model, row_id = (User, person.user_id) if of == "me" else (type(person.profile), person.profile_id)
    with ExitStack() as threads, db.engine.begin() as other:
        other.execute(select(model.id).where(model.id == row_id).with_for_update())
        ends = [threads.enter_context(beside(fresh_app, patch(value))) for value in values]
        until_somebody_waits()
        time.sleep(0.5)  # until both wait
        other.rollback()
        for end in ends:
            end()
    assert sorted(answers) == [200, 409]


def test_a_form_keeps_what_it_promised_to_whoever_is_asked(make_fresh: Any, fresh_app: Flask):
    course, student = make_fresh.offering(make_fresh.facilitator()), make_fresh.student()
    make_fresh.enrolment(course, student)
    asked = make_fresh.round(course)
    with fresh_app.app_context():
        form = db.session.get_one(ReflectionForm, asked.form_id)
        wanted = FormDraft(**{name: getattr(form, name) for name in FormDraft.__slots__})
        assert wanted.mode is FormMode.ANONYMOUS
        for mode in (FormMode.CONFIDENTIAL, FormMode.NAMED):
            with pytest.raises(Conflict, match="the mode stays") as refused:
                save_form(form.id, replace(wanted, mode=mode), (), form.version, System())
            assert refused.value.field == "mode"


def test_whoever_lowers_a_promised_number_waits_for_an_answer_that_is_being_sent(
    make_fresh: Any, fresh_app: Flask, within: None, after: After
):
    course, student = make_fresh.offering(make_fresh.facilitator()), make_fresh.student()
    make_fresh.enrolment(course, student)
    asked = make_fresh.round(course)
    form = db.session.get_one(ReflectionForm, asked.form_id)
    wanted = FormDraft(**{name: getattr(form, name) for name in FormDraft.__slots__})
    save_form(form.id, replace(wanted, min_responses=8), (), form.version, System())
    db.session.commit()
    writer = Writer(student.user_id, asked.id, clock.now().date(), sealer_of(fresh_app.config["SECRET_KEY"]))
    version, answers = form.version, {list_questions(form.id)[0].key: "Trusting"}
    with (
        after(
            lambda: send_reflection(writer, Written(answers, "en"), "a-number"),
            lambda: save_form(form.id, replace(wanted, min_responses=6), (), version, System()),
        ) as end,
        pytest.raises(Conflict, match="only be raised"),
    ):
        end()
