"""What is owed: asked of the database, said in a mail, and weeks in words."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.tracker.reminding import ranges
from portal.tracker.services import reminders
from portal.tracker.services.reminders import remind, what_is_owed
from tests.support.mail import DEADLINE, ZONE

DAY = timedelta(days=1)


@pytest.fixture
def people(make: Any, frozen_time: Any) -> tuple[Any, Any, Any]:
    """A facilitator, their course, and its log of the present week."""
    facilitator = make.facilitator()
    offering = make.offering(facilitator)
    return facilitator, offering, make.log(offering, 3)


def change(model: Any, row_id: int, **values: Any) -> None:
    db.session.execute(db.update(model).where(model.id == row_id).values(**values))
    db.session.commit()


def test_a_mail_lists_all_that_is_owed_overdue_first_by_course(app: Flask, people: Any, make: Any) -> None:
    facilitator, offering, log = people
    for week in (1, 2):
        make.log(offering, week)
    make.log(make.offering(facilitator), 2)
    with app.app_context():
        found = what_is_owed(facilitator.user_id, [{"log_id": log.id}], DEADLINE - DAY)
    assert found is not None
    assert [course.weeks for course in found.overdue] == [(1, 2), (2,)]
    assert [course.weeks for course in found.due] == [(3,)]
    assert found.count == 4


def test_old_debts_alone_are_no_reason_for_a_mail(app: Flask, people: Any, make: Any) -> None:
    facilitator, offering, log = people
    make.log(offering, 1)
    with app.app_context():
        change(ActivityLog, log.id, submitted_at=DEADLINE)
        assert what_is_owed(facilitator.user_id, [{"log_id": log.id}], DEADLINE + DAY) is None


@pytest.mark.parametrize(
    ("weeks", "text"),
    [([], ""), ([5], "5"), ([1, 2], "1, 2"), ([1, 2, 3], "1–3"), ([1, 2, 3, 5, 7, 8, 9], "1–3, 5, 7–9")],
)
def test_runs_of_weeks_are_drawn_together(weeks: list[int], text: str) -> None:
    assert ranges(weeks) == text


def test_a_database_that_is_away_is_asked_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question may wait half a minute for it; the next pass asks again."""
    asked = []

    def away(*_: Any) -> Any:
        asked.append(1)
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(reminders, "logs_owed", away)
    with app.app_context(), pytest.raises(OperationalError):
        remind(DEADLINE, ZONE)
    assert len(asked) == 1
