"""What several people do to accounts at the same moment: the database lets one of them be the first."""

import threading
from typing import Any

import pytest

from portal import clock
from portal.accounts.models import OneTimeToken, User
from portal.accounts.services import administration, deletion, invitations
from portal.accounts.services.administration import Identification
from portal.allocations.services import assign_facilitator
from portal.audit.services import System
from portal.errors import Conflict, DomainError
from portal.extensions import db
from portal.notifications.models import Delivery
from portal.roles import Role
from portal.web.access import Actor


def race(app: Any, *deeds: Any) -> list[Any]:
    """Run deeds at the same moment, each in a thread with a session of its own; what each gave or raised."""
    barrier, found = threading.Barrier(len(deeds)), []

    def run(deed: Any) -> None:
        with app.app_context():
            barrier.wait()
            try:
                found.append(deed())
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                found.append(error)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


@pytest.mark.parametrize("deed", ["deactivate", "demote", "delete"])
def test_of_two_administrators_who_remove_each_other_one_stays(fresh_app, make_fresh, deed):
    one, other = make_fresh.admin(), make_fresh.admin()

    def remove(whom: Any, by: Any) -> Any:
        actor = Actor(by.user_id, None)
        return {
            "deactivate": lambda: administration.deactivate(whom.user_id, actor),
            "demote": lambda: administration.change_role(whom.user_id, Role.MANAGER, Role.ADMIN, actor),
            "delete": lambda: deletion.anonymise(whom.user_id, actor),
        }[deed]

    found = race(fresh_app, remove(one, other), remove(other, one))
    assert sorted(isinstance(each, Conflict) for each in found) == [False, True], found
    with fresh_app.app_context():
        left = db.session.query(User).filter_by(role=Role.ADMIN, is_active=True).count()
        assert left == 1


def test_three_ways_to_remove_three_administrators_leave_one(fresh_app, make_fresh):
    people = [make_fresh.admin() for _ in range(3)]
    ids = [person.user_id for person in people]
    race(
        fresh_app,
        lambda: administration.deactivate(ids[0], Actor(ids[1], None)),
        lambda: administration.change_role(ids[1], Role.STUDENT, Role.ADMIN, Actor(ids[2], None)),
        lambda: deletion.anonymise(ids[2], Actor(ids[0], None)),
    )
    with fresh_app.app_context():
        assert db.session.query(User).filter_by(role=Role.ADMIN, is_active=True).count() == 1


def test_people_who_are_invited_twice_at_once_get_one_mail(fresh_app, make_fresh):
    ids = [make_fresh.student().user_id for _ in range(3)]

    def invite(order: list[int]) -> Any:
        return lambda: invitations.invite_people(order, Role.ADMIN, "key", System(), renew=True)

    # In both orders, so that neither waits for what the other holds.
    assert sorted(race(fresh_app, invite(ids), invite(ids[::-1]))) == [0, 3]
    with fresh_app.app_context():
        assert db.session.query(OneTimeToken).count() == 3
        assert db.session.query(Delivery).count() == 3


def test_of_two_who_change_one_role_the_second_is_told(fresh_app, make_fresh):
    person = make_fresh.student()

    def change(role: Role) -> Any:
        return lambda: administration.change_role(person.user_id, role, Role.STUDENT, System())

    found = race(fresh_app, change(Role.MANAGER), change(Role.FACILITATOR))
    assert sorted(isinstance(each, Conflict) for each in found) == [False, True], found


def test_of_two_who_take_one_address_the_second_is_told(fresh_app, make_fresh):
    people = [make_fresh.student(), make_fresh.student()]

    def take(person: Any) -> Any:
        wanted = Identification("wanted@example.org", "A", "")
        return lambda: administration.identify(person.user_id, wanted, Role.ADMIN, System())

    found = race(fresh_app, take(people[0]), take(people[1]))
    assert sorted(isinstance(each, Conflict) for each in found) == [False, True], found


def test_nobody_becomes_a_student_while_a_course_is_allocated_to_them(fresh_app, make_fresh):
    for _ in range(5):
        person, offering = make_fresh.facilitator(), make_fresh.offering()

        def allocate(person: Any = person, offering: Any = offering) -> bool:
            return assign_facilitator(offering.id, person.profile_id, offering.version, System(), clock.now().date())

        def enrol(person: Any = person) -> bool:
            return administration.change_role(person.user_id, Role.STUDENT, Role.FACILITATOR, System())

        found = race(fresh_app, allocate, enrol)
        assert sorted(isinstance(each, DomainError) for each in found) == [False, True], found
