"""Deleting an account: who it was goes from every table, what was done stays, and nobody can undo or repeat it."""

import json

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import (
    ApiToken,
    Device,
    Facilitator,
    Identity,
    OneTimeToken,
    RefreshToken,
    SignIn,
    Student,
    User,
    UserSession,
)
from portal.accounts.services import Purpose, deletion
from portal.accounts.services.profile import ProfileDraft, save_profile
from portal.accounts.services.tokens import issue_token
from portal.allocations.models import OfferingStatus
from portal.audit.models import AuditEvent
from portal.audit.services import System, record
from portal.errors import Conflict, NotFound
from portal.extensions import db
from portal.notifications.models import Delivery, DeliveryState, Notification
from portal.roles import Role
from portal.web.access import Actor
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

# Nothing of this may be left anywhere.
TRACES = (
    "Zéphyrine", "Mukamana", "zephyrine@example.org", "z.private@example.org", "Professor of Tides", "I keep bees",
    "NUM-77", "mukamana", "subject-9", "Firefox/999", "203.0.113.9", "Asia/Tokyo",
)  # fmt: skip
NUMBER = "NUM-77"


@pytest.fixture
def traced(app, make):
    """Makes a person of a role who left traces wherever a person can."""

    def make_traced(role):
        profile = {"student": {"student_number": NUMBER}, "facilitator": {"employee_id": NUMBER}}.get(role)
        fields = {"profile": profile} if profile else {}
        person = getattr(make, role)(
            email="zephyrine@example.org", first_name="Zéphyrine", last_name="Mukamana", password=PASSWORD, **fields
        )
        with app.app_context():
            leave_traces(person, app.config["SECRET_KEY"])
        return person

    return make_traced


def leave_traces(person, key):
    user_id, now, by = person.user_id, clock.now(), Actor(person.user_id, None)
    where = {"user_agent": "Firefox/999", "network_address": "203.0.113.9"}
    shown = ProfileDraft("Zéphyrine", "Mukamana", "", "", "en", "")
    wanted = ProfileDraft("Zéphyrine", "Mukamana", "Professor of Tides", "I keep bees", "en", "Asia/Tokyo")
    save_profile(user_id, shown, wanted, by)
    db.session.execute(update(User).where(User.id == user_id).values(notification_email="z.private@example.org"))
    issue_token(user_id, Purpose.NOTIFICATION_ADDRESS, key, address="z.private@example.org")
    times = {"last_used_at": now, "expires_at": now}
    identity = Identity(user_id=user_id, issuer="https://i", subject="subject-9", email="z.private@example.org")
    device = Device(user_id=user_id, token_hash="d" * 64, user_agent="Firefox/999", last_used_at=now)
    delivery = Delivery(recipient_id=user_id, next_attempt_at=now, last_error="550 zephyrine@example.org unknown")
    db.session.add_all([identity, device, delivery])
    db.session.flush()
    db.session.add_all([
        UserSession(user_id=user_id, token_hash="s" * 64, epoch=0, method="x", device_id=device.id, **where, **times),
        SignIn(user_id=user_id, address_key="k" * 64, outcome="succeeded", device_id=device.id, **where),
        RefreshToken(user_id=user_id, token_hash="r" * 64, family="f", epoch=0, expires_at=now),
        ApiToken(user_id=user_id, token_hash="a" * 64, name="Zéphyrine's", scopes=[]),
        Notification(
            recipient_id=user_id, kind="x", params={"name": "Zéphyrine"}, dedupe_key="x", delivery_id=delivery.id
        ),
    ])  # fmt: skip
    record(System(), "create", "users", user_id, email=(None, person.email), role=(None, person.user.role))
    record(by, "connect", "identities", identity.id, email=(None, "z.private@example.org"))
    if person.profile is not None:
        entity, field = person.profile.__tablename__, "employee_id"
        name = "student_number" if entity == "students" else field
        record(System(), "create", entity, person.profile_id, **{name: (None, NUMBER), "max_course_load": (None, 4)})
    db.session.commit()


def everything():
    """All rows of all tables as one text."""
    rows = []
    for table in db.metadata.sorted_tables:
        rows += [f"{table.name}: {json.dumps([str(value) for value in row], ensure_ascii=False)}"
                 for row in db.session.execute(select(table))]  # fmt: skip
    return "\n".join(rows)


@pytest.fixture
def admin(make):
    return make.admin()


def delete(app, person, by=None):
    with app.app_context():
        done = deletion.anonymise(person.user_id, by or System())
        db.session.commit()
        return done


@pytest.mark.parametrize("role", ["student", "facilitator", "manager", "admin"])
def test_no_trace_of_who_it_was_is_left_in_any_table(app, admin, traced, role):
    person = traced(role)
    with app.app_context():
        before = everything()
        absent = [trace for trace in TRACES if trace not in before and trace != NUMBER]
    assert absent == [], "the test must leave every trace that it looks for"
    assert delete(app, person, Actor(admin.user_id, None)) is True
    with app.app_context():
        after = everything()
        assert [trace for trace in TRACES if trace in after] == []
        for model in (Identity, Device, OneTimeToken, RefreshToken, ApiToken, Notification):
            column = model.recipient_id if model is Notification else model.user_id
            assert db.session.scalars(select(model.id).where(column == person.user_id)).all() == []


def test_what_is_left_is_a_closed_account_with_its_number(app, admin, traced, frozen_time):
    person = traced("student")
    delete(app, person)
    with app.app_context():
        user = db.session.get(User, person.user_id)
        assert (user.first_name, user.last_name) == ("—", f"#{user.id}")
        assert user.email == f"deleted-{user.id}@deleted.invalid"
        assert (user.is_active, user.password_hash, user.anonymised_at) == (False, None, clock.now())
        assert user.session_epoch == 1
        assert user.role is Role.STUDENT
        student = db.session.scalar(select(Student).where(Student.user_id == user.id))
        assert student.student_number == f"deleted-{user.id}"
        session = db.session.scalar(select(UserSession).where(UserSession.user_id == user.id))
        assert session.ended_at is not None
        attempt = db.session.scalar(select(SignIn).where(SignIn.user_id == user.id))
        assert (attempt.address_key, attempt.outcome) == ("", "succeeded")
        (delivery,) = db.session.scalars(select(Delivery).where(Delivery.recipient_id == user.id))
        assert (delivery.state, delivery.last_error) == (DeliveryState.SUPPRESSED, None)


@pytest.mark.every_database
def test_the_audit_stays_without_who_it_was(app, admin, traced):
    person = traced("student")
    with app.app_context():
        record(Actor(person.user_id, None), "update", "users", admin.user_id, email=("old@example.org", admin.email))
        db.session.commit()
        before = db.session.execute(select(AuditEvent.id, AuditEvent.action, AuditEvent.actor_id)).all()
    delete(app, person, Actor(admin.user_id, "request-1"))
    with app.app_context():
        wanted = select(AuditEvent.id, AuditEvent.action, AuditEvent.actor_id).order_by(AuditEvent.id)
        assert db.session.execute(wanted).all()[:-1] == before
        of_person = select(AuditEvent.action, AuditEvent.changes).where(
            AuditEvent.entity == "users", AuditEvent.entity_id == person.user_id
        )
        changes = dict(db.session.execute(of_person.order_by(AuditEvent.id)).all())
        assert changes["create"] == {"email": [None, "removed"], "role": [None, "student"]}
        assert changes["update"]["bio"] == [None, "removed"]
        assert set(changes["anonymise"]) == {"anonymised_at"}
        others = select(AuditEvent.changes).where(AuditEvent.entity_id == admin.user_id, AuditEvent.entity == "users")
        assert {"email": ["old@example.org", admin.email]} in db.session.scalars(others).all()


def test_other_people_stay_as_they_are(app, admin, traced, make):
    other = make.student(title="Dr")
    make.facilitator()
    person = traced("student")
    with app.app_context():
        wanted = select(User.__table__).where(User.id != person.user_id).order_by(User.id)
        before = db.session.execute(wanted).all()
    delete(app, person)
    with app.app_context():
        assert db.session.execute(wanted).all() == before
        assert db.session.get(Student, other.profile_id).student_number == other.profile.student_number


@pytest.mark.every_database
def test_again_it_changes_nothing(app, admin, traced):
    person = traced("student")
    assert delete(app, person) is True
    with app.app_context():
        before = everything()
    assert delete(app, person) is False
    with app.app_context():
        assert everything() == before


@pytest.mark.parametrize("user_id", [0, 999_999, 2_147_483_647])
def test_nobody_is_not_deleted(app, user_id):
    with app.app_context(), pytest.raises(NotFound):
        deletion.anonymise(user_id, System())


def test_the_only_administrator_stays(app, admin, make):
    make.admin(is_active=False)
    with app.app_context(), pytest.raises(Conflict, match="only administrator"):
        deletion.anonymise(admin.user_id, System())
    with app.app_context(), pytest.raises(Conflict, match="only administrator"):
        deletion.ask_for_deletion(admin.user_id, System())
    second = make.admin()
    assert delete(app, admin) is True
    with app.app_context(), pytest.raises(Conflict, match="only administrator"):
        deletion.anonymise(second.user_id, System())


@pytest.mark.parametrize("status", [OfferingStatus.PLANNED, OfferingStatus.ACTIVE])
def test_who_still_teaches_stays_until_someone_else_does(app, make, traced, status):
    person = traced("facilitator")
    offering = make.offering(facilitator=person, status=status)
    make.offering(facilitator=person, status=OfferingStatus.COMPLETED)
    with app.app_context(), pytest.raises(Conflict, match=r"^1 course that is planned or under way"):
        deletion.anonymise(person.user_id, System())
    with app.app_context():
        assert db.session.get(User, person.user_id).first_name == "Zéphyrine"
        db.session.get(type(offering), offering.id).status = OfferingStatus.COMPLETED
        db.session.commit()
    assert delete(app, person) is True
    with app.app_context():
        facilitator = db.session.scalar(select(Facilitator).where(Facilitator.user_id == person.user_id))
        assert (facilitator.is_available, facilitator.specialization) == (False, None)
        assert db.session.get(type(offering), offering.id).facilitator_id == facilitator.id, "who taught it stays"
