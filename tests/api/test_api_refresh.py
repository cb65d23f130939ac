"""A refresh token is good once; whoever uses one again ends its family, even at the same moment."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.accounts.models import RefreshToken
from portal.accounts.services import refresh_tokens
from portal.audit.models import AuditEvent
from portal.extensions import db

pytestmark = pytest.mark.in_turn


def renew(asks, token=None):
    return asks("POST", "/auth/refresh", {"refresh_token": token or asks.refresh_token})


def works(asks, token=None):
    before, asks.token = asks.token, token or asks.token
    answer = asks("GET", "/auth/me")
    asks.token = before
    return answer.status_code == 200


def test_a_refresh_token_gives_new_tokens_and_is_used_up(app, make, program):
    asks = program(make.student())
    first = renew(asks)
    assert first.status_code == 200
    assert set(first.json) == {"message", "token", "refresh_token", "expires_in"}
    assert first.json["expires_in"] == 24 * 3600
    assert first.json["refresh_token"] != asks.refresh_token
    assert works(asks, first.json["token"])
    second = renew(asks, first.json["refresh_token"])
    assert second.status_code == 200
    assert works(asks, second.json["token"])


def test_the_access_token_of_before_holds_until_it_is_over(app, make, program):
    asks = program(make.student())
    renew(asks)
    assert works(asks)


def test_using_an_old_one_again_ends_the_family(app, make, program):
    asks = program(make.student())
    newest = renew(asks).json
    answer = renew(asks)
    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers
    assert renew(asks, newest["refresh_token"]).status_code == 401
    assert not works(asks)
    assert not works(asks, newest["token"])
    with app.app_context():
        assert "reuse" in db.session.scalars(sa.select(AuditEvent.action)).all()


def test_other_families_stay(app, make, program):
    person = make.student()
    asks, other = program(person), program(person)
    stranger = program(make.student())
    renew(asks)
    renew(asks)
    assert works(other)
    assert works(stranger)
    assert renew(other).status_code == 200


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 200, "é\u0301", "\U0001f600"])
def test_what_is_no_token_is_refused_alike(app, make, program, token):
    answer = program()("POST", "/auth/refresh", {"refresh_token": token})
    assert answer.status_code == 401
    assert answer.json["fields"] == {"refresh_token": ["This refresh token is not valid. Sign in again."]}


def test_an_access_token_is_no_refresh_token(app, make, program):
    asks = program(make.student())
    assert renew(asks, asks.token[:200]).status_code == 401
    asks.token = asks.refresh_token
    assert not works(asks)


def test_a_family_ends_thirty_days_after_its_beginning_however_often_it_is_renewed(app, make, program, frozen_time):
    asks = program(make.student())
    token = asks.refresh_token
    for _day in range(29):
        frozen_time.shift(timedelta(days=1))
        token = renew(asks, token).json["refresh_token"]
    frozen_time.shift(timedelta(hours=18))
    last = renew(asks, token).json
    assert last["expires_in"] == 6 * 3600
    assert works(asks, last["token"])
    frozen_time.shift(timedelta(hours=6))
    assert renew(asks, last["refresh_token"]).status_code == 401
    assert not works(asks, last["token"])


@pytest.mark.every_database
def test_expired_families_are_cleared_away_when_a_new_one_begins(app, make, program, frozen_time):
    person, other = make.student(), make.student()
    program(person)
    program(other)
    frozen_time.shift(timedelta(days=31))
    program(person)
    with app.app_context():
        owners = sorted(db.session.scalars(sa.select(RefreshToken.user_id)))
    assert owners == sorted([person.user_id, other.user_id])


def test_signing_out_ends_the_family_of_the_token_at_once(app, make, program):
    person = make.student()
    asks, other = program(person), program(person)
    assert asks("POST", "/auth/logout").status_code == 200
    assert not works(asks)
    assert renew(asks).status_code == 401
    assert works(other)


def test_signing_out_by_the_refresh_token_alone(app, make, program):
    person = make.student()
    asks, stranger = program(person), program()
    assert stranger("POST", "/auth/logout", {"refresh_token": asks.refresh_token}).status_code == 200
    assert not works(asks)
    assert stranger("POST", "/auth/logout", {"refresh_token": asks.refresh_token}).status_code == 200
    assert stranger("POST", "/auth/logout", {"refresh_token": "unknown"}).status_code == 200
    assert stranger("POST", "/auth/logout", {}).status_code == 401


@pytest.mark.usefixtures("fresh_app")
@pytest.mark.every_database
def test_of_those_who_renew_at_once_one_gets_tokens_and_the_family_ends(fresh_app, make_fresh, program, monkeypatch):
    asks = program(make_fresh.student(), fresh_app)
    barrier, seen, answers = threading.Barrier(4), threading.Barrier(4), []
    find = refresh_tokens.find_refresh_token

    def find_and_wait(token_hash):
        """All have seen the token unused before one of them uses it, where the database lets several read."""
        found = find(token_hash)
        with suppress(threading.BrokenBarrierError):
            seen.wait(1)
        return found

    monkeypatch.setattr(refresh_tokens, "find_refresh_token", find_and_wait)

    def send():
        mine = program(over=fresh_app)
        barrier.wait(10)
        answers.append(renew(mine, asks.refresh_token))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]
    won = next(answer.json for answer in answers if answer.status_code == 200)
    # Nobody can tell which of them is the thief.
    assert renew(asks, won["refresh_token"]).status_code == 401
    assert not works(asks, won["token"])
    with fresh_app.app_context():
        rows = db.session.execute(sa.select(RefreshToken.used_at, RefreshToken.revoked_at)).all()
    assert len(rows) == 2
    assert all(revoked is not None for _used, revoked in rows)
