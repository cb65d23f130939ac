"""A sign-in that the database turned away is made once more, as one attempt."""

import pymysql
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from portal.accounts import entering
from portal.accounts.models import SignIn
from portal.accounts.services import signing_in
from portal.extensions import db
from tests.support.people import PASSWORD


def test_an_attempt_repeated_after_a_deadlock_does_not_count_against_itself(build_fresh_app, make_fresh, monkeypatch):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="1 per 15 minutes")
    app.config["WTF_CSRF_ENABLED"] = False
    person, turned_away = make_fresh.student(password=PASSWORD), []

    def enter_once_more(*facts, **named):
        if not turned_away:
            turned_away.append(1)
            raise OperationalError("", {}, pymysql.err.OperationalError(1213, "Deadlock found"))
        return signing_in.enter(*facts, **named)

    monkeypatch.setattr(entering, "enter", enter_once_more)
    answer = app.test_client().post("/login", data={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 303
    with app.app_context():
        assert list(db.session.scalars(select(SignIn.outcome))) == ["succeeded"]
