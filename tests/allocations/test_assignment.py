"""The rules of who teaches a course."""

import threading
from datetime import date

import pytest
from sqlalchemy import select

from portal.allocations import services
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.services import OverLimit, offerings_changed
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.errors import Conflict, DomainError, NotFound
from portal.extensions import db

pytestmark = pytest.mark.in_turn

TODAY = date(2026, 10, 14)


@pytest.fixture
def in_app(app, frozen_time):
    with app.app_context():
        yield


@pytest.fixture
def heard():
    """What the signal said."""
    said = []

    def listen(_sender, offering_ids):
        said.append(list(offering_ids))

    with offerings_changed.connected_to(listen):
        yield said


def assign(offering, person, version=1, **more):
    chosen = person.profile_id if person else None
    return services.assign_facilitator(offering.id, chosen, version, System(), TODAY, **more)


def as_it_is(offering):
    db.session.expire_all()
    return db.session.get(CourseOffering, offering.id)


def audit_of(offering):
    wanted = select(AuditEvent).where(AuditEvent.entity_id == offering.id, AuditEvent.entity == "course_offerings")
    return list(db.session.scalars(wanted.order_by(AuditEvent.id)))


def test_allocating_sets_person_day_and_version_and_says_so(in_app, make, heard):
    person, offering = make.facilitator(), make.offering()
    assert assign(offering, person) is True
    now = as_it_is(offering)
    assert (now.facilitator_id, now.allocated_on, now.version) == (person.profile_id, TODAY, 2)
    assert heard == [[offering.id]]
    (event,) = audit_of(offering)
    assert event.action == "assign"
    assert event.changes == {"facilitator_id": [None, person.profile_id], "allocated_on": [None, "2026-10-14"]}


def test_before_the_course_begins_the_first_day_counts(in_app, make):
    offering = make.offering(start_date=date(2026, 11, 2), end_date=date(2026, 12, 1))
    assign(offering, make.facilitator())
    assert as_it_is(offering).allocated_on == date(2026, 11, 2)


def test_a_change_of_person_keeps_the_day(in_app, make, heard):
    first, second = make.facilitator(), make.facilitator()
    offering = make.offering(first, allocated_on=date(2026, 9, 1))
    assign(offering, second)
    now = as_it_is(offering)
    assert (now.facilitator_id, now.allocated_on) == (second.profile_id, date(2026, 9, 1))
    assert audit_of(offering)[0].changes == {"facilitator_id": [first.profile_id, second.profile_id]}
    assert heard == [[offering.id]]


def test_taking_someone_away_clears_the_day(in_app, make):
    person = make.facilitator()
    offering = make.offering(person)
    assign(offering, None)
    now = as_it_is(offering)
    assert (now.facilitator_id, now.allocated_on, now.version) == (None, None, 2)


def test_the_same_deed_twice_changes_nothing_the_second_time(in_app, make, heard):
    person, offering = make.facilitator(), make.offering()
    assert assign(offering, person, version=1) is True
    assert assign(offering, person, version=1) is False
    assert as_it_is(offering).version == 2
    assert len(heard) == 1
    assert len(audit_of(offering)) == 1


def test_a_stale_version_says_who_is_there_now(in_app, make, heard):
    winner, loser = make.facilitator(first_name="Siya", last_name="Bhat"), make.facilitator()
    offering = make.offering()
    assign(offering, winner)
    with pytest.raises(Conflict) as caught:
        assign(offering, loser, version=1)
    assert caught.value.facts == {"version": 2, "facilitator_id": winner.profile_id, "facilitator": "Siya Bhat"}
    assert "Siya Bhat" in str(caught.value)
    assert as_it_is(offering).facilitator_id == winner.profile_id
    assert len(heard) == 1


@pytest.mark.parametrize("status", [OfferingStatus.COMPLETED, OfferingStatus.CANCELLED])
def test_a_course_that_is_over_keeps_its_facilitator(in_app, make, heard, status):
    offering = make.offering(status=status)
    with pytest.raises(Conflict):
        assign(offering, make.facilitator())
    assert as_it_is(offering).facilitator_id is None
    assert heard == []


def test_an_unknown_course_is_not_found(in_app):
    with pytest.raises(NotFound):
        services.assign_facilitator(999_999, None, 1, System(), TODAY)


@pytest.mark.parametrize(
    "fields",
    [{"is_active": False}, {"profile": {"is_available": False}}, None],
    ids=["inactive", "unavailable", "unknown"],
)
def test_who_cannot_teach_is_refused_on_the_field(in_app, make, fields):
    offering = make.offering()
    key = 999_999 if fields is None else make.facilitator(**fields).profile_id
    with pytest.raises(DomainError) as caught:
        services.assign_facilitator(offering.id, key, 1, System(), TODAY)
    assert caught.value.field == "facilitator"
    assert not isinstance(caught.value, Conflict)
    assert as_it_is(offering).version == 1


def test_over_the_limit_needs_a_reason_which_is_kept(in_app, make):
    person = make.facilitator(profile={"max_course_load": 1})
    make.offering(person)
    offering = make.offering()
    for reason in (None, "", "  "):
        with pytest.raises(OverLimit) as caught:
            assign(offering, person, reason=reason)
        assert caught.value.facts["load"] == 2
        assert caught.value.facts["limit"] == 1
        assert "2 of 1" in str(caught.value)
    assert assign(offering, person, reason=" Nobody else knows it ") is True
    assert audit_of(offering)[0].changes["reason"] == [None, "Nobody else knows it"]


@pytest.mark.every_database
def test_only_running_courses_of_the_same_term_count_against_the_limit(in_app, make):
    person = make.facilitator(profile={"max_course_load": 1})
    make.offering(person, trimester=2)
    make.offering(person, academic_year=2025)
    make.offering(person, status=OfferingStatus.COMPLETED)
    make.offering(person, status=OfferingStatus.CANCELLED)
    assert assign(make.offering(), person) is True


@pytest.mark.every_database
def test_two_at_once_on_one_course_leave_one_facilitator(fresh_app, make_fresh):
    people = [make_fresh.facilitator() for _ in range(2)]
    offering = make_fresh.offering()
    outcomes, start = [], threading.Barrier(2)

    def act(person):
        with fresh_app.app_context():
            start.wait()
            try:
                assign(offering, person)
                db.session.commit()
                outcomes.append(person.profile_id)
            except Conflict:
                db.session.rollback()
                outcomes.append("conflict")

    threads = [threading.Thread(target=act, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert outcomes.count("conflict") == 1
    with fresh_app.app_context():
        now = as_it_is(offering)
        assert now.facilitator_id in outcomes
        assert now.version == 2
        assert len(audit_of(offering)) == 1


@pytest.mark.every_database
def test_two_at_once_for_one_person_do_not_pass_the_limit_unseen(fresh_app, make_fresh):
    person = make_fresh.facilitator(profile={"max_course_load": 1})
    offerings = [make_fresh.offering() for _ in range(2)]
    outcomes, start = [], threading.Barrier(2)

    def act(offering):
        with fresh_app.app_context():
            start.wait()
            try:
                assign(offering, person)
                db.session.commit()
                outcomes.append("done")
            except OverLimit:
                db.session.rollback()
                outcomes.append("over")

    threads = [threading.Thread(target=act, args=[offering]) for offering in offerings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["done", "over"]
