"""The state of the portal in words, for administrators."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.extensions import db
from portal.ops import health
from portal.ops.models import DELIVERIES, REMINDERS, Pass
from portal.ops.probing import Probe
from portal.ops.services import record_pass

PAGE = "/admin/system"


@pytest.fixture
def admin(client: Any, make: Any, sign_in: Any, monkeypatch: Any) -> Any:
    monkeypatch.setattr(health, "LIMIT", 30.0)
    sign_in(client, make.admin())
    return client


def both_went_through(app: Flask, ago: timedelta = timedelta()) -> None:
    with app.app_context():
        for name in (REMINDERS, DELIVERIES):
            record_pass(name, people=3, sent=1)
        db.session.execute(sa.update(Pass).values(finished_at=clock.now() - ago))
        db.session.commit()


def test_everything_in_order_is_said_first(app: Flask, admin: Any) -> None:
    both_went_through(app)
    found = admin.get(PAGE).text
    assert "Everything is in order." in found
    for said in ("The tables are up to date", "The worker was last at work", "3 people were told", "No mail waits"):
        assert said in found, said
    assert "SQLAlchemy" in found


def test_a_worker_that_stopped_and_a_mail_that_failed_are_named(app: Flask, admin: Any, make: Any) -> None:
    both_went_through(app, ago=timedelta(hours=2))
    with app.app_context():
        from portal.notifications.models import Delivery, DeliveryState

        person = make.student()
        db.session.add(Delivery(recipient_id=person.user_id, state=DeliveryState.FAILED, next_attempt_at=clock.now()))
        db.session.commit()
    found = admin.get(PAGE).text
    assert "3 things need you" in found
    assert "The worker was last at work 2 hours ago. Start it again" in found
    assert "One mail failed within seven days." in found


@pytest.mark.one_database
@pytest.mark.parametrize(("waiting", "said"), [(100, "Everything is in order."), (101, "One thing needs you")])
def test_a_long_queue_needs_somebody(app: Flask, admin: Any, monkeypatch: Any, waiting: int, said: str) -> None:
    both_went_through(app)
    monkeypatch.setitem(app.extensions["portal_probes"], "queue", Probe(lambda: waiting))
    found = admin.get(PAGE).text
    assert f"{waiting} tasks wait in it." in found
    assert said in found
    assert ("the worker does not keep up" in found) is (waiting > 100)


@pytest.mark.one_database
def test_before_the_worker_was_ever_there(admin: Any) -> None:
    found = admin.get(PAGE).text
    assert "The worker has never been at work" in found
    assert "Nobody has been reminded yet" in found


@pytest.mark.one_database
def test_pending_migrations_are_counted_with_their_command(app: Flask, admin: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("portal.ops.figures.pending_migrations", lambda: (2, "0030"))
    found = admin.get(PAGE).text
    assert "2 migrations are pending." in found
    assert "flask --app wsgi db upgrade" in found


@pytest.mark.one_database
def test_the_page_asks_little(app: Flask, admin: Any, count_sql: Any) -> None:
    admin.get(PAGE)
    with count_sql() as sql:
        admin.get(PAGE)
    assert len(sql) <= 16, sql.text


@pytest.mark.one_database
@pytest.mark.parametrize("role", ["manager", "facilitator", "student"])
def test_only_administrators_see_it(client: Any, make: Any, sign_in: Any, role: str) -> None:
    sign_in(client, getattr(make, role)())
    assert client.get(PAGE).status_code == 403


@pytest.mark.one_database
def test_the_regular_jobs_leave_when_they_went_through(fresh_app: Flask, monkeypatch: Any) -> None:
    import tasks

    monkeypatch.setattr(tasks, "_app", lambda: fresh_app)
    tasks.send_due_reminders.call_local()
    tasks.deliver.call_local()
    with fresh_app.app_context():
        found = {one.name: one.finished_at for one in db.session.scalars(sa.select(Pass))}
    assert all(found.values())
    assert set(found) == {REMINDERS, DELIVERIES}


@pytest.mark.one_database
def test_tables_of_a_newer_version_are_named(app: Flask, admin: Any) -> None:
    both_went_through(app)
    with app.app_context():
        db.session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
        db.session.commit()
    answer = admin.get(PAGE)
    assert answer.status_code == 200
    assert "revision 9999, which this version of the portal does not know" in answer.text
