"""Accounts that nobody confirms do not stay."""

from datetime import timedelta

from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import OneTimeToken, User
from portal.accounts.services import registration
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.notifications.models import Notification
from tests.support.letters import register
from tests.support.people import PASSWORD


def read(app, *columns):
    with app.app_context():
        return db.session.execute(select(*columns).order_by(User.id)).all()


def test_accounts_that_nobody_confirmed_are_deleted_after_30_days(app, client, make, frozen_time):
    register(client)
    frozen_time.shift(timedelta(days=1))
    register(client, email="later@example.org")
    kept = [make.student(is_confirmed=False, last_login_at=clock.now()).email, make.student().email]
    frozen_time.shift(timedelta(days=29, seconds=1))
    with app.app_context():
        assert registration.delete_some_unconfirmed() == 1
        db.session.commit()
        assert registration.delete_some_unconfirmed() == 0
        assert db.session.scalar(select(func.count(OneTimeToken.id))) == 1
        assert db.session.scalar(select(func.count(Notification.id))) == 1
        deeds = db.session.scalars(select(AuditEvent.action).where(AuditEvent.action.startswith("delete"))).all()
        changes = str(db.session.scalars(select(AuditEvent.changes)).all())
    assert read(app, User.email) == [("later@example.org",), *[(email,) for email in kept]]
    assert deeds == ["delete_unconfirmed"]
    assert "later@example.org" in changes
    assert "aline@example.org" not in changes


def test_one_that_stands_on_a_roster_stays(app, make, frozen_time):
    person = make.student(password=PASSWORD, is_confirmed=False)
    make.enrolment(make.offering(), person)
    frozen_time.shift(timedelta(days=31))
    with app.app_context():
        assert registration.delete_some_unconfirmed() == 0
        db.session.commit()
        assert db.session.get(User, person.user_id) is not None
