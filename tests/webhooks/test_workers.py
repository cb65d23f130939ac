"""Several workers, and one that is killed: each message arrives, and twice only under the same id."""

import os
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.audit.services import System
from portal.extensions import db
from portal.webhooks import delivering
from portal.webhooks.addresses import Reach
from portal.webhooks.models import EndpointState, WebhookDelivery, WebhookEndpoint
from portal.webhooks.sealing import box_of
from portal.webhooks.sending import Outcome
from portal.webhooks.services import outbox
from portal.webhooks.services.endpoints import EndpointDraft, create_endpoint
from portal.webhooks.services.messages import Message, send_messages
from tests.support.hurry import beside, has_row_locks, in_a_hurry, wait_for_a_waiter

KIND = "log.submitted"


@pytest.fixture
def busy(fresh_app, receiver):
    """An application that commits, with settings that lead here, and forty messages for the receiver."""
    changes = {"webhook_networks": "127.0.0.0/8", "webhook_http": True}
    settings = fresh_app.config["PORTAL"].model_copy(update=changes)
    with fresh_app.app_context():
        box = box_of(fresh_app.config["SECRET_KEY"])
        made = create_endpoint(EndpointDraft(receiver.url, [KIND]), Reach.of(settings), box, System())
        send_messages([Message(KIND, {"id": at}) for at in range(40)], {made.id: {KIND}})
        db.session.commit()
        db.session.remove()
    return settings, box, made


def states(app):
    with app.app_context():
        found = Counter(one.value for one in db.session.scalars(select(WebhookDelivery.state)))
        db.session.rollback()
    return found


class _Open:
    """A lock that keeps nobody out: as if each thread were a process of its own."""

    def acquire(self, *, blocking: bool) -> bool:
        return not blocking

    def release(self) -> None:
        """Nothing."""


def test_two_workers_at_once_send_each_message_once(fresh_app, busy, receiver, monkeypatch):
    settings, box, _made = busy
    monkeypatch.setattr(delivering, "_running", _Open())
    sent = []

    def work():
        with fresh_app.app_context():
            sent.append(delivering.deliver_messages(settings, box))
            db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # Whoever came too late for one looks again; what none of them sees any more is done by the next sweep.
    work()
    assert states(fresh_app) == {"delivered": 40}
    assert Counter(receiver.ids).most_common(1)[0][1] == 1
    assert sum(one.delivered for one in sent) == 40


def test_nobody_waits_for_who_writes_another_message(fresh_app, busy):
    """Of two that wait for each other MariaDB undoes one."""
    with fresh_app.app_context():
        if not has_row_locks():
            return
        first, second, *_rest = db.session.scalars(select(WebhookDelivery.id).order_by(WebhookDelivery.id)).all()
        with in_a_hurry(), db.engine.begin() as writing:
            writing.execute(update(WebhookDelivery).where(WebhookDelivery.id == first).values(error="timeout"))
            [claim] = outbox.claim([first, second])
            db.session.commit()
        assert claim.id == second


def test_an_endpoint_is_locked_before_its_messages_whoever_begins(fresh_app, busy):
    """So that a worker whose message did not arrive, and who switches it off, follow each other."""
    _settings, _box, made = busy
    with fresh_app.app_context():
        if not has_row_locks():
            return
        [claim] = outbox.claim(db.session.scalars(select(WebhookDelivery.id).limit(1)).all())
        db.session.commit()
        with db.engine.begin() as switching:
            switching.execute(update(WebhookEndpoint).where(WebhookEndpoint.id == made.id).values(version=2))
            with beside(fresh_app, lambda: outbox.settle(claim, Outcome(500, "status"))) as end:
                wait_for_a_waiter(db.engine)
                mine = select(WebhookDelivery.id).where(WebhookDelivery.id == claim.id)
                assert switching.scalar(mine.with_for_update(nowait=True)) == claim.id
                off = {"state": EndpointState.DISABLED}
                switching.execute(update(WebhookEndpoint).where(WebhookEndpoint.id == made.id).values(off))
                switching.commit()
                end()
        assert states(fresh_app) == {"pending": 39, "failed": 1}


@pytest.mark.one_database
def test_a_second_call_in_a_process_leaves_it_to_the_first(app, endpoint, happen, work, receiver):
    made = endpoint()
    happen(made.id)
    assert delivering._running.acquire(blocking=False)
    try:
        assert work().delivered == 0
    finally:
        delivering._running.release()
    assert work().delivered == 1


def test_what_a_worker_took_is_free_again_when_its_lease_ends(app, endpoint, happen, work, receiver, frozen_time):
    happen(endpoint().id)
    with app.app_context():
        (lost,) = outbox.claim(outbox.find_ready({}, 5))
        db.session.commit()
    assert work().delivered == 0
    frozen_time.shift(outbox.LEASE)
    assert work().delivered == 1
    with app.app_context():
        assert not outbox.settle(lost, Outcome(500, "status")), "its word counts no longer"
        db.session.commit()
        kept = db.session.scalars(select(WebhookDelivery)).one()
        assert (kept.state, kept.attempts) == ("delivered", 2)


@pytest.mark.one_database
def test_a_killed_worker_loses_nothing(fresh_app, busy, receiver, monkeypatch, committing_database, forks):
    settings, box, _made = busy
    receiver.pause = 300  # longer than anything here takes, however busy the machine is
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": committing_database.url,
        "PORTAL_DATA_DIR": str(settings.portal_data_dir),
        "SECRET_KEY": settings.secret_key,
        "WEBHOOK_NETWORKS": "127.0.0.0/8",
        "WEBHOOK_HTTP": "true",
    }
    program = "import tasks; tasks.deliver_webhooks.call_local()"
    worker = forks.start("-c", program, environment=environment)
    end = time.monotonic() + 100
    while len(receiver.received) < outbox.MOST_AT_ONCE and time.monotonic() < end:
        time.sleep(0.02)
    worker.close()
    receiver.pause = 0
    assert states(fresh_app) == {"claimed": outbox.MOST_AT_ONCE, "pending": 40 - outbox.MOST_AT_ONCE}
    later = clock.now() + outbox.LEASE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    with fresh_app.app_context():
        assert delivering.deliver_messages(settings, box).delivered == 40
        db.session.remove()
    seen = Counter(receiver.ids)
    assert len(seen) == 40
    assert sum(count == 2 for count in seen.values()) == outbox.MOST_AT_ONCE
