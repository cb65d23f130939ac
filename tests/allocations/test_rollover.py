"""Copying a term: what would come, that exactly this comes, and the way back."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from portal.allocations.models import CourseOffering, Meeting, OfferingStatus
from portal.allocations.services.rollover import Rollover, copy_term, preview_rollover
from portal.allocations.services.rollover_undo import undo_rollover
from portal.audit.models import AuditEvent
from portal.catalogue.models import ClassGroup, Cohort, Mode, Module
from portal.errors import Conflict, DomainError, NotFound
from portal.extensions import db
from portal.jobs.running import run_waiting_jobs
from portal.jobs.works import Owner
from portal.tracker.models import ActivityLog

pytestmark = pytest.mark.in_turn

TODAY = date(2026, 10, 14)
START, END = date(2026, 8, 24), date(2026, 12, 9)
TERM = {"academic_year": 2026, "trimester": 3, "start_date": START, "end_date": END}
NEXT = Rollover((2026, 3), (2027, 3), 364)


@pytest.fixture
def in_app(app, frozen_time) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def manager(make) -> Any:
    return make.manager()


def copy(wanted: Rollover, by: Any) -> int:
    seen = preview_rollover(wanted, TODAY).seen
    return copy_term(wanted, seen, Owner(by.user_id, None), TODAY, lambda _steps: None)


def copies() -> list[CourseOffering]:
    db.session.expire_all()
    wanted = select(CourseOffering).where(CourseOffering.academic_year == 2027).order_by(CourseOffering.id)
    return list(db.session.scalars(wanted))


def test_a_term_comes_again_with_its_people_times_and_places(in_app, make, manager):
    teacher = make.facilitator()
    offering = make.offering(teacher, **TERM, max_students=44, title="Éthique", summary="What is right?")
    db.session.add(Meeting(offering_id=offering.id, weekday=2, starts_at=time(10), ends_at=time(11, 30), room="B 12"))
    db.session.flush()
    copy(NEXT, manager)
    (made,) = copies()
    assert (made.start_date, made.end_date) == (START + timedelta(364), END + timedelta(364))
    assert (made.facilitator_id, made.allocated_on) == (teacher.profile_id, made.start_date)
    assert (made.max_students, made.title, made.title_folded) == (44, "Éthique", "ethique")
    assert (made.status, made.version, made.enrolled_count) == (OfferingStatus.PLANNED, 1, 0)
    meeting = db.session.scalars(select(Meeting).where(Meeting.offering_id == made.id)).one()
    assert (meeting.weekday, meeting.starts_at, meeting.room) == (2, time(10), "B 12")
    event = db.session.scalars(select(AuditEvent).where(AuditEvent.entity_id == made.id)).one()
    assert event.changes["copied_from"] == [None, offering.id]
    assert db.session.scalar(select(func.count()).where(ActivityLog.allocation_id == made.id)) == 16


def test_people_and_times_can_stay_behind(in_app, make, manager):
    offering = make.offering(make.facilitator(), **TERM)
    db.session.add(Meeting(offering_id=offering.id, weekday=2, starts_at=time(10), ends_at=time(11)))
    db.session.flush()
    copy(replace(NEXT, with_facilitators=False, with_meetings=False), manager)
    (made,) = copies()
    assert made.facilitator_id is None
    assert db.session.scalar(select(func.count()).where(Meeting.offering_id == made.id)) == 0


def test_cancelled_and_open_courses_and_other_terms_do_not_come(in_app, make, manager):
    make.offering(**TERM, status=OfferingStatus.CANCELLED)
    make.offering(**(TERM | {"trimester": 1}))
    assert not preview_rollover(NEXT, TODAY).copies


def test_cohorts_become_those_of_the_new_year(in_app, make, manager):
    old, new = make.cohort(code="CS-2026"), make.cohort(code="CS-2027")
    make.offering(**TERM, cohort_id=old.id)
    lonely = make.offering(**TERM, cohort_id=make.cohort(code="AR-2026").id)
    wanted = replace(NEXT, cohort_from="2026", cohort_to="2027")
    preview = preview_rollover(wanted, TODAY)
    assert [(one.course.id, str(one.refusal)) for one in preview.refused] == [(lonely.id, "There is no such cohort.")]
    copy(wanted, manager)
    assert [made.cohort_id for made in copies()] == [new.id]


@pytest.mark.every_database
def test_what_stands_there_already_does_not_come_twice(in_app, make, manager):
    offering = make.offering(**TERM)
    copy(NEXT, manager)
    (made,) = copies()
    preview = preview_rollover(NEXT, TODAY)
    assert [(one.course.id, one.other_id) for one in preview.refused] == [(offering.id, made.id)]
    assert not preview.coming


@pytest.mark.parametrize("model", [Module, ClassGroup, Cohort, Mode])
def test_what_was_retired_does_not_come(in_app, make, model):
    offering = make.offering(**TERM, mode_id=make.mode("Retired").id)
    names = {Module: "module_id", ClassGroup: "class_id", Cohort: "cohort_id", Mode: "mode_id"}
    db.session.get(model, getattr(offering, names[model])).is_active = False
    db.session.flush()
    assert [str(one.refusal) for one in preview_rollover(NEXT, TODAY).refused] == [
        "Its module, class, cohort or mode was retired."
    ]


def test_a_course_comes_without_someone_who_cannot_teach_now(in_app, make, manager):
    make.offering(make.facilitator(first_name="Ada", last_name="Byron", profile={"is_available": False}), **TERM)
    preview = preview_rollover(NEXT, TODAY)
    assert [one.loses for one in preview.losing] == ["Ada Byron"]
    copy(NEXT, manager)
    assert copies()[0].facilitator_id is None


def test_more_than_the_limit_needs_a_reason(in_app, make, manager):
    teacher = make.facilitator(profile={"max_course_load": 1})
    for _ in range(2):
        make.offering(teacher, **TERM)
    assert [(one.id, load) for one, load in preview_rollover(NEXT, TODAY).over] == [(teacher.profile_id, 2)]
    with pytest.raises(DomainError) as caught:
        copy(NEXT, manager)
    assert caught.value.field == "reason"
    db.session.rollback()
    copy(replace(NEXT, reason="As agreed"), manager)
    assert len(copies()) == 2


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (replace(NEXT, target=(2026, 3)), "target"),
        (replace(NEXT, target=(9999, 3)), "target"),
        (replace(NEXT, days=10_000), "first_day"),
    ],
)
def test_what_will_not_do_is_told_at_its_field(in_app, wanted, field):
    with pytest.raises(DomainError) as caught:
        preview_rollover(wanted, TODAY)
    assert caught.value.field == field


@pytest.mark.every_database
def test_what_changed_since_it_was_seen_stops_it(in_app, make, manager):
    make.offering(**TERM)
    seen = preview_rollover(NEXT, TODAY).seen
    make.offering(**TERM)
    with pytest.raises(Conflict):
        copy_term(NEXT, seen, Owner(manager.user_id, None), TODAY, lambda _steps: None)
    assert not copies()


@pytest.mark.every_database
def test_undoing_deletes_what_nobody_used(in_app, make, manager):
    for _ in range(4):
        make.offering(make.facilitator(), **TERM)
    batch = copy(NEXT, manager)
    free, changed, joined, logged = copies()
    free_id, taught_by = free.id, free.facilitator_id
    changed.version += 1
    make.enrolment(joined, make.student())
    log = db.session.scalars(select(ActivityLog).where(ActivityLog.allocation_id == logged.id)).first()
    assert log is not None
    log.started_at = log.created_at
    db.session.flush()
    undone = undo_rollover(batch, Owner(manager.user_id, None))
    assert (undone.restored, undone.kept) == (1, 3)
    assert {one.id for one in copies()} == {changed.id, joined.id, logged.id}
    told = select(AuditEvent.changes).where(AuditEvent.action == "delete", AuditEvent.entity_id == free_id)
    assert db.session.scalars(told).one() == {"facilitator_id": [taught_by, None]}
    with pytest.raises(Conflict):
        undo_rollover(batch, Owner(manager.user_id, None))


def test_others_cannot_undo_it(in_app, make, manager):
    make.offering(**TERM)
    batch = copy(NEXT, manager)
    with pytest.raises(NotFound):
        undo_rollover(batch, Owner(make.manager().user_id, None))


# --- the page


def asked(**more: str) -> dict[str, str]:
    return {
        "source": "2026-3", "year": "2027", "trimester": "3", "first_day": "2027-08-23", "with_facilitators": "y",
        "with_meetings": "y", "department": "",
    } | more  # fmt: skip


def hidden(page: str) -> MultiDict[str, str]:
    form = page[page.index('class="confirm"') :]
    return MultiDict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[: form.index("</form>")]))


def test_the_page_begins_with_the_same_term_a_year_later(client, make, sign_in):
    make.offering(**TERM)
    sign_in(client, make.manager())
    page = client.get("/allocations/rollover").text
    assert 'value="2027"' in page
    assert 'value="2027-08-23"' in page, "the same day of the week"


def test_without_a_term_the_page_says_so(client, make, sign_in):
    sign_in(client, make.manager())
    assert "No term to copy" in client.get("/allocations/rollover").text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"year": "soon"}, "Not a valid integer value"),
        ({"first_day": "tomorrow"}, "Not a valid date value"),
        ({"source": "1999-1"}, "Not a valid choice"),
        ({"trimester": "4"}, "Not a valid choice"),
        ({"year": "2026"}, "Choose another term"),
        ({"reason": "x" * 501}, "longer than 500"),
    ],
)
def test_what_was_typed_wrong_is_told(client, make, sign_in, more, said):
    make.offering(**TERM)
    sign_in(client, make.manager())
    answer = client.get("/allocations/rollover", query_string=asked(**more))
    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.every_database
def test_the_worker_copies_what_was_seen_and_the_page_takes_it_back(fresh_app, make_fresh, sign_in):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    client = fresh_app.test_client()
    make_fresh.offering(make_fresh.facilitator(), **TERM)
    sign_in(client, make_fresh.manager())
    seen = client.get("/allocations/rollover", query_string=asked()).text
    assert "1 course will be copied." in seen
    waiting = client.post("/allocations/rollover", data=hidden(seen))
    assert "Copying courses into trimester 3 of 2027" in client.get(waiting.location).text
    with fresh_app.app_context():
        run_waiting_jobs()
        assert len(copies()) == 1
    done = client.get(waiting.location, follow_redirects=True)
    assert "1 course copied" in done.text
    address = re.search(r'action="(/allocations/bulk/\d+/undo)"', done.text)
    assert address is not None
    assert "1 copied course deleted" in client.post(address[1], follow_redirects=True).text
    with fresh_app.app_context():
        assert not copies()


def test_a_look_that_is_old_is_refused(client, make, sign_in):
    make.offering(**TERM)
    sign_in(client, make.manager())
    seen = hidden(client.get("/allocations/rollover", query_string=asked()).text)
    make.offering(**TERM)
    answer = client.post("/allocations/rollover", data=seen)
    assert answer.status_code == 409
    assert "2 courses will be copied." in answer.text


@pytest.mark.parametrize("who", ["facilitator", "student"])
def test_it_is_for_managers(client, make, sign_in, who):
    sign_in(client, getattr(make, who)())
    assert client.get("/allocations/rollover").status_code == 403


@pytest.mark.parametrize("count", [1, 12])
def test_a_preview_takes_as_many_statements_for_twelve_as_for_one(client, make, sign_in, count_sql, count):
    for _ in range(count):
        make.offering(make.facilitator(), **TERM)
    sign_in(client, make.manager())
    with count_sql() as sql:
        client.get("/allocations/rollover", query_string=asked())
    # Who asks; terms, departments; courses, combinations, cohorts, loads and people; the bell.
    assert len(sql) == 9, sql.text
