"""Attendance: a week's sheet, head counts, a course by student, notices when somebody is there too rarely."""

import re

import pytest
from flask import render_template
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Student, User
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db
from portal.notifications.kinds import topic_of
from portal.notifications.models import Notification
from portal.tracker.models import ActivityLog, Attendance, AttendanceState
from tests.tracker.support import DONE, HTMX, SYNC, audited, stored, tick

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]
NAMES = ("Ada", "Çelik", "Zoë 🎓", "عمر")


@pytest.fixture
def places(make, offering):
    """Four enrolments, in the order of the sheet."""
    students = [make.student(first_name=name, last_name="Khan") for name in NAMES]
    return [make.enrolment(offering, student).id for student in students]


def mark(client, log, marks, was="", *, htmx=True, **more):
    """What the sheet's form sends."""
    form = {f"mark-{place}": state for place, state in marks.items()} | {"was": was} | more
    return client.post(f"/tracker/logs/{log.id}/attendance", data=form, headers=HTMX if htmx else {})


def held(app, log):
    """The marks that are stored: (enrolment, state) by position."""
    with app.app_context():
        wanted = select(Attendance).where(Attendance.tracker_id == log.id).order_by(Attendance.position)
        return [(row.enrolment_id, row.state.value) for row in db.session.scalars(wanted)]


def test_a_sheet_is_saved_in_one_request(app, owner, week, places, facilitator):
    marks = dict(zip(places, ("present", "late", "absent", "excused"), strict=True))
    answer = mark(owner, week, marks)
    assert answer.status_code == 200
    assert "2 of 4 present" in answer.text
    assert "Saved 12:00" in answer.text
    assert held(app, week) == list(marks.items())
    row, statuses = stored(app, week)
    assert (row.there_count, row.roster_count, row.version, row.started_at is not None) == (2, 4, 2, True)
    assert set(statuses.values()) == {"Not Started"}
    action, actor, changes = audited(app, week)[0]
    assert (action, actor) == ("take_attendance", facilitator.user_id)
    before, after = changes["attendance"]
    assert before is None
    assert re.fullmatch(r"2 / 4; late \S+; absent \S+; excused \S+", after)
    assert len(answer.data) < 2048


def test_what_is_said_of_one_leaves_the_others(app, owner, week, places):
    mark(owner, week, {places[0]: "present"})
    mark(owner, week, {places[0]: "present", places[1]: "absent"}, f"{places[0]}p")
    assert held(app, week) == [(places[0], "present"), (places[1], "absent")]
    page = owner.get(f"/tracker/logs/{week.id}/attendance").text
    assert "1 of 4 present" in page
    assert "2 not marked" in page
    assert f'value="{places[0]}p {places[1]}a"' in page


def test_everyone_else_is_present_without_javascript_too(app, owner, week, places):
    answer = mark(owner, week, {places[2]: "absent"}, htmx=False, act="all_present")
    assert answer.status_code == 303
    assert [state for _, state in held(app, week)] == ["present", "present", "absent", "present"]
    assert "Attendance of week 3 is saved." in owner.get(answer.location).text


@pytest.mark.every_database
def test_two_people_at_one_sheet_lose_nothing(app, owner, week, places):
    mark(owner, week, {places[0]: "absent"})
    # The other tab was drawn before that: another student fits, the same one is asked about.
    answer = mark(owner, week, {places[0]: "present", places[1]: "late"})
    assert answer.status_code == 409
    assert answer.headers["HX-Retarget"] == f"#sheet-{week.id}"
    assert "Someone else marked 1 student differently meanwhile." in answer.text
    assert "You chose “Present”; someone else set “Absent”." in answer.text
    assert held(app, week) == [(places[0], "absent"), (places[1], "late")]
    assert "<!doctype" in mark(owner, week, {places[0]: "present"}, htmx=False).text


@pytest.mark.every_database
def test_the_same_sheet_twice_writes_once(app, owner, week, places):
    marks = dict.fromkeys(places, "present")
    mark(owner, week, marks)
    assert mark(owner, week, marks).status_code == 200
    assert stored(app, week)[0].version == 2
    assert len(audited(app, week)) == 1


@pytest.mark.every_database
def test_ticks_and_attendance_go_beside_each_other(app, owner, week, places):
    tick(owner, week, SYNC, DONE)
    assert mark(owner, week, {places[0]: "present"}).status_code == 200
    row, statuses = stored(app, week)
    assert (statuses[SYNC], row.done_count, row.there_count) == ("Done", 1, 1)


@pytest.mark.parametrize(
    ("marks", "status"),
    [({"1": "asleep"}, 422), ({"999999": "present"}, 200), ({"x": "asleep"}, 200), ({}, 200)],
)
def test_odd_sheets_get_a_clear_answer(app, owner, week, places, marks, status):
    answer = owner.post(
        f"/tracker/logs/{week.id}/attendance",
        data={f"mark-{name}": state for name, state in marks.items()} | {"was": "9z 12 p \x00 1p1p"},
        headers=HTMX,
    )
    assert answer.status_code == status
    if status == 422:
        assert "Choose present, late, absent or excused." in answer.text
    assert held(app, week) == []


def test_a_submitted_week_is_locked_and_what_was_marked_is_shown(app, owner, week, places):
    owner.post(f"/tracker/logs/{week.id}/submit")
    answer = mark(owner, week, {places[1]: "late"})
    assert answer.status_code == 409
    assert "It is locked" in answer.text
    assert "What you marked was not saved:" in answer.text
    assert "Çelik Khan</bdi>: Late" in answer.text
    assert held(app, week) == []


def test_only_who_owes_the_week_marks_and_managers_read(app, client, make, sign_in, week, places):
    for person in (make.facilitator(), make.student()):
        sign_in(client, person)
        assert mark(client, week, {places[0]: "absent"}).status_code in {403, 404}
        assert client.get(f"/tracker/logs/{week.id}/attendance").status_code in {403, 404}
    sign_in(client, make.manager())
    assert mark(client, week, {places[0]: "absent"}).status_code == 403
    text = client.get(f"/tracker/logs/{week.id}/attendance").text
    assert "Attendance was not taken in this week." in text
    assert 'name="mark-' not in text
    assert held(app, week) == []


def test_who_has_left_stays_on_the_sheets_they_were_marked_on(app, owner, make, offering, week, places):
    mark(owner, week, {places[0]: "present"})
    with app.app_context():
        for place in places[:2]:
            db.session.get(Enrolment, place).status = EnrolmentStatus.WITHDRAWN
        db.session.commit()
    page = owner.get(f"/tracker/logs/{week.id}/attendance").text
    assert "Ada Khan" in page
    assert "Çelik Khan" not in page
    assert "Ada Khan" not in owner.get(f"/tracker/courses/{offering.id}/attendance").text


def test_without_a_roster_heads_are_counted(app, owner, week):
    address = f"/tracker/logs/{week.id}/attendance"
    assert "Count who was there." in owner.get(address).text
    assert owner.post(f"{address}/count", data={"there": "22", "of": "25", "was": ""}).status_code == 303
    assert [state for _, state in held(app, week)] == ["present"] * 22 + ["absent"] * 3
    assert "22 of 25 present" in owner.get("/tracker/").text
    stale = owner.post(f"{address}/count", data={"there": "21", "of": "25", "was": ""})
    assert stale.status_code == 409
    assert 'value="21"' in stale.text
    assert owner.post(f"{address}/count", data={"there": "21", "of": "25", "was": "22/25"}).status_code == 303
    assert stored(app, week)[0].there_count == 21


@pytest.mark.parametrize(
    ("there", "of", "said"),
    [("", "5", "Use a whole number."), ("6", "5", "from 0 to 5"), ("-1", "5", "Use a whole number."),
     ("1", "0", "from 1 to 5000"), ("1", "99999", "from 1 to 5000"), ("٣", "5", "Use a whole number.")],
)  # fmt: skip
def test_a_head_count_that_cannot_be_names_its_field(owner, week, there, of, said):
    answer = owner.post(f"/tracker/logs/{week.id}/attendance/count", data={"there": there, "of": of})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.every_database
def test_a_course_by_student_and_who_is_there_too_rarely(app, owner, make, offering, places):
    for number, marks in enumerate((["present"] * 4, ["late", "absent", "excused", "absent"]), start=1):
        log = make.log(offering, number)
        mark(owner, log, dict(zip(places, marks, strict=True)))
    text = owner.get(f"/tracker/courses/{offering.id}/attendance").text
    assert "Attendance was taken in 2 weeks." in text
    cells = re.findall(r'<th scope="row"><span dir="auto">(.*?)</span>', text)
    assert cells == [f"{name} Khan" for name in NAMES]
    assert text.count("50 %, below 75 %") == 2
    assert text.count("100 %") == 2
    low = owner.get(f"/tracker/courses/{offering.id}/attendance?low=1").text
    assert low.count("below 75 %") == 2
    assert "Ada Khan" not in low


def test_a_course_says_what_is_not_there_yet(owner, make, offering):
    address = f"/tracker/courses/{offering.id}/attendance"
    assert "No students yet" in owner.get(address).text
    make.enrolment(offering, make.student())
    assert "Attendance was not taken yet" in owner.get(address).text


@pytest.mark.parametrize("count", [1, 12])
def test_pages_take_the_same_statements_at_any_size(owner, make, offering, week, count_sql, count):
    for _ in range(count):
        make.enrolment(offering, make.student())
    with count_sql() as sheet:
        owner.get(f"/tracker/logs/{week.id}/attendance")
    with count_sql() as course:
        owner.get(f"/tracker/courses/{offering.id}/attendance")
    assert (len(sheet), len(course)) == (4, 5), sheet.text + course.text


def test_three_hundred_are_saved_in_seven_statements(app, owner, make, offering, week, count_sql):
    with app.app_context():
        users = [User(email=f"s{number}@example.org", first_name="S", last_name=str(number), role="student")
                 for number in range(300)]  # fmt: skip
        db.session.add_all(users)
        db.session.flush()
        students = [Student(user_id=user.id, student_number=f"N{user.id}") for user in users]
        db.session.add_all(students)
        db.session.flush()
        enrolments = [Enrolment(offering_id=offering.id, student_id=student.id) for student in students]
        db.session.add_all(enrolments)
        db.session.commit()
        ids = [enrolment.id for enrolment in enrolments]
    with count_sql() as sql:
        assert "300 of 300 present" in mark(owner, week, dict.fromkeys(ids, "present")).text
    assert len(sql) == 8, sql.text
    assert len(held(app, week)) == 300


def test_a_notice_goes_out_once_when_the_limit_is_crossed(app, owner, make, offering, facilitator, monkeypatch):
    monkeypatch.setitem(app.config, "PORTAL", app.config["PORTAL"].model_copy(update={"attendance_notices": True}))
    student = make.student(first_name="Ada", last_name="Byron")
    place = make.enrolment(offering, student).id
    expected = [("attendance_low", student.user_id), ("attendance_low_of_student", facilitator.user_id)]
    for number, state in enumerate(("absent", "present", "absent"), start=1):
        log = make.log(offering, number)
        assert mark(owner, log, {place: state}).status_code == 200
        assert owner.post(f"/tracker/logs/{log.id}/submit").status_code == 303
        with app.app_context():
            told = db.session.execute(select(Notification.kind, Notification.recipient_id)).all()
        assert sorted(map(tuple, told)) == (expected if number == 3 else [])
    text = owner.get("/notifications/").text
    assert "The attendance of 1 student is low" in text
    assert "Ada Byron: there in 33 % of the weeks, the limit is 75 %" in text
    with app.app_context():
        row = db.session.get(ActivityLog, log.id)
        row.submitted_at = None
        db.session.commit()
    assert owner.post(f"/tracker/logs/{log.id}/submit").status_code == 303
    with app.app_context():
        assert len(db.session.scalars(select(Notification)).all()) == 2


def test_no_notice_unless_it_is_wanted(app, owner, make, offering, places):
    for number in (1, 2, 3):
        log = make.log(offering, number)
        mark(owner, log, {places[0]: "absent"})
        owner.post(f"/tracker/logs/{log.id}/submit")
    with app.app_context():
        assert db.session.scalars(select(Notification)).all() == []
        assert db.session.scalar(select(ActivityLog.there_count).where(ActivityLog.week_number == 3)) == 0
        assert {row.state for row in db.session.scalars(select(Attendance))} == {AttendanceState.ABSENT}


def test_neither_the_audit_nor_a_notice_keeps_who_somebody_was(app, owner, make, offering, monkeypatch):
    monkeypatch.setitem(app.config, "PORTAL", app.config["PORTAL"].model_copy(update={"attendance_notices": True}))
    student = make.student(first_name="Ada", last_name="Byron")
    place = make.enrolment(offering, student).id
    for number in (1, 2, 3):
        log = make.log(offering, number)
        mark(owner, log, {place: "absent"})
        owner.post(f"/tracker/logs/{log.id}/submit")
    assert audited(app, log)[0][2]["attendance"] == [None, f"0 / 1; absent {place}"]
    with app.app_context():
        for params in db.session.scalars(select(Notification.params)):
            assert not {"Ada", "Byron", student.profile.student_number} & set(map(str, params.values()))
        topic = topic_of("attendance_low_of_student")
        told = dict(db.session.execute(select(Notification.kind, Notification.params)).all())
        own = topic.gather(0, [told["attendance_low"]], clock.now())
        assert (own.lines[0].detail, own.path) == ("there in 0 % of the weeks, the limit is 75 %", "/")
        content = topic.gather(0, [told["attendance_low_of_student"]], clock.now())
        for ending in ("txt", "html"):
            text = render_template(f"{topic.template}.{ending}", content=content, address="https://portal.example.org")
            assert "Ada Byron: there in 0 % of the weeks, the limit is 75 %" in text
        db.session.get(User, student.user_id).first_name = "Former"
        db.session.commit()
    assert "Former Byron: there in 0 %" in owner.get("/notifications/").text
