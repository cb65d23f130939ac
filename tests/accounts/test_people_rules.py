"""Who may do what to whose account, and that there is always an administrator."""

from typing import Any

import pytest
from flask import g

from portal import clock
from portal.accounts.models import Facilitator, Manager, OneTimeToken, Student, User, UserSession
from portal.accounts.queries.account import find_row as find_account
from portal.accounts.queries.account import list_departments
from portal.accounts.queries.directory import state_of
from portal.accounts.services import administration, managers
from portal.accounts.services.administration import Identification, NewPerson
from portal.accounts.services.people import UserDraft
from portal.accounts.services.tokens import Purpose, issue_token
from portal.allocations.queries.candidates import find_candidate
from portal.allocations.queries.listing import find_offering
from portal.allocations.services import assign_facilitator
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.catalogue.models import Department
from portal.errors import Conflict, DomainError, NotAllowed, NotFound
from portal.extensions import db
from portal.notifications.models import Notification
from portal.roles import Role
from portal.web.access import Actor
from tests.support.people import add_facilitator_profile
from tests.support.web import session_of

pytestmark = pytest.mark.in_turn

BY = Actor(None, None)


@pytest.fixture(autouse=True)
def _context(app: Any) -> Any:
    with app.app_context():
        yield


def user(person: Any) -> User:
    found = db.session.get(User, person.user_id, populate_existing=True)
    assert found is not None
    return found


def is_signed_in(app: Any, secret: str) -> bool:
    # The tests below keep one context open, and with it whoever was signed in before.
    g.pop("_login_user", None)
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = secret
    return client.get("/notifications/").status_code == 200


def test_another_role_brings_its_profile_ends_the_sessions_and_is_told(app, make):
    make.admin()
    person = make.student()
    secret = session_of(person)["_user_id"]
    assert is_signed_in(app, secret)
    assert administration.change_role(person.user_id, Role.FACILITATOR, Role.STUDENT, BY)
    db.session.commit()
    assert user(person).role is Role.FACILITATOR
    assert db.session.query(Facilitator).filter_by(user_id=person.user_id).count() == 1
    assert db.session.query(Student).filter_by(user_id=person.user_id).count() == 1
    assert not is_signed_in(app, secret)
    event = db.session.query(AuditEvent).filter_by(action="change_role").one()
    assert event.changes == {"role": ["student", "facilitator"]}
    assert db.session.query(Notification).filter_by(recipient_id=person.user_id, kind="role_changed").count() == 1


def test_the_same_role_changes_nothing(make):
    person = make.student()
    assert not administration.change_role(person.user_id, Role.STUDENT, Role.STUDENT, BY)
    assert db.session.query(AuditEvent).count() == 0


def test_a_role_that_was_changed_meanwhile_is_told(make):
    person = make.manager()
    with pytest.raises(Conflict, match="meanwhile"):
        administration.change_role(person.user_id, Role.FACILITATOR, Role.STUDENT, BY)


def test_nobody_changes_their_own_role_or_shuts_themselves_out(make):
    one, _other = make.admin(), make.admin()
    me = Actor(one.user_id, None)
    for deed in (
        lambda: administration.change_role(one.user_id, Role.MANAGER, Role.ADMIN, me),
        lambda: administration.deactivate(one.user_id, me),
    ):
        with pytest.raises(NotAllowed):
            deed()


@pytest.mark.every_database
def test_the_last_administrator_stays(make):
    one = make.admin()
    make.admin(is_active=False)
    for deed in (
        lambda: administration.change_role(one.user_id, Role.MANAGER, Role.ADMIN, BY),
        lambda: administration.deactivate(one.user_id, BY),
    ):
        with pytest.raises(Conflict, match="only administrator"):
            deed()
    assert user(one).is_active


def test_whoever_has_courses_ahead_becomes_no_student(make):
    person, manager = make.facilitator(), add_facilitator_profile(make.manager())
    for one in (person, manager):
        make.offering(one)
        with pytest.raises(Conflict, match="allocated"):
            administration.change_role(one.user_id, Role.STUDENT, one.user.role, BY)
    assert administration.change_role(person.user_id, Role.MANAGER, Role.FACILITATOR, BY), "they go on teaching besides"
    assert administration.change_role(manager.user_id, Role.FACILITATOR, Role.MANAGER, BY)


def test_nobody_allocates_a_course_to_a_student_who_taught(make):
    person = make.facilitator(first_name="Unforgettable")
    administration.change_role(person.user_id, Role.STUDENT, Role.FACILITATOR, BY)
    db.session.commit()
    offering = make.offering()
    assert find_candidate(find_offering(offering.id), person.profile_id) is None
    with pytest.raises(DomainError) as caught:
        assign_facilitator(offering.id, person.profile_id, offering.version, BY, clock.now().date())
    assert caught.value.field == "facilitator"


def test_shut_out_means_at_once_and_everywhere(app, make):
    person = make.student()
    secret = session_of(person)["_user_id"]
    issue_token(person.user_id, Purpose.RESET, "key")
    assert administration.deactivate(person.user_id, BY)
    db.session.commit()
    assert not is_signed_in(app, secret)
    assert db.session.query(OneTimeToken).filter_by(used_at=None).count() == 0
    assert not administration.deactivate(person.user_id, BY)
    assert administration.reactivate(person.user_id, BY)
    db.session.commit()
    assert not is_signed_in(app, secret), "the old sessions do not come back"
    assert not administration.reactivate(person.user_id, BY)


def test_sessions_are_ended(app, make):
    person = make.student()
    secret = session_of(person)["_user_id"]
    assert administration.end_all_sessions(person.user_id, BY) == 1
    db.session.commit()
    assert not is_signed_in(app, secret)
    assert db.session.query(UserSession).filter_by(ended_at=None).count() == 0


def test_another_address_ends_sessions_and_links(app, make):
    person = make.student()
    secret = session_of(person)["_user_id"]
    issue_token(person.user_id, Purpose.INVITATION, "key")
    wanted = Identification("New.Address@Example.org", " Zoé ", "O'Neill")
    assert administration.identify(person.user_id, wanted, Role.ADMIN, BY)
    db.session.commit()
    assert user(person).email == "new.address@example.org"
    assert user(person).first_name == "Zoé"
    assert user(person).name_folded == "o'neill zoe"
    assert not is_signed_in(app, secret)
    assert db.session.query(OneTimeToken).filter_by(used_at=None).count() == 0
    assert not administration.identify(person.user_id, wanted, Role.ADMIN, BY)


def test_another_name_ends_nothing(app, make):
    person = make.student()
    secret = session_of(person)["_user_id"]
    administration.identify(person.user_id, Identification(person.email, "Zoé", ""), Role.ADMIN, BY)
    db.session.commit()
    assert is_signed_in(app, secret)


@pytest.mark.every_database
def test_what_was_changed_since_it_was_seen_is_not_overwritten(make):
    person = make.student()
    seen = find_account(person.user_id).seen
    assert administration.identify(person.user_id, Identification(person.email, "Zoé", "", seen), Role.ADMIN, BY)
    with pytest.raises(Conflict, match="meanwhile"):
        administration.identify(person.user_id, Identification(person.email, "Zoe", "", seen), Role.ADMIN, BY)
    seen = find_account(person.user_id).seen
    assert administration.identify(person.user_id, Identification(person.email, "Zoe", "", seen), Role.ADMIN, BY)


@pytest.fixture
def departments():
    rows = [Department(code=code, name=code) for code in ("ENGI", "MATH")]
    db.session.add_all(rows)
    db.session.commit()
    return [row.id for row in rows]


def test_a_manager_answers_for_departments(make, departments):
    person = make.manager()
    assert managers.answer_for(person.user_id, departments[::-1], True, BY)
    assert list_departments(person.user_id) == sorted(departments)
    assert db.session.get(Manager, person.profile_id).is_head
    assert not managers.answer_for(person.user_id, departments, True, BY)
    assert managers.answer_for(person.user_id, [], True, BY)
    changed = [event.changes for event in db.session.query(AuditEvent).filter_by(entity="managers").order_by("id")]
    assert changed == [
        {"departments": [[], sorted(departments)]},
        {"is_head": [False, True]},
        {"departments": [sorted(departments), []]},
    ]


@pytest.mark.parametrize("role", ["admin", "facilitator", "student"])
def test_only_managers_answer_for_departments(make, departments, role):
    person = getattr(make, role)()
    with pytest.raises(NotAllowed):
        managers.answer_for(person.user_id, departments, True, BY)
    with pytest.raises(NotFound):
        managers.answer_for(4711, departments, True, BY)


@pytest.mark.parametrize(
    ("email", "first", "field"),
    [
        ("nobody", "A", "email"),
        ("", "A", "email"),
        ("a@b.example.org\r\nBcc: x@y.org", "A", "email"),
        ("a@example.org", "", "first_name"),
        ("a@example.org", "x" * 101, "first_name"),
        ("a@example.org", "a\u202eb", "first_name"),
    ],
)
def test_what_cannot_be_a_name_or_address_is_told_by_field(make, email, first, field):
    person = make.student()
    with pytest.raises(DomainError) as caught:
        administration.identify(person.user_id, Identification(email, first, ""), Role.ADMIN, BY)
    assert caught.value.field == field


def test_an_address_belongs_to_one(make):
    person, other = make.student(), make.student()
    with pytest.raises(Conflict) as caught:
        administration.identify(person.user_id, Identification(other.email.upper(), "A", ""), Role.ADMIN, BY)
    assert caught.value.field == "email"


@pytest.mark.parametrize("whom", ["manager", "admin"])
def test_managers_have_no_say_over_managers_and_administrators(make, whom):
    person = getattr(make, whom)()
    with pytest.raises(NotAllowed):
        administration.identify(person.user_id, Identification(person.email, "A", ""), Role.MANAGER, BY)
    wanted = NewPerson(UserDraft("new@example.org", Role(whom), "A"))
    with pytest.raises(NotAllowed):
        administration.add_person(wanted, Role.MANAGER, BY)


def test_someone_new_gets_their_number(make):
    draft = UserDraft("new@example.org", Role.FACILITATOR, "Ada")
    made = administration.add_person(NewPerson(draft, "E-1", "ENGI"), Role.MANAGER, BY)
    filled = db.session.query(AuditEvent).filter_by(entity="facilitators").one().changes
    assert filled == {"employee_id": [f"U{made.id:06d}", "E-1"], "department": [None, "ENGI"]}
    profile = db.session.query(Facilitator).filter_by(user_id=made.id).one()
    assert (profile.employee_id, profile.department) == ("E-1", "ENGI")
    again = NewPerson(UserDraft("other@example.org", Role.FACILITATOR, "Bo"), "E-1")
    with pytest.raises(Conflict) as caught:
        administration.add_person(again, Role.MANAGER, BY)
    assert caught.value.field == "number"


def test_a_manager_may_teach_besides(app, client, make, sign_in):
    person = make.manager()
    administration.let_teach(person.user_id, " T-9 ", BY)
    db.session.commit()
    with pytest.raises(NotAllowed):
        administration.let_teach(make.student().user_id, "T-10", BY)
    other = make.manager()
    with pytest.raises(Conflict):
        administration.let_teach(other.user_id, "T-9", BY)
    db.session.rollback()
    sign_in(client, person)
    assert client.get("/tracker/").status_code == 200


def test_what_is_not_there_is_not_there(make):
    for deed in (
        lambda: administration.change_role(4711, Role.MANAGER, Role.ADMIN, BY),
        lambda: administration.deactivate(4711, BY),
        lambda: administration.reactivate(4711, BY),
        lambda: administration.end_all_sessions(4711, BY),
        lambda: administration.role_of(4711),
    ):
        with pytest.raises(NotFound):
            deed()
    assert state_of(4711) is None


def test_the_system_may_do_what_a_person_may(make):
    make.admin()
    person = make.admin()
    assert administration.deactivate(person.user_id, System())
