"""Inviting: someone new, those who were chosen, all that match; again, and not after all."""

from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.models import OneTimeToken, Student, User
from portal.accounts.services import invitations
from portal.accounts.services.tokens import Purpose
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.catalogue.models import Cohort
from portal.extensions import db
from portal.notifications.models import Delivery
from portal.roles import Role
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

NEW = {"first_name": "Zoé", "last_name": "O'Neill", "email": "zoe@example.org", "role": "student", "locale": "fr"}


@pytest.fixture
def manager(make: Any, client: Any, sign_in: Any) -> Any:
    person = make.manager(password=PASSWORD)
    sign_in(client, person)
    return person


def count(app: Any, model: Any, **which: Any) -> int:
    with app.app_context():
        return db.session.query(model).filter_by(**which).count()


def test_someone_new_is_invited(app, client, manager):
    answer = client.post("/admin/users/invite", data=NEW)
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"]).text
    assert "zoe@example.org is invited" in page
    assert "Withdraw the invitation" in page
    with app.app_context():
        user = db.session.query(User).filter_by(email="zoe@example.org").one()
        assert (user.role, user.locale, user.password_hash) == (Role.STUDENT, "fr", None)
    assert count(app, Delivery, channel="letter") == 1


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"first_name": ""}, "first_name"),
        ({"first_name": "x" * 101}, "first_name"),
        ({"role": ""}, "role"),
        ({"role": "dean"}, "role"),
        ({"number": "x" * 41}, "number"),
        ({"locale": "de"}, "locale"),
        ({"last_name": "a\x00b"}, "last_name"),
    ],
)
def test_what_is_wrong_is_told_by_its_field_and_what_was_typed_stays(app, client, manager, changed, field):
    answer = client.post("/admin/users/invite", data=NEW | changed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    if field != "first_name":
        assert "Zoé" in answer.text
    assert count(app, User, email="zoe@example.org") == 0


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_a_manager_cannot_make_managers(app, client, manager, role):
    assert client.post("/admin/users/invite", data=NEW | {"role": role}).status_code == 422
    assert f'value="{role}"' not in client.get("/admin/users/invite").text
    assert count(app, User, email="zoe@example.org") == 0


def test_an_administrator_invites_anyone(app, client, make, sign_in):
    sign_in(client, make.admin())
    assert client.post("/admin/users/invite", data=NEW | {"role": "admin"}).status_code == 303
    assert count(app, User, role=Role.ADMIN, email="zoe@example.org") == 1


def test_what_the_form_does_not_ask_is_not_taken(app, client, manager):
    more = {"is_active": "", "session_epoch": "9", "password_hash": "x", "id": "77", "is_confirmed": ""}
    client.post("/admin/users/invite", data=NEW | more)
    with app.app_context():
        user = db.session.query(User).filter_by(email="zoe@example.org").one()
        assert (user.is_active, user.session_epoch, user.password_hash, user.is_confirmed) == (True, 0, None, True)
        assert user.id != 77


@pytest.mark.parametrize(
    ("role", "fields", "invites"),
    [
        ("student", {}, True),
        ("student", {"password": PASSWORD}, False),
        ("student", {"is_active": False}, False),
        ("admin", {}, False),
    ],
)
def test_an_address_that_is_known_leads_to_its_account(client, manager, make, role, fields, invites):
    person = getattr(make, role)(**fields)
    answer = client.post("/admin/users/invite", data=NEW | {"email": person.email.upper()})
    assert answer.status_code == 409
    assert f'href="/admin/users/{person.user_id}"' in answer.text
    assert (f'action="/admin/users/{person.user_id}/invitation"' in answer.text) is invites


@pytest.fixture
def cohorts(app):
    with app.app_context():
        rows = [Cohort(code=code, name=code, program="BSc", is_active=code != "OLD") for code in ("NEW", "OLD")]
        db.session.add_all(rows)
        db.session.commit()
        return {row.code: row.id for row in rows}


def test_a_student_is_put_into_a_cohort(app, client, manager, cohorts):
    page = client.get("/admin/users/invite").text
    assert ">NEW<" in page
    assert ">OLD<" not in page
    assert client.post("/admin/users/invite", data=NEW | {"cohort": str(cohorts["NEW"])}).status_code == 303
    assert count(app, Student, cohort_id=cohorts["NEW"]) == 1


@pytest.mark.parametrize("wrong", ["x", "4711", "99999999999", "OLD"])
def test_a_cohort_that_cannot_be_chosen_is_told(app, client, manager, cohorts, wrong):
    answer = client.post("/admin/users/invite", data=NEW | {"cohort": str(cohorts.get(wrong, wrong))})
    assert answer.status_code == 422
    assert 'id="cohort-error"' in answer.text
    assert count(app, User, email=NEW["email"]) == 0


def test_several_are_looked_at_before_they_are_invited(app, client, manager, make):
    waiting = [make.student() for _ in range(3)]
    active, closed, other = make.student(password=PASSWORD), make.student(is_active=False), make.manager()
    chosen = {"which": "chosen", "id": [str(one.user_id) for one in (*waiting, active, closed, other)]}
    page = client.post("/admin/users/invitations", data=chosen).text
    assert "3 people get a mail" in page
    for said in ("can sign in already", "deactivated or deleted", "invited by administrators"):
        assert said in page
    assert count(app, Delivery) == 0
    answer = client.post("/admin/users/invitations", data=chosen | {"confirmed": "1"})
    assert "3 invitations are on their way" in client.get(answer.headers["Location"]).text
    assert count(app, Delivery, channel="letter") == 3
    assert count(app, AuditEvent, action="invite") == 3


def test_all_that_match_are_invited(app, client, manager, make):
    for _ in range(60):
        make.facilitator()
    student = make.student()
    data = {"which": "all", "role": "facilitator", "confirmed": "1"}
    assert client.post("/admin/users/invitations", data=data).headers["Location"] == "/admin/users/?role=facilitator"
    assert count(app, Delivery, channel="letter") == 60
    assert count(app, OneTimeToken, user_id=student.user_id) == 0


@pytest.mark.parametrize("sent", [{}, {"id": "x"}, {"id": ["-1", "99999999999"]}, {"which": "chosen"}])
def test_nobody_chosen_is_told(client, manager, sent):
    answer = client.post("/admin/users/invitations", data=sent)
    assert "Choose someone first" in client.get(answer.headers["Location"]).text


def test_an_invitation_is_renewed_after_a_minute_and_its_old_link_is_over(app, frozen_time, make):
    person = make.student()

    def invite(renew: bool = True) -> int:
        with app.app_context():
            sent = invitations.invite_people([person.user_id], Role.ADMIN, "key", System(), renew=renew)
            db.session.commit()
        return sent

    assert invite() == 1
    assert invite() == 0, "a second click"
    frozen_time.shift(timedelta(minutes=2))
    assert invite(renew=False) == 0
    assert invite() == 1
    assert count(app, OneTimeToken, user_id=person.user_id, used_at=None) == 1
    assert count(app, Delivery) == 2


def test_an_invitation_is_withdrawn(app, client, manager, make):
    person = make.student()
    client.post(f"/admin/users/{person.user_id}/invitation")
    assert count(app, OneTimeToken, used_at=None, purpose=Purpose.INVITATION) == 1
    client.post(f"/admin/users/{person.user_id}/invitation/withdraw")
    assert count(app, OneTimeToken, used_at=None) == 0
    assert "Not invited" in client.get(f"/admin/users/{person.user_id}").text


@pytest.mark.parametrize("deed", ["invitation", "invitation/withdraw", "identification"])
def test_a_manager_does_nothing_to_an_administrator(client, manager, make, deed):
    person = make.admin()
    data = {"first_name": "A", "last_name": "", "email": "a@example.org"}
    assert client.post(f"/admin/users/{person.user_id}/{deed}", data=data).status_code == 403


def test_whoever_looks_is_told_until_when_someone_is_invited(frozen_time, client, make, sign_in):
    person, manager = make.student(), make.manager()
    sign_in(client, manager)
    client.post(f"/admin/users/{person.user_id}/invitation")
    assert "open until" in client.get(f"/admin/users/{person.user_id}").text
    frozen_time.shift(timedelta(days=8))
    sign_in(client, manager)
    assert "expired on" in client.get(f"/admin/users/{person.user_id}").text
    client.post(f"/admin/users/{person.user_id}/invitation")
    page = client.get(f"/admin/users/{person.user_id}").text
    assert "open until" in page
    assert "over since" in page


@pytest.mark.parametrize("people", [1, 40])
def test_many_cost_few_statements(app, make, count_sql, people):
    ids = [make.student().user_id for _ in range(people)]
    with app.app_context():
        with count_sql() as sql:
            assert invitations.invite_people(ids, Role.ADMIN, "key", System(), renew=False) == people
        # Who needs one, the lock, who still does; old links end, new ones and their ids; mails, their ids, what they
        # say; the audit.
        assert len(sql) == 10, sql.text


def test_the_command_invites_all_who_never_were(app, make):
    waiting = [make.student(), make.facilitator(), make.manager()]
    make.student(password=PASSWORD)
    make.student(is_active=False)
    withdrawn = make.student()
    with app.app_context():
        invitations.invite_people([withdrawn.user_id], Role.ADMIN, "key", System(), renew=False)
        invitations.withdraw_invitation(withdrawn.user_id, System())
        db.session.commit()
    runner = app.test_cli_runner()
    assert runner.invoke(args=["users", "invite", "--waiting", "--role", "student"]).output == (
        "1 invitation is on its way.\n"
    )
    assert count(app, OneTimeToken, user_id=waiting[0].user_id) == 1
    assert runner.invoke(args=["users", "invite", "--waiting"]).output == "2 invitations are on their way.\n"
    assert runner.invoke(args=["users", "invite", "--waiting"]).output == "0 invitations are on their way.\n"
    assert count(app, OneTimeToken, used_at=None) == 3
    assert count(app, AuditEvent, action="invite", actor_id=None) == 4


@pytest.mark.parametrize("arguments", [[], ["--waiting", "a@example.org"], ["--role", "dean", "--waiting"]])
def test_the_command_wants_an_address_or_all(app, arguments):
    assert app.test_cli_runner().invoke(args=["users", "invite", *arguments]).exit_code == 2
