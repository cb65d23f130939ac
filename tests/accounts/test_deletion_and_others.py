"""Deleting an account beside everything else: histories, imports, late saves, two at once, and the command."""

import threading

import pytest
from sqlalchemy import select

from portal import clock
from portal.accounts import signals
from portal.accounts.models import Student, User
from portal.accounts.services import deletion
from portal.accounts.services.bulk import StudentDraft, save_students, stored_students
from portal.accounts.services.profile import ProfileDraft, save_profile
from portal.allocations.services import assign_facilitator
from portal.audit import redaction
from portal.audit.models import AuditEvent
from portal.audit.services import System, record
from portal.bulk import Plan
from portal.errors import DomainError, NotFound
from portal.extensions import db
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

NUMBER = "NUM-77"


@pytest.fixture
def numbered(make):
    """Makes a student or facilitator whose number is known."""

    def make_numbered(role):
        profile = {"student": {"student_number": NUMBER}, "facilitator": {"employee_id": NUMBER}}[role]
        name = {"email": "zephyrine@example.org", "first_name": "Zéphyrine", "last_name": "Mukamana"}
        return getattr(make, role)(password=PASSWORD, profile=profile, **name)

    return make_numbered


@pytest.fixture
def admin(make):
    return make.admin()


def delete(app, person):
    with app.app_context():
        deletion.anonymise(person.user_id, System())
        db.session.commit()


def state(person):
    """What the account and its history hold."""
    account = db.session.execute(select(User.__table__).where(User.id == person.user_id)).one()
    return account, db.session.execute(select(AuditEvent.id, AuditEvent.changes)).all()


def test_the_history_of_courses_and_rosters_forgets_the_number(app, make, numbered):
    person, other = numbered("facilitator"), make.facilitator()
    offering = make.offering(facilitator=other)
    with app.app_context():
        before, after = NUMBER, other.profile.employee_id
        record(System(), "update", "course_offerings", offering.id, facilitator_employee_id=(before, after))
        record(System(), "update", "course_offerings", offering.id, title=(NUMBER, "kept: a title is no number"))
        db.session.commit()
    delete(app, person)
    with app.app_context():
        wanted = select(AuditEvent.changes).where(AuditEvent.entity == "course_offerings").order_by(AuditEvent.id)
        assert db.session.scalars(wanted).all()[-2:] == [
            {"facilitator_employee_id": [f"deleted-{person.user_id}", after]},
            {"title": [NUMBER, "kept: a title is no number"]},
        ]


def test_the_history_of_enrolments_forgets_the_number(app, make, numbered):
    person = numbered("student")
    enrolment = make.enrolment(make.offering(), person)
    with app.app_context():
        record(System(), "create", "enrolments", enrolment.id, student_number=(None, NUMBER), status=(None, "active"))
        db.session.commit()
    delete(app, person)
    with app.app_context():
        wanted = select(AuditEvent.changes).where(AuditEvent.entity == "enrolments")
        assert {
            "student_number": [None, f"deleted-{person.user_id}"],
            "status": [None, "active"],
        } in db.session.scalars(wanted).all()


@pytest.mark.every_database
def test_more_events_than_one_step_takes_are_all_rewritten(app, numbered, monkeypatch):
    monkeypatch.setattr(redaction, "_CHUNK", 10)
    person = numbered("student")
    with app.app_context():
        for number in range(25):
            record(System(), "update", "users", person.user_id, bio=(None, f"I keep bees {number}"))
        db.session.commit()
    delete(app, person)
    with app.app_context():
        wanted = select(AuditEvent.changes).where(AuditEvent.entity == "users", AuditEvent.entity_id == person.user_id)
        assert "bees" not in str(db.session.scalars(wanted).all())


def test_a_file_with_the_old_number_makes_a_new_account(app, numbered):
    person = numbered("student")
    delete(app, person)
    with app.app_context():
        draft = StudentDraft(NUMBER, "zephyrine@example.org", "Zéphyrine", "Mukamana")
        assert NUMBER not in stored_students({})
        save_students(Plan(new=[draft]), {}, System())
        db.session.commit()
        user_id = db.session.scalar(select(Student.user_id).where(Student.student_number == NUMBER))
        assert user_id != person.user_id


def test_the_session_is_over_and_the_password_opens_nothing(client, new_client, app, admin, numbered, sign_in):
    person = numbered("student")
    sign_in(client, person)
    delete(app, person)
    assert client.get("/profile").status_code == 303
    for email in ("zephyrine@example.org", f"deleted-{person.user_id}@deleted.invalid"):
        answer = new_client().post("/login", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 422


@pytest.mark.every_database
def test_a_save_that_comes_late_writes_no_name_back(app, numbered):
    person = numbered("student")
    delete(app, person)
    shown = ProfileDraft("Zéphyrine", "Mukamana", "", "", "en", "")
    wanted = ProfileDraft("Zéphyrine", "Mukamana-Uwase", "", "", "en", "")
    with app.app_context(), pytest.raises(NotFound):
        save_profile(person.user_id, shown, wanted, System())


@pytest.mark.every_database
def test_everything_or_nothing(app, numbered):
    person = numbered("student")

    def fail(_sender, former):
        raise RuntimeError(former.user_id)

    with app.app_context():
        before = state(person)
    with app.app_context(), signals.person_left.connected_to(fail), pytest.raises(RuntimeError):
        deletion.anonymise(person.user_id, System())
    with app.app_context():
        assert state(person) == before


def race(app, *deeds):
    """Do things at one moment, each in a thread; gives what came of each."""
    results, start = [None] * len(deeds), threading.Barrier(len(deeds))

    def run(position, deed):
        with app.app_context():
            start.wait()
            try:
                results[position] = deed()
                db.session.commit()
            except DomainError:
                db.session.rollback()
                results[position] = "refused"

    threads = [threading.Thread(target=run, args=one) for one in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def deleting(person):
    return lambda: deletion.anonymise(person.user_id, System())


@pytest.mark.every_database
def test_of_two_who_delete_one_account_at_once_one_does(fresh_app, make_fresh):
    person = make_fresh.student()
    assert sorted(race(fresh_app, deleting(person), deleting(person))) == [False, True]


@pytest.mark.every_database
def test_of_two_administrators_who_delete_each_other_at_once_one_stays(fresh_app, make_fresh):
    first, second = make_fresh.admin(), make_fresh.admin()
    assert sorted(map(str, race(fresh_app, deleting(first), deleting(second)))) == ["True", "refused"]


@pytest.mark.every_database
def test_of_a_deletion_and_an_allocation_at_once_one_is_refused(fresh_app, make_fresh):
    for _ in range(5):
        person, offering = make_fresh.facilitator(), make_fresh.offering()

        def allocate(person=person, offering=offering):
            return assign_facilitator(offering.id, person.profile_id, offering.version, System(), clock.now().date())

        assert sorted(map(str, race(fresh_app, deleting(person), allocate))) == ["True", "refused"]


# --- the command


def test_the_command_deletes_after_a_question(app, make, numbered):
    person = numbered("student")
    runner = app.test_cli_runner()
    assert "aborted" in runner.invoke(args=["users", "anonymise", person.email], input="n\n").output.lower()
    with app.app_context():
        assert db.session.get(User, person.user_id).anonymised_at is None
    result = runner.invoke(args=["users", "anonymise", person.email, "--yes"])
    assert (result.exit_code, result.output) == (0, f"The account {person.user_id} is anonymous now.\n")


def test_the_command_says_what_stands_against_it(app, admin):
    runner = app.test_cli_runner()
    result = runner.invoke(args=["users", "anonymise", admin.email, "--yes"])
    assert result.exit_code == 1
    assert "only administrator" in result.output
    result = runner.invoke(args=["users", "anonymise", "nobody@example.org", "--yes"])
    assert result.exit_code == 1
    assert "no account" in result.output
