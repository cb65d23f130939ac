"""What facilitators are told of their courses: given, with other dates, cancelled; and what is no news."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.accounts.models import User
from portal.accounts.services.bulk import facilitator_ids
from portal.allocations.models import OfferingStatus
from portal.allocations.services.bulk import Ids, TermDraft, save_offerings, stored_offerings
from portal.allocations.services.bulk_rules import BulkChange, Deed
from portal.allocations.services.editing import edit_offering
from portal.allocations.services.rollover import Rollover, copy_term, preview_rollover
from portal.allocations.services.rollover_undo import undo_rollover
from portal.allocations.services.standing import change_status
from portal.allocations.services.undoing import undo_change
from portal.audit.services import System
from portal.bulk import Edit, Plan
from portal.catalogue.models import ClassGroup, Cohort, Mode, Module
from portal.extensions import db
from portal.jobs.works import Owner
from portal.notifications.delivering import deliver_pending
from portal.notifications.models import Delivery, Notification
from tests.support.bulk_changes import TODAY, WEEK, chosen, do
from tests.support.mail import parts

pytestmark = pytest.mark.in_turn

SHORT = timedelta(days=3)


@pytest.fixture
def in_app(app: Any, frozen_time: Any) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def manager(make: Any) -> Any:
    return make.manager()


@pytest.fixture
def mail(app: Any, mail_files: Any) -> Any:
    """Sends what waits and gives subjects and texts of all that was sent."""

    def send() -> list[tuple[str, str]]:
        db.session.commit()
        deliver_pending(app.config["PORTAL"])
        return [(one["Subject"], parts(one)[0]) for one in mail_files(app)]

    return send


def told() -> Sequence[tuple[int, str]]:
    rows = db.session.execute(select(Notification.recipient_id, Notification.kind).order_by(Notification.id))
    return [(row.recipient_id, row.kind) for row in rows]


def move(offering: Any, by: timedelta, version: int = 1, who: Any = None) -> None:
    values = {"start_date": offering.start_date, "end_date": offering.end_date + by}
    edit_offering(offering.id, values, version, who or System())


def test_other_dates_are_told_once_with_the_old_ones(in_app, make, mail):
    teacher = make.facilitator()
    offering = make.offering(teacher)
    first, last = offering.start_date, offering.end_date
    move(offering, SHORT)
    assert told() == [(teacher.user_id, "allocation_changed")]
    [(subject, text)] = mail()
    assert subject == "A course of yours has changed"
    for day in (first, last, last + SHORT):
        assert f"{day.day} {day:%B}" in text
    edit_offering(offering.id, {"summary": "Other words"}, 2, System())
    assert len(told()) == 1, "words are not dates"


def test_moved_and_moved_back_is_no_news_and_neither_is_ones_own_deed(in_app, make, mail):
    teacher = make.facilitator()
    offering = make.offering(teacher)
    move(offering, SHORT)
    move(offering, -SHORT, 2)
    assert mail() == []
    move(offering, SHORT, 3, Owner(teacher.user_id, None))
    move(make.offering(), SHORT)
    assert len(told()) == 2


def test_many_at_once_are_one_mail_and_undoing_is_told_too(in_app, make, manager, mail):
    teacher = make.facilitator()
    courses = [make.offering(teacher) for _ in range(3)]
    batch = do(chosen(*courses), WEEK, manager)
    assert told() == [(teacher.user_id, "allocation_changed")] * 3
    [(subject, text)] = mail()
    assert subject == "3 of your courses have changed"
    assert text.count("instead of") == 3
    undo_change(batch, Owner(manager.user_id, None))
    assert len(told()) == 6


def test_a_cancelled_course_is_told_with_the_reason_and_so_is_its_return(in_app, make, mail):
    teacher = make.facilitator()
    offering = make.offering(teacher)
    change_status(offering.id, OfferingStatus.CANCELLED, 1, System(), "Too few students")
    [(_subject, text)] = mail()
    assert "It is cancelled. Too few students" in text
    change_status(offering.id, OfferingStatus.ACTIVE, 2, System())
    change_status(offering.id, OfferingStatus.COMPLETED, 3, System())
    kinds = [kind for _person, kind in told()]
    assert kinds == ["allocation_changed"] * 2, "that it takes place after all; that it is over is no news"


def test_a_bulk_cancellation_tells_each_facilitator_once(in_app, make, manager, mail):
    teacher, other = make.facilitator(), make.facilitator()
    courses = [make.offering(teacher), make.offering(teacher), make.offering(other)]
    do(chosen(*courses), BulkChange(Deed.STATUS, status=OfferingStatus.CANCELLED, reason="No rooms"), manager)
    assert len(told()) == 3
    assert len(mail()) == 2


def roll(manager: Any) -> int:
    wanted = Rollover((2026, 3), (2027, 3), 364)
    seen = preview_rollover(wanted, TODAY).seen
    return copy_term(wanted, seen, Owner(manager.user_id, None), TODAY, lambda _steps: None)


@pytest.mark.every_database
def test_a_copied_term_is_one_mail_for_each_facilitator_who_can_sign_in(in_app, make, manager, mail):
    teacher, stranger = make.facilitator(password="a-quiet-harbour-7"), make.facilitator()
    start = TODAY - timedelta(days=40)
    for person in (teacher, teacher, stranger):
        make.offering(person, academic_year=2026, trimester=3, start_date=start, end_date=start + timedelta(days=90))
    db.session.get_one(User, stranger.user_id).password_hash = None
    db.session.flush()
    batch = roll(manager)
    assert told() == [(teacher.user_id, "allocation_given")] * 2
    undo_rollover(batch, Owner(manager.user_id, None))
    assert mail() == [], "given and taken again before anybody heard of it"


def test_an_import_tells_each_facilitator_once_and_nothing_of_what_is_over(in_app, make, mail):
    teacher = make.facilitator(password="a-quiet-harbour-7")
    kept, moved, given = make.offering(teacher), make.offering(teacher), make.offering()
    over = make.offering(status=OfferingStatus.COMPLETED)
    stored = {one.id: one.draft for one in stored_offerings().values()}
    person = stored[kept.id].facilitator_employee_id
    edits = [
        edit_of(moved.id, stored, end_date=stored[moved.id].end_date + SHORT),
        edit_of(given.id, stored, facilitator_employee_id=person),
        edit_of(over.id, stored, max_students=stored[over.id].max_students + 1),
    ]
    save_offerings(Plan(edits=edits), ids_of(stored), TODAY, System())
    assert sorted(kind for _person, kind in told()) == ["allocation_changed", "allocation_given"]
    [(subject, text)] = mail()
    assert subject == "Your courses have changed"
    assert "Yours from now on" in text
    assert db.session.scalar(select(func.count(Delivery.id))) == 1


def edit_of(row_id: int, stored: dict[int, TermDraft], **changes: Any) -> Edit[TermDraft]:
    return Edit(row_id, stored[row_id], replace(stored[row_id], **changes))


def ids_of(stored: dict[int, TermDraft]) -> Ids:
    """The ids behind the names in these drafts."""
    drafts = stored.values()

    def named(column: Any, row_id: Any, names: set[str]) -> dict[str, int]:
        return dict(db.session.execute(select(column, row_id).where(column.in_(names))).all())

    return Ids(
        named(Module.code, Module.id, {one.module_code for one in drafts}),
        named(ClassGroup.name, ClassGroup.id, {one.class_name for one in drafts}),
        named(Cohort.code, Cohort.id, {one.cohort_code for one in drafts}),
        named(Mode.name, Mode.id, {one.mode for one in drafts}),
        facilitator_ids(),
    )
