"""Students hear that their course is cancelled, once, and that it takes place after all."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import clock
from portal.allocations.models import OfferingStatus
from portal.allocations.services.standing import change_status
from portal.audit.services import System
from portal.enrolments.services import withdraw_students
from portal.extensions import db
from portal.notifications.delivering import deliver_pending
from portal.notifications.models import Notification
from tests.support.mail import parts

pytestmark = pytest.mark.in_turn

CANCELLED, ACTIVE = OfferingStatus.CANCELLED, OfferingStatus.ACTIVE


@pytest.fixture
def mail(app: Any, mail_files: Any) -> Any:
    """Sends what waits and gives recipient, subject and text of all that was sent."""

    def send() -> list[tuple[str, str, str]]:
        db.session.commit()
        deliver_pending(app.config["PORTAL"])
        return [(one["To"].addresses[0].addr_spec, one["Subject"], parts(one)[0]) for one in mail_files(app)]

    return send


def told() -> set[tuple[int, str]]:
    kinds = Notification.kind.startswith("enrolment")
    rows = db.session.execute(select(Notification.recipient_id, Notification.kind).where(kinds))
    found = [(row.recipient_id, row.kind) for row in rows]
    assert len(found) == len(set(found)), "each once"
    return set(found)


def test_everybody_on_it_and_waiting_for_it_hears_that_a_course_is_cancelled(
    app: Any, make: Any, make_open: Any, join: Any, mail: Any
) -> None:
    course = make_open(max_students=2, title="Reading Maps")
    first, second, third, gone = [make.student() for _ in range(4)]
    for student in (first, gone, third, second):
        join(course, student)
    with app.app_context():
        withdraw_students(course.id, [gone.profile_id], System())
        db.session.execute(Notification.__table__.delete())
        change_status(course.id, CANCELLED, 1, System(), "No rooms")
        people = {first, second, third}
        assert told() >= {(one.user_id, "enrolment_cancelled") for one in people}
        assert gone.user_id not in {user_id for user_id, _kind in told()}
        mails = [one for one in mail() if one[0].startswith("student")]
    assert {address for address, _subject, _text in mails} == {one.email for one in people}
    assert {subject for _address, subject, _text in mails} == {"A course of yours is cancelled"}
    assert "Reading Maps" in mails[0][2]
    assert "It is cancelled. No rooms" in mails[0][2]


def test_a_course_that_is_brought_back_says_so_and_one_that_was_never_missed_does_not(
    app: Any, make: Any, make_open: Any, join: Any, mail: Any, frozen_time: Any
) -> None:
    course, student = make_open(), make.student()
    join(course, student)
    with app.app_context():
        change_status(course.id, CANCELLED, 1, System(), "No rooms")
        change_status(course.id, ACTIVE, 2, System())
        assert told() >= {(student.user_id, kind) for kind in ("enrolment_cancelled", "enrolment_takes_place")}
        assert [one for one in mail() if one[0] == student.email] == [], "both within one mail are no news"
        change_status(course.id, CANCELLED, 3, System(), "No rooms")
        assert len(mail_to(student, mail())) == 1
        frozen_time.move_to(clock.now() + timedelta(days=1))
        change_status(course.id, ACTIVE, 4, System())
        change_status(course.id, OfferingStatus.COMPLETED, 5, System())
        [_cancelled, (_address, _subject, text)] = mail_to(student, mail())
    assert "It takes place after all. You have a place." in text


def mail_to(person: Any, mails: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [one for one in mails if one[0] == person.email]


def test_a_place_and_the_cancellation_in_one_mail_say_that_it_is_cancelled(
    app: Any, make: Any, make_open: Any, join: Any, mail: Any
) -> None:
    course, student, other = make_open(max_students=1), make.student(), make.student()
    join(course, other)
    join(course, student)
    with app.app_context():
        withdraw_students(course.id, [other.profile_id], System())
        change_status(course.id, CANCELLED, 1, System(), "No rooms")
        [(_address, subject, text)] = mail_to(student, mail())
    assert subject == "A course of yours is cancelled"
    assert "You have a place" not in text
