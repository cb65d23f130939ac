"""What the lane gives again is never older than what was written, and ends with whatever ends a token."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from portal import clock
from portal.accounts.models import ApiToken, RefreshToken, User
from portal.accounts.services.administration import change_role, deactivate
from portal.accounts.services.api_tokens import make_token, revoke_token
from portal.accounts.services.passwords import raise_epoch
from portal.accounts.services.refresh_tokens import revoke_family
from portal.audit.services import System
from portal.catalogue.models import Module
from portal.extensions import db
from portal.notifications.models import Notification
from portal.roles import Role
from tests.support.api import Program
from tests.support.lanes import LIST, application_of, is_given_again, write
from tests.support.scoping import answer_for

pytestmark = pytest.mark.in_turn


@pytest.fixture
def office(fresh_app, make_fresh, taught):
    return Program(fresh_app, make_fresh.manager())


@pytest.fixture
def elsewhere(build_fresh_app, fresh_app):
    return build_fresh_app()


# --- never older than what was written


def test_a_write_is_seen_at_once_wherever_it_happened(fresh_app, office, elsewhere, taught):
    _teacher, _student, (course, _other) = taught
    for path in (LIST, f"{LIST}/{course.id}"):
        assert is_given_again(fresh_app, lambda path=path: office("GET", path))
    away = Program(elsewhere)
    away.token = office.token
    for title in ("One", "Two"):
        assert away("PATCH", f"{LIST}/{course.id}", {"title": title}).status_code == 200
        for program in (office, away):
            assert program("GET", f"{LIST}/{course.id}").json["title"] == title
            assert title in program("GET", LIST).text
    write(elsewhere, lambda: db.session.execute(sa.update(Module).values(name="Renamed")))
    assert "Renamed" in office("GET", LIST).text
    write(elsewhere, lambda: db.session.execute(sa.update(User).where(User.first_name == "Zoë").values(first_name="Z")))
    assert "Zoë" not in office("GET", LIST).text


def test_what_it_does_not_follow_from_does_not_end_it(fresh_app, office, elsewhere, taught):
    assert is_given_again(fresh_app, lambda: office("GET", LIST))
    teacher = taught[0]
    write(elsewhere, lambda: db.session.add(Notification(recipient_id=teacher.user_id, kind="log_due", params={},
                                                         dedupe_key="lane")))  # fmt: skip
    with application_of(fresh_app) as asked:
        office("GET", LIST)
    assert not asked


# --- what ends a token


ENDS = {
    "deactivation": lambda person, _family: deactivate(person.user_id, System()),
    "another password": lambda person, _family: raise_epoch(person.user_id, None),
    "another role": lambda person, _family: change_role(person.user_id, Role.ADMIN, Role.MANAGER, System()),
    "the end of the family": lambda person, family: revoke_family(family, person.user_id, System()),
    "the end of its time": lambda _person, family: db.session.execute(
        sa.update(RefreshToken).where(RefreshToken.family == family).values(expires_at=clock.now())
    ),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_it_ends_with_the_token(fresh_app, elsewhere, make_fresh, taught, end):
    manager = make_fresh.manager()
    program = Program(fresh_app, manager)
    assert is_given_again(fresh_app, lambda: program("GET", LIST))
    with fresh_app.app_context():
        family = db.session.scalars(sa.select(RefreshToken.family).where(RefreshToken.user_id == manager.user_id)).one()
    write(elsewhere, lambda: end(manager, family))
    assert program("GET", LIST).status_code == 401
    with application_of(fresh_app) as asked:
        assert program("GET", LIST).status_code == 401
    assert len(asked) == 1


def test_it_ends_with_the_time_of_the_token(fresh_app, make_fresh, taught):
    moment = clock.now()
    with time_machine.travel(moment, tick=False) as machine:
        program = Program(fresh_app, make_fresh.manager())
        machine.move_to(moment + timedelta(days=1))  # good for some seconds more: clocks differ
        assert is_given_again(fresh_app, lambda: program("GET", LIST))
        machine.move_to(moment + timedelta(days=1, seconds=11))
        assert program("GET", LIST).status_code == 401


def test_it_ends_with_the_key(fresh_app, office):
    assert is_given_again(fresh_app, lambda: office("GET", LIST))
    fresh_app.config["JWT_SECRET"], fresh_app.config["JWT_SECRET_PREVIOUS"] = "n" * 40, fresh_app.config["JWT_SECRET"]
    assert office("GET", LIST).status_code == 200
    fresh_app.config["JWT_SECRET_PREVIOUS"] = ""
    assert office("GET", LIST).status_code == 401


def test_it_ends_after_five_minutes(fresh_app, office):
    with time_machine.travel(clock.now(), tick=False) as machine:
        assert is_given_again(fresh_app, lambda: office("GET", LIST))
        machine.shift(timedelta(minutes=5))
        with application_of(fresh_app) as asked:
            assert office("GET", LIST).status_code == 200
    assert len(asked) == 1


def test_a_personal_token_ends_at_once_and_its_use_is_noted(fresh_app, elsewhere, make_fresh, taught):
    manager = make_fresh.manager()
    with fresh_app.app_context():
        token = make_token(manager.user_id, "Sync", ["courses:read"], "", System())
        db.session.commit()
    program = Program(fresh_app)
    program.token = token.text
    moment = clock.now()

    def used():
        with elsewhere.app_context():
            return db.session.scalars(sa.select(ApiToken.last_used_at)).one()

    with time_machine.travel(moment, tick=False) as machine:
        assert is_given_again(fresh_app, lambda: program("GET", LIST))
        assert used() == moment
        machine.shift(timedelta(hours=1))
        assert program("GET", LIST).status_code == 200
        assert used() == moment + timedelta(hours=1)
        assert is_given_again(fresh_app, lambda: program("GET", LIST))
        assert Program(fresh_app)("GET", LIST).status_code == 401
        write(elsewhere, lambda: revoke_token(manager.user_id, token.id, System()))
        assert program("GET", LIST).status_code == 401


def test_who_answers_for_departments_is_answered_anew(build_fresh_app, fresh_app, make_fresh, taught):
    app = build_fresh_app(portal_manager_scope="department")
    manager = make_fresh.manager()
    program, admin = Program(app, manager), Program(app, make_fresh.admin())
    assert not is_given_again(app, lambda: program("GET", LIST))
    assert is_given_again(app, lambda: admin("GET", LIST))
    department = Program(fresh_app, make_fresh.admin())("POST", "/departments", {"code": "D", "name": "D"}).json["id"]
    before = program("GET", LIST).headers["X-Total-Count"]
    answer_for(fresh_app, manager, department)
    assert program("GET", LIST).headers["X-Total-Count"] == before  # courses of no department are everybody's
