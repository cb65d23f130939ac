"""Courses begin and end by their dates."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.services.by_calendar import LINGERS, follow_calendar
from portal.allocations.services.standing import change_status
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.jobs.works import Owner
from tests.support.bulk_changes import now

FIRST, LAST = date(2026, 10, 12), date(2026, 12, 20)
PLANNED, ACTIVE, COMPLETED = OfferingStatus.PLANNED, OfferingStatus.ACTIVE, OfferingStatus.COMPLETED
DAY = timedelta(days=1)


@pytest.fixture
def course(app, make, frozen_time):
    with app.app_context():
        yield make.offering(make.facilitator(), start_date=FIRST, end_date=LAST, status=PLANNED)


@pytest.mark.parametrize(
    ("status", "today", "then"),
    [
        (PLANNED, FIRST - DAY, PLANNED),
        (PLANNED, FIRST, ACTIVE),
        (PLANNED, LAST, ACTIVE),
        (PLANNED, LAST + LINGERS + DAY, COMPLETED),
        (ACTIVE, LAST + LINGERS, ACTIVE),  # the last weeks are reminded of still
        (ACTIVE, LAST + LINGERS + DAY, COMPLETED),
        (OfferingStatus.CANCELLED, LAST + LINGERS + DAY, OfferingStatus.CANCELLED),
    ],
)
def test_a_course_stands_as_its_dates_say(course, status, today, then):
    now(course).status = status
    db.session.flush()
    changed = follow_calendar(today)
    assert (now(course).status, changed) == (then, int(status is not then))
    assert follow_calendar(today) == 0
    events = db.session.execute(select(AuditEvent.changes, AuditEvent.actor_id).where(AuditEvent.action != "create"))
    assert [tuple(event) for event in events] == [({"status": [status.value, then.value]}, None)] * changed


def test_what_somebody_brings_back_stays(course, make):
    over = LAST + LINGERS + DAY
    follow_calendar(over)
    version = now(course).version
    change_status(course.id, ACTIVE, version, Owner(make.manager().user_id, None))
    assert follow_calendar(over + DAY) == 0
    assert now(course).status is ACTIVE


def test_the_history_tells_it(course, client, make, sign_in):
    follow_calendar(FIRST)
    db.session.commit()
    sign_in(client, make.manager())
    assert "Begun, as planned" in client.get(f"/allocations/{course.id}").text
    assert db.session.scalar(select(CourseOffering.version)) == 2
