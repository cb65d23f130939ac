"""Weekly logs for programs: reading, filling in, handing in, taking back."""

import threading

import pytest
from sqlalchemy import select

from portal import clock
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.tracker.models import ActivityLog, Attendance
from tests.support.api import Program

pytestmark = pytest.mark.in_turn

LOGS = "/activity-tracker"
ITEMS = {"formative_one_grading": "Done", "intranet_sync": "Pending", "grade_book_status": "Not Started"}


@pytest.fixture
def roster(make, course):
    """Three students, in the order of their names."""
    return [make.enrolment(course, make.student(first_name=name, last_name="Khan")) for name in ("Ada", "Béa", "Chi")]


def body_of(course, **more):
    return {"allocation_id": course.id, "week_number": 3} | ITEMS | more


def marks(app):
    with app.app_context():
        return [row.value for row in db.session.scalars(select(Attendance.state).order_by(Attendance.position))]


def actions(app):
    with app.app_context():
        wanted = select(AuditEvent.action).where(AuditEvent.entity == "activity_trackers").order_by(AuditEvent.id)
        return list(db.session.scalars(wanted))


# --- handing in


def test_a_week_is_handed_in_once(app, asks, course, week, roster):
    answer = asks("POST", LOGS, body_of(course, attendance=[True, False, True], notes="Good talk"))
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"/api{LOGS}/{week.id}"
    shown = answer.json
    assert {key: shown[key] for key in ITEMS} == ITEMS
    assert (shown["attendance"], shown["notes"], shown["state"]) == ([True, False, True], "Good talk", "on_time")
    assert shown["submitted_at"] == f"{clock.now():%Y-%m-%dT%H:%M}" + shown["submitted_at"][16:]
    assert marks(app) == ["present", "absent", "present"]
    assert actions(app) == ["take_attendance", "submit"]
    again = asks("POST", LOGS, body_of(course, attendance=[True, False, True], notes="Good talk"))
    assert again.status_code == 409
    assert "was submitted" in again.json["details"][0]
    assert asks("GET", f"{LOGS}/{week.id}").json == shown


@pytest.mark.parametrize("number", [16, 2**31 - 1])
def test_a_week_that_the_course_does_not_have_is_refused(asks, course, week, number):
    answer = asks("POST", LOGS, body_of(course, week_number=number))
    assert answer.status_code == 400
    assert list(answer.json["fields"]) == ["week_number"]


def test_a_week_that_nobody_owes_is_refused_in_words_that_fit(asks, course, week):
    answer = asks("POST", LOGS, body_of(course, week_number=1))
    assert answer.status_code == 400
    assert answer.json["fields"] == {"week_number": ["The course has no weekly log for week 1."]}


def test_a_course_of_somebody_else_is_not_there(make, program, course, week):
    answer = program(make.facilitator())("POST", LOGS, body_of(course))
    assert answer.status_code == 404
    assert list(answer.json["fields"]) == ["allocation_id"]


def test_a_week_of_a_course_that_the_former_facilitator_owed_is_theirs(make, program, asks, course):
    former = make.facilitator()
    make.log(course, 2, facilitator_id=former.profile_id)
    assert asks("POST", LOGS, body_of(course, week_number=2)).status_code == 404
    assert program(former)("POST", LOGS, body_of(course, week_number=2)).status_code == 201


def test_a_week_that_has_not_begun_waits(make, asks, course):
    make.log(course, 9)
    answer = asks("POST", LOGS, {"allocation_id": course.id, "week_number": 9})
    assert answer.status_code == 409
    assert "has not begun" in answer.json["details"][0]


def test_who_manages_may_hand_in_for_somebody(app, make, program, course, week):
    manager = make.manager()
    assert program(manager)("POST", LOGS, body_of(course)).status_code == 201
    with app.app_context():
        assert db.session.get(ActivityLog, week.id).submitted_by == manager.user_id


WRONG = {
    "an unknown member": ({"coffee": "Done"}, "coffee"),
    "no status": ({"intranet_sync": "done"}, "intranet_sync"),
    "a status that is no text": ({"intranet_sync": True}, "intranet_sync"),
    "notes that are too long": ({"notes": "x" * 5001}, "notes"),
    "notes beyond all sense": ({"notes": "x" * 20_001}, "notes"),
    "too few on the roster": ({"attendance": [True]}, "attendance"),
    "too many on the roster": ({"attendance": [True] * 4}, "attendance"),
    "somebody half there": ({"attendance": [True, True, 1]}, "attendance.2"),
    "a week in words": ({"week_number": "three"}, "week_number"),
    "a week of nothing": ({"week_number": None}, "week_number"),
    "a course in words": ({"allocation_id": "x"}, "allocation_id"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_and_nothing_is_written(app, asks, course, week, roster, name):
    more, field = WRONG[name]
    answer = asks("POST", LOGS, body_of(course, notes="Kept?") | {"attendance": [True, True, True]} | more)
    assert answer.status_code == 400, answer.text
    assert list(answer.json["fields"]) == [field]
    assert actions(app) == []
    assert marks(app) == []


def test_an_item_that_the_week_does_not_ask_for_may_be_said_early(asks, course, week):
    sent = {"course_moderation": "Done", "summative_grading": "Not Started"}
    log = asks("PATCH", f"{LOGS}/{week.id}", sent).json
    assert log["course_moderation"] == "Done"
    assert "summative_grading" not in log
    assert asks("PATCH", f"{LOGS}/{week.id}", {"course_moderation": "Pending"}).json["course_moderation"] == "Pending"


def test_attendance_without_a_roster_is_a_head_count(app, asks, make, course, week):
    answer = asks("PATCH", f"{LOGS}/{week.id}", {"attendance": [True, False, True, True]})
    assert answer.json["attendance"] == [True, False, True, True]
    with app.app_context():
        row = db.session.get(ActivityLog, week.id)
        assert (row.there_count, row.roster_count) == (3, 4)
    answer = asks("PATCH", f"{LOGS}/{week.id}", {"attendance": [True] * 2000})
    assert (answer.status_code, list(answer.json["fields"])) == (400, ["attendance"])
    assert asks("PATCH", f"{LOGS}/{week.id}", {"attendance": []}).json["attendance"] == [True, False, True, True]
    other = asks("PATCH", f"{LOGS}/{week.id}", {"attendance": [False, True, True, True]}).json
    assert other["attendance"] == [False, True, True, True]
    same = asks("PATCH", f"{LOGS}/{week.id}", {"attendance": other["attendance"]}).json
    assert same["version"] == other["version"]


def test_late_and_excused_stay_where_a_program_says_the_same(app, client, asks, sign_in, teacher, week, roster):
    sign_in(client, teacher)
    form = {f"mark-{one.id}": mark for one, mark in zip(roster, ["late", "excused", "present"], strict=True)}
    client.post(f"/tracker/logs/{week.id}/attendance", data=form | {"was": ""})
    assert marks(app) == ["late", "excused", "present"]
    assert asks("PATCH", f"{LOGS}/{week.id}", {"attendance": [True, False, False]}).status_code == 200
    assert marks(app) == ["late", "excused", "absent"]


@pytest.mark.every_database
def test_two_programs_at_one_moment_hand_in_once(fresh_app, make_fresh):
    teacher = make_fresh.facilitator()
    course = make_fresh.offering(teacher)
    make_fresh.log(course, 3)
    barrier, answers = threading.Barrier(3), []

    def hand_in():
        asks = Program(fresh_app, teacher)
        barrier.wait(10)
        answers.append(asks("POST", LOGS, body_of(course)).status_code)

    threads = [threading.Thread(target=hand_in) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answers) == [201, 409, 409]
    assert actions(fresh_app).count("submit") == 1


# --- changing before that


def test_a_part_is_changed_and_the_rest_stays(asks, week):
    first = asks("PATCH", f"{LOGS}/{week.id}", {"intranet_sync": "Done", "notes": "One"})
    assert first.status_code == 200
    assert first.headers["ETag"].startswith(f'"{first.json["version"]}.')
    second = asks("PATCH", f"{LOGS}/{week.id}", {"grade_book_status": "Pending"})
    assert (second.json["intranet_sync"], second.json["grade_book_status"]) == ("Done", "Pending")
    assert (second.json["notes"], second.json["state"]) == ("One", "open")
    whole = asks("PUT", f"{LOGS}/{week.id}", {"grade_book_status": "Done"})
    assert (whole.json["intranet_sync"], whole.json["grade_book_status"]) == ("Not Started", "Done")
    assert whole.json["notes"] == ""


@pytest.mark.parametrize("how", ["version", "If-Match"])
@pytest.mark.every_database
def test_what_was_read_before_somebody_changed_it_is_refused(asks, week, how):
    before = asks("GET", f"{LOGS}/{week.id}")
    assert asks("PATCH", f"{LOGS}/{week.id}", {"notes": "First"}).status_code == 200
    seen = {"version": before.json["version"]} if how == "version" else {}
    headers = {"If-Match": before.headers["ETag"]} if how == "If-Match" else {}
    for method in ("PATCH", "PUT"):
        answer = asks(method, f"{LOGS}/{week.id}", {"notes": "Second", **seen}, headers=headers)
        assert answer.status_code == 409
        assert list(answer.json["fields"]) == ["version"]
    if how == "If-Match":
        assert asks("DELETE", f"{LOGS}/{week.id}", headers=headers).status_code == 409
    assert asks("GET", f"{LOGS}/{week.id}").json["notes"] == "First"


def test_a_week_is_taken_back_and_is_still_expected(app, asks, week, roster):
    asks("PATCH", f"{LOGS}/{week.id}", {"intranet_sync": "Done", "notes": "One", "attendance": [True, True, False]})
    assert asks("DELETE", f"{LOGS}/{week.id}").status_code == 204
    shown = asks("GET", f"{LOGS}/{week.id}").json
    assert (shown["intranet_sync"], shown["notes"], shown["attendance"]) == ("Not Started", "", None)
    assert shown["state"] == "open"
    assert marks(app) == []
    with app.app_context():
        [event] = db.session.scalars(select(AuditEvent).where(AuditEvent.action == "clear"))
        assert event.changes == {"intranet_sync": ["Done", "Not Started"], "notes": ["One", ""]}
    # Nothing is there to take back a second time.
    assert asks("DELETE", f"{LOGS}/{week.id}").status_code == 204
    assert actions(app).count("clear") == 1
    assert asks("PATCH", f"{LOGS}/{week.id}", {"intranet_sync": "Done"}).status_code == 200


def test_a_week_that_is_handed_in_stays(make, program, asks, course, week):
    asks("POST", LOGS, body_of(course))
    for one in (asks, program(make.manager())):
        for method, body in (("PATCH", {"notes": "x"}), ("PUT", {}), ("DELETE", None)):
            assert one(method, f"{LOGS}/{week.id}", body).status_code == 409, method
