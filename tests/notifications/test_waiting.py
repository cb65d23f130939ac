"""Nobody who tells or sends waits for whoever writes another mail: of two that wait for each other one is undone."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.extensions import db
from portal.notifications import services
from portal.notifications.models import Delivery, DeliveryState, Notification
from portal.notifications.services import Fact
from tests.support.hurry import has_row_locks, in_a_hurry


@pytest.fixture
def people(fresh_app: Flask, make_fresh: Any) -> Any:
    """Two for whom a mail waits each."""
    both = [make_fresh.facilitator(), make_fresh.facilitator()]
    with fresh_app.app_context():
        for person in both:
            tell(person, "a")
    return both


def tell(person: Any, key: str) -> None:
    services.notify_many([Fact(person.user_id, "log_missing", {}, f"{key}:{person.user_id}")])
    db.session.commit()


def mail_of(person: Any, key: str) -> int | None:
    wanted = select(Notification.delivery_id).where(Notification.dedupe_key == f"{key}:{person.user_id}")
    return db.session.scalar(wanted)


def test_mails_that_somebody_writes_just_now_are_left_to_them(fresh_app: Flask, people: Any) -> None:
    first, second = people
    with fresh_app.app_context():
        if not has_row_locks():
            return
        theirs, other = mail_of(first, "a"), mail_of(second, "a")
        with in_a_hurry(), db.engine.begin() as writing:
            writing.execute(update(Delivery).where(Delivery.id == theirs).values(last_error="451 later"))
            tell(second, "b")
            assert mail_of(second, "b") == other, "it is told of with what waits for them"
            claims = services.claim_deliveries()
            db.session.commit()
            assert [one.id for one in claims] == [other]
            tell(first, "b")
        own = mail_of(first, "b")
        assert own not in {None, theirs}, "a mail of its own"
        assert sorted(one.id for one in services.claim_deliveries()) == sorted({theirs, own})
        db.session.commit()


def test_the_next_ones_are_taken_where_others_take_the_first(fresh_app: Flask, people: Any) -> None:
    with fresh_app.app_context():
        if not has_row_locks():
            return
        ids = db.session.scalars(select(Delivery.id).order_by(Delivery.id)).all()
        with in_a_hurry(), db.engine.begin() as taking:
            taking.execute(update(Delivery).where(Delivery.id == ids[0]).values(state=DeliveryState.CLAIMED))
            assert [one.id for one in services.claim_deliveries(limit=1)] == [ids[1]]
            db.session.commit()
            assert services.claim_deliveries(limit=1) == []
            db.session.commit()
