"""The reader: next and previous, done, quick checks, who sees what; and progress that stays true, as a property."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from portal import clock
from portal.audit.services import System
from portal.enrolments.models import EnrolmentStatus
from portal.extensions import db
from portal.learning import queries
from portal.learning.models import Lesson, LessonAnswers, LessonCompletion
from portal.learning.queries import Viewer
from portal.learning.queries.lessons import find_lesson
from portal.learning.services import lessons as writing
from portal.learning.services.completing import mark_done, mark_not_done
from portal.learning.services.lessons import LessonDraft

NUMBERS = [{"text": "2", "right": True}, {"text": "3", "right": False}, {"text": "4", "right": True}]
CHOICE = {"id": "c", "kind": "several", "prompt": "Which are even?", "explanation": "Halves.", "options": NUMBERS}
SHORT = {"id": "s", "kind": "text", "prompt": "7 / 2?", "explanation": "Three and a half.", "accepted": ["3.5"]}
one_database = pytest.mark.one_database


def at(lesson, end=""):
    return f"/courses/{lesson.offering_id}/lessons/{lesson.id}{end}"


@one_database
def test_a_student_reads_goes_on_and_is_done(app, reader, course, make, count_sql):
    first, second = make.lesson(course, title="One"), make.lesson(course, title="Two")
    make.lesson(course, title="Hidden", published_at=None)
    make.file(first, "sheet.pdf")
    for lesson, more in ((first, 0), (second, 12)):
        with count_sql() as sql:
            text = reader.get(at(lesson)).text
        assert len(sql) == 5, sql.text
        assert "Hidden" not in text
        for _ in range(more):
            make.lesson(course, title="Hidden", published_at=None)
    assert 'rel="next"' in reader.get(at(first)).text
    answer = reader.post(at(first, "/done"), data={"done": "1"})
    assert answer.location == at(second)
    assert "50 %" in reader.get(at(second)).text.replace("\u202f", " ")
    reader.post(at(first, "/done"), data={"done": "1"})
    answer = reader.post(at(second, "/done"), data={"done": "1"}, follow_redirects=True)
    assert "That was the last one: all is done." in answer.text
    reader.post(at(second, "/done"), data={"done": "0"})
    with app.app_context():
        assert [one.lesson_id for one in db.session.scalars(select(LessonCompletion))] == [first.id]


@one_database
def test_only_who_has_a_place_reads(client, course, make, sign_in):
    lesson = make.lesson(course)
    for status, expected in (("waitlisted", 404), ("withdrawn", 404), ("completed", 200), ("active", 200)):
        student = make.student()
        make.enrolment(course, student, status=EnrolmentStatus(status))
        sign_in(client, student)
        assert client.get(at(lesson)).status_code == expected
        assert client.get(at(lesson, "/edit")).status_code == 403
    sign_in(client, make.manager())
    assert "Edit" in client.get(at(lesson)).text
    assert client.post(at(lesson, "/done"), data={"done": "1"}).status_code == 404


@one_database
def test_a_quick_check_is_answered_at_once_and_counts_if_the_author_says_so(app, reader, course, make):
    lesson = make.lesson(course, questions=[CHOICE, SHORT], check_counts=True)
    refused = reader.post(at(lesson, "/done"), data={"done": "1"})
    assert refused.status_code == 422
    assert "Halves." not in reader.get(at(lesson)).text
    wrong = reader.post(at(lesson, "/check/c"), data={"answer": ["0"]}, headers={"HX-Request": "true"})
    assert "Not right yet" in wrong.text
    assert "Halves." in wrong.text
    assert reader.post(at(lesson, "/check/c"), data={}).status_code == 422
    assert reader.post(at(lesson, "/check/c"), data={"answer": ["7"]}).status_code == 422
    assert reader.post(at(lesson, "/check/gone"), data={"answer": "1"}).status_code == 404
    assert reader.post(at(lesson, "/check/c"), data={"answer": ["0", "2"]}).status_code == 303
    with app.app_context():
        assert db.session.query(LessonCompletion).count() == 0
    reader.post(at(lesson, "/check/s"), data={"answer": " 3,50 "})
    assert "You have done this lesson." in reader.get(at(lesson)).text
    with app.app_context():
        row = db.session.scalars(select(LessonAnswers)).one()
        assert (row.answers["c"]["tries"], row.answers["s"]["given"]) == (2, [" 3,50 "])


@one_database
def test_questions_are_written_changed_and_removed(app, staff, course, make):
    lesson = make.lesson(course)
    place = at(lesson, "/questions")
    sent = {"prompt": "Even?", "answered_by": "choice", "option-0": "2", "option-1": "3"}
    refused = staff.post(place, data=sent)
    assert "Say which choice is right." in refused.text
    assert 'value="3"' in refused.text
    assert staff.post(place, data=sent | {"right": "0"}).status_code == 303
    with app.app_context():
        [question] = db.session.get(Lesson, lesson.id).questions
    assert question["kind"] == "one"
    text = {"question": question["id"], "prompt": "Pi?", "answered_by": "text", "accepted": "3.14\n3,1416"}
    assert staff.post(place, data=text).status_code == 303
    assert "Pi?" in staff.get(place).text
    staff.post(place + "/counts", data={"counts": "1"})
    assert "done once all are answered right" in staff.get(place).text
    staff.post(place + "/remove", data={"question": question["id"]})
    assert "Pi?" not in staff.get(place).text


@one_database
def test_the_progress_of_students_by_page(staff, reader, course, make, count_sql):
    lesson = make.lesson(course, published_at=clock.now() - timedelta(days=20))
    for _ in range(2):
        with count_sql() as sql:
            text = staff.get(f"/courses/{course.id}/lessons/progress").text
        assert len(sql) == 5, sql.text
        for _more in range(11):
            make.enrolment(course, make.student())
    assert "Under way" in text
    reader.post(at(lesson, "/done"), data={"done": "1"})
    assert "All done" in staff.get(f"/courses/{course.id}/lessons/progress").text


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["add", "delete", "publish", "hide", "schedule", "move", "finish", "finish", "undo"]),
        st.integers(0, 9),
    ),
    max_size=25,
)


@pytest.mark.in_turn
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=DEEDS)
def test_whatever_happens_to_lessons_progress_stays_true(app, make, deeds):
    """Lessons are added, deleted, taken back, scheduled and moved while a student finishes them."""
    teacher, student = make.facilitator(), make.student()
    course = make.offering(teacher)
    place = make.enrolment(course, student)
    done: set[int] = set()
    with app.app_context():
        for deed, number in deeds:
            _do(deed, number, course, student, place, done)
            db.session.commit()
            now = clock.now()
            published = [one.id for one in queries.list_for_staff(course.id, now) if one.standing == "published"]
            found = queries.progress_of([place.id], now)[place.id]
            assert (found.done, found.total) == (len(done & set(published)), len(published))
            assert found.percent is None or 0 <= found.percent <= 100
            assert (found.percent == 100) == (bool(published) and set(published) <= done)
            assert found.next_id == next((one for one in published if one not in done), None)
            [table] = queries.progress_of_students(course.id, now)
            assert (table.progress.done, table.progress.total) == (found.done, found.total)


def _do(deed, number, course, student, place, done):
    ids = [one.id for one in queries.list_for_staff(course.id, clock.now())]
    if deed == "add" or not ids:
        writing.create_lesson(
            course.id, LessonDraft(f"Lesson {number}", "", clock.now() if number % 2 else None), System()
        )
        return
    chosen = ids[number % len(ids)]
    if deed == "delete":
        writing.delete_lesson(writing.locked_lesson(chosen), System())
        done.discard(chosen)
    elif deed == "move":
        writing.put_in_order(course.id, [chosen], System())
    elif deed in {"finish", "undo"}:
        lesson = find_lesson(chosen, Viewer(student.user_id), clock.now(), place.id)
        if lesson and deed == "finish":
            assert mark_done(lesson, place.id) is (chosen not in done)
            done.add(chosen)
        elif lesson:
            mark_not_done(chosen, place.id)
            done.discard(chosen)
    else:
        moment = {"publish": clock.now(), "hide": None, "schedule": clock.now() + timedelta(days=1)}[deed]
        lesson = writing.locked_lesson(chosen)
        writing.change_lesson(lesson, LessonDraft(lesson.title, lesson.body, moment), None, System())
