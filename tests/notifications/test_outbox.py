"""The outbox: a message is claimed by one worker, tried again with pauses, and given up at last."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.extensions import db
from portal.notifications import services
from portal.notifications.models import Delivery, DeliveryState
from portal.notifications.services import LEASE, MAX_ATTEMPTS, Claim, Fact

MINUTE = timedelta(minutes=1)


@pytest.fixture
def waiting(app: Flask, make: Any, frozen_time: Any) -> Any:
    """A facilitator for whom a message waits."""
    facilitator = make.facilitator()
    with app.app_context():
        tell(facilitator, "a")
    return facilitator


def tell(person: Any, key: str) -> None:
    services.notify_many([Fact(person.user_id, "log_missing", {}, key)])
    db.session.commit()


def claim(limit: int = 20) -> list[Claim]:
    claims = services.claim_deliveries(limit)
    db.session.commit()
    return list(claims)


def the_delivery() -> Delivery:
    return db.session.scalars(select(Delivery).execution_options(populate_existing=True)).one()


def test_a_message_is_claimed_once(app: Flask, waiting: Any) -> None:
    with app.app_context():
        (mine,) = claim()
        assert (mine.email, mine.attempts, mine.until) == (waiting.email, 1, clock.now() + LEASE)
        assert claim() == []


def test_a_claim_that_nobody_settled_is_taken_up_after_its_lease(app: Flask, waiting: Any, frozen_time: Any) -> None:
    with app.app_context():
        (first,) = claim()
        frozen_time.shift(LEASE - timedelta(seconds=1))
        assert claim() == []
        frozen_time.shift(1)
        (second,) = claim()
        assert (second.id, second.attempts) == (first.id, 2)


def test_whoever_lost_the_lease_records_nothing(app: Flask, waiting: Any, frozen_time: Any) -> None:
    with app.app_context():
        (first,) = claim()
        frozen_time.shift(LEASE)
        (second,) = claim()
        assert not services.mark_failed(first, "too late")
        assert services.mark_sent(second)
        assert not services.mark_sent(first)
        assert the_delivery().state is DeliveryState.SENT


def test_pauses_grow_and_the_eighth_failure_is_the_last(app: Flask, waiting: Any, frozen_time: Any) -> None:
    pauses = []
    with app.app_context():
        for _ in range(MAX_ATTEMPTS):
            (mine,) = claim()
            services.mark_failed(mine, "550 no")
            db.session.commit()
            found = the_delivery()
            pauses.append((found.next_attempt_at - clock.now()) // MINUTE)
            frozen_time.move_to(found.next_attempt_at)
        assert claim() == []
        assert (found.state, found.attempts, found.last_error) == (DeliveryState.FAILED, MAX_ATTEMPTS, "550 no")
    assert pauses[:7] == [5, 15, 45, 135, 405, 1215, 3645]


def test_news_for_someone_whose_mail_failed_is_tried_at_once_and_as_often_as_any(
    app: Flask, waiting: Any, frozen_time: Any
) -> None:
    with app.app_context():
        for _ in range(MAX_ATTEMPTS - 1):
            frozen_time.move_to(the_delivery().next_attempt_at)
            (mine,) = claim()
            services.mark_failed(mine, "451 later")
            db.session.commit()
        assert the_delivery().next_attempt_at > clock.now() + timedelta(days=1)
        tell(waiting, "b")
        (mine,) = claim()
        assert mine.attempts == 1


def test_what_is_given_back_does_not_count_as_an_attempt(app: Flask, waiting: Any) -> None:
    with app.app_context():
        services.release(claim(), "away")
        db.session.commit()
        assert (the_delivery().attempts, the_delivery().last_error) == (0, "away")
        (again,) = claim()
        assert again.attempts == 1


def test_a_message_that_is_sent_or_suppressed_is_never_claimed_again(
    app: Flask, waiting: Any, frozen_time: Any, make: Any
) -> None:
    other = make.facilitator()
    with app.app_context():
        tell(other, "b")
        sent, suppressed = claim()
        services.mark_sent(sent)
        services.mark_suppressed(suppressed, "nothing left")
        db.session.commit()
        frozen_time.shift(timedelta(days=30))
        assert claim() == []


def test_claims_are_taken_oldest_first_up_to_a_limit(app: Flask, waiting: Any, frozen_time: Any, make: Any) -> None:
    with app.app_context():
        for number in range(4):
            frozen_time.shift(60)
            tell(make.facilitator(), f"b{number}")
        first, second = claim(3), claim(3)
        assert first[0].email == waiting.email
        assert (len(first), len(second)) == (3, 2)
        assert [one.created_at for one in first + second] == sorted(one.created_at for one in first + second)


def test_a_claim_knows_whether_its_recipient_can_sign_in(app: Flask, make: Any, frozen_time: Any) -> None:
    people = {"invited": make.facilitator(password="a-quiet-harbour-7"), "new": make.facilitator()}
    with app.app_context():
        for name, person in people.items():
            tell(person, name)
        assert {one.email: one.can_sign_in for one in claim()} == {
            people["invited"].email: True,
            people["new"].email: False,
        }


def test_workers_at_once_share_the_messages(fresh_app: Flask, make_fresh: Any) -> None:
    with fresh_app.app_context():
        for number in range(36):
            tell(make_fresh.facilitator(), str(number))
    together = threading.Barrier(3, timeout=30)
    claimed: list[int] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            with fresh_app.app_context():
                together.wait()
                while mine := claim(5):
                    claimed.extend(one.id for one in mine)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert failures == []
    assert len(claimed) == len(set(claimed)) == 36
    with fresh_app.app_context():
        assert db.session.scalar(select(func.count()).where(Delivery.state == DeliveryState.CLAIMED)) == 36


def test_workers_that_forget_the_condition_claim_the_same(
    fresh_app: Flask, make_fresh: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above can fail: without the condition a claimed message is taken again."""
    everything = (Delivery.channel == "mail",)
    monkeypatch.setattr("portal.notifications.services.outbox._is_ready", lambda _now, _channels: everything)
    with fresh_app.app_context():
        tell(make_fresh.facilitator(), "a")
        assert [one.id for one in claim()] == [one.id for one in claim()] != []
