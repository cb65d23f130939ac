from datetime import timedelta

import pytest
from sqlalchemy import update

from portal import clock
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.extensions import db
from portal.tracker.models import ActivityLog
from tests.tracker.support import (
    DONE,
    FORMATIVE,
    GRADES,
    HTMX,
    NOT_STARTED,
    PENDING,
    SYNC,
    audited,
    send,
    stored,
    tick,
)  # fmt: skip

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]


@pytest.fixture
def change(app):
    def do(model, row_id, **values):
        with app.app_context():
            db.session.execute(update(model).where(model.id == row_id).values(**values))
            db.session.commit()

    return do


def test_the_whole_form_saves_items_and_notes_without_javascript(app, owner, week):
    answer = send(
        owner, week, htmx=False, notes="Room moved", next="/tracker/?week=2026-10-12", **{SYNC: DONE, GRADES: PENDING}
    )
    assert (answer.status_code, answer.location) == (303, f"/tracker/?week=2026-10-12#log-{week.id}")
    row, statuses = stored(app, week)
    assert statuses == {FORMATIVE: NOT_STARTED, SYNC: DONE, GRADES: PENDING}
    assert (row.notes, row.done_count, row.submitted_at) == ("Room moved", 1, None)


def test_nobody_is_sent_to_another_host(owner, week):
    assert send(owner, week, htmx=False, next="https://evil.example/").location.startswith("/")


@pytest.mark.parametrize("notes", ["🎉👩‍🏫 naïve", "שלום, עולם", "مرحبا\u200f", "Ngô Bảo Châu\nsecond line"])
def test_notes_of_every_script_are_kept(app, owner, week, notes):
    send(owner, week, notes=notes.replace("\n", "\r\n"))
    assert stored(app, week)[0].notes == notes
    assert notes in owner.get(f"/tracker/logs/{week.id}").text


def test_markup_in_notes_is_only_text(owner, week):
    send(owner, week, notes="</textarea><script>alert(1)</script>\x00")
    text = owner.get("/tracker/").text
    assert "<script>alert(1)" not in text
    assert "&lt;/textarea&gt;&lt;script&gt;" in text


def test_notes_that_are_too_long_are_refused_and_stay_in_the_field(app, owner, week):
    long = "é" * 5001
    for htmx in (True, False):
        answer = send(owner, week, notes=long, htmx=htmx, **{SYNC: DONE})
        assert answer.status_code == 422
        assert "Notes hold 5000 characters; these are 5001." in answer.text
        assert long in answer.text
    assert stored(app, week)[0].version == 1
    assert send(owner, week, notes="é" * 5000).status_code == 200


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_five_megabytes_of_notes_get_a_page_that_says_so(app, owner, week, headers):
    answer = owner.post(f"/tracker/logs/{week.id}", data={"notes": "x" * 5_000_000}, headers=headers)
    assert answer.status_code == 413
    assert "<h1>" in answer.text
    assert stored(app, week)[0].version == 1


def test_submitting_locks_the_week(app, owner, week, facilitator):
    answer = send(owner, week, "submit", **{FORMATIVE: DONE})
    assert answer.status_code == 200
    assert f'id="log-{week.id}"' in answer.text
    assert "Week 3 submitted" in answer.text
    row, statuses = stored(app, week)
    assert (row.submitted_at, row.submitted_by) == (clock.now(), facilitator.user_id)
    assert statuses == {FORMATIVE: DONE, SYNC: NOT_STARTED, GRADES: NOT_STARTED}
    action, _actor, fields = audited(app, week)[0]
    assert (action, set(fields)) == ("submit", {FORMATIVE, "submitted_at"})
    late = tick(owner, week, SYNC, DONE)
    assert late.status_code == 409
    assert (
        "Week 3 was submitted on Wednesday 14 October 12:00. It is locked; ask your manager to reopen it." in late.text
    )
    assert stored(app, week)[1][SYNC] == NOT_STARTED


def test_a_late_submission_is_marked_late(make, owner, offering):
    week = make.log(offering, 1)
    assert 'class="state late"' in send(owner, week, "submit").text


@pytest.mark.parametrize("htmx", [True, False])
def test_the_second_of_two_clicks_on_submit_is_done_too(app, owner, week, htmx):
    first, second = (send(owner, week, "submit", htmx=htmx, notes="Done", **{SYNC: DONE}) for _ in range(2))
    assert first.status_code == second.status_code == (200 if htmx else 303)
    assert stored(app, week)[0].version == 2
    assert len(audited(app, week)) == 1


def test_submitting_other_things_after_submitting_is_refused_and_the_text_is_shown(owner, week):
    send(owner, week, "submit")
    answer = send(owner, week, "submit", notes="A late thought")
    assert answer.status_code == 409
    assert "A late thought" in answer.text
    assert "was not saved" in answer.text


def test_submit_has_an_address_of_its_own(app, owner, week):
    assert owner.post(f"/tracker/logs/{week.id}/submit", headers=HTMX).status_code == 200
    assert owner.post(f"/tracker/logs/{week.id}/submit", headers=HTMX).status_code == 200
    assert stored(app, week)[0].submitted_at == clock.now()


@pytest.mark.parametrize(
    ("number", "fields", "words"),
    [
        (4, {}, "Week 4 opens on Monday 19 October 2026."),
        (3, {"excused_at": "now"}, "Week 3 is excused; there is nothing to fill in."),
    ],
    ids=["not begun", "excused"],
)
@pytest.mark.parametrize("htmx", [True, False])
def test_locked_weeks_say_why(app, make, owner, offering, number, fields, words, htmx):
    week = make.log(offering, number, **{key: clock.now() for key in fields})
    for answer in (
        tick(owner, week, SYNC, DONE, htmx=htmx), send(owner, week, "submit", htmx=htmx),
        send(owner, week, "all_done", htmx=htmx), send(owner, week, "same_as_last_week", htmx=htmx),
    ):  # fmt: skip
        assert answer.status_code == 409
        assert words in answer.text
    assert stored(app, week)[1] == {}


def test_a_cancelled_courses_week_is_closed(owner, week, offering, change):
    change(CourseOffering, offering.id, status=OfferingStatus.CANCELLED)
    answer = tick(owner, week, SYNC, DONE)
    assert (answer.status_code, "This course is cancelled" in answer.text) == (409, True)


def test_all_done_fills_the_expected_items_and_keeps_typed_notes(app, owner, week):
    answer = send(owner, week, "all_done", notes="typed")
    assert answer.status_code == 200
    row, statuses = stored(app, week)
    assert statuses == dict.fromkeys([FORMATIVE, SYNC, GRADES], DONE)
    assert (row.notes, row.done_count, row.submitted_at) == ("typed", 3, None)
    assert "button primary" in answer.text


def test_same_as_last_week_copies_what_this_week_expects(app, make, owner, offering, week):
    before = make.log(offering, 2)
    tick(owner, before, SYNC, DONE)
    tick(owner, before, GRADES, PENDING, version=2)
    assert send(owner, week, "same_as_last_week").status_code == 200
    assert stored(app, week)[1] == {FORMATIVE: NOT_STARTED, SYNC: DONE, GRADES: PENDING}


def test_same_as_last_week_says_so_when_there_is_none(make, owner, week, offering):
    answer = send(owner, week, "same_as_last_week", notes="kept")
    assert answer.status_code == 422
    assert "there is no last week" in answer.text
    assert "kept" in answer.text
    make.log(offering, 2)
    assert "Week 2 holds nothing to copy" in send(owner, week, "same_as_last_week").text


def test_an_unknown_button_changes_nothing(app, owner, week):
    assert send(owner, week, "explode", **{SYNC: DONE}).status_code == 422
    assert stored(app, week)[0].version == 1


def test_saving_what_stands_writes_nothing(app, owner, week, count_sql):
    with count_sql() as sql:
        assert send(owner, week).status_code == 200
    assert len(sql) == 2, sql.text


def test_every_change_is_audited_with_before_and_after(app, owner, week, facilitator):
    send(owner, week, notes="One", **{SYNC: DONE})
    send(owner, week, seen={SYNC: DONE}, notes_seen="One", version=2, notes="Two", **{SYNC: PENDING})
    assert audited(app, week) == [
        ("fill_in", facilitator.user_id, {SYNC: [NOT_STARTED, DONE], "notes": ["", "One"]}),
        ("fill_in", facilitator.user_id, {SYNC: [DONE, PENDING], "notes": ["One", "Two"]}),
    ]


@pytest.mark.parametrize("path", ["", "/submit"])
def test_other_people_may_not_save(client, make, sign_in, week, path):
    sign_in(client, make.facilitator())
    assert client.post(f"/tracker/logs/{week.id}{path}").status_code == 404
    sign_in(client, make.student())
    assert client.post(f"/tracker/logs/{week.id}{path}").status_code == 403


def test_a_submission_exactly_at_the_deadline_is_on_time(make, owner, offering, change):
    week = make.log(offering, 2)
    change(ActivityLog, week.id, due_at=clock.now())
    assert 'class="state on-time"' in send(owner, week, "submit").text
    other = make.log(offering, 1)
    change(ActivityLog, other.id, due_at=clock.now() - timedelta(seconds=1))
    assert 'class="state late"' in send(owner, other, "submit").text
