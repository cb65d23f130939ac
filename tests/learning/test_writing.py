"""Writing lessons by the pages: texts, order, publishing, versions, quick checks."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.extensions import db
from portal.learning.models import Lesson, LessonVersion
from portal.notifications.models import Notification

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.one_database]
TEXT = {"title": "First steps", "body": "Hello *world*", "publish": "draft", "version": "0"}


def path(course, end=""):
    return f"/courses/{course.id}/lessons/{end}"


def titles(client, course):
    return re.findall(r'<a class="to"[^>]*>([^<]+)', client.get(path(course)).text)


def stored(app, lesson_id=None):
    with app.app_context():
        wanted = select(Lesson).order_by(Lesson.id.desc())
        return db.session.scalars(wanted.where(Lesson.id == lesson_id) if lesson_id else wanted).first()


def test_a_lesson_is_written_shown_and_published(app, staff, course, reader, place):
    answer = staff.post(path(course, "new"), data=TEXT)
    assert answer.status_code == 303
    lesson = stored(app)
    assert answer.location == path(course, f"{lesson.id}/edit")
    assert lesson.html == "<p>Hello <em>world</em></p>\n"
    assert reader.get(path(course, str(lesson.id))).status_code == 404
    assert "as students do" in staff.get(answer.location).text
    staff.post(answer.location, data=TEXT | {"publish": "now", "version": "1"})
    assert "<em>world</em>" in reader.get(path(course, str(lesson.id))).text
    with app.app_context():
        told = db.session.scalars(select(Notification)).one()
        assert (told.kind, told.params["lesson"]) == ("lesson_published", "First steps")
    # Taken back and published again it is told once.
    for published in ("0", "1"):
        assert staff.post(path(course, f"{lesson.id}/publishing"), data={"published": published}).status_code == 303
    with app.app_context():
        assert db.session.query(Notification).count() == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"title": " "}, "Give the lesson a title."),
        ({"title": "x" * 201}, "At most 200 characters."),
        ({"body": "x" * 60_001}, "At most 60000 characters. Split it"),
        ({"publish": "at", "at": "tomorrow"}, "Choose a day and a time."),
        ({"publish": "never"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_typed_is_lost(app, staff, course, change, said):
    answer = staff.post(path(course, "new"), data=TEXT | {"body": "Kept 🙂 words"} | change)
    assert answer.status_code == 422
    assert said in answer.text
    assert change.get("body", "Kept 🙂 words")[:100] in answer.text
    assert stored(app) is None


def test_a_moment_to_come_is_by_the_readers_clock_and_told_when_it_comes(app, staff, course, place, frozen_time):
    staff.post(path(course, "new"), data=TEXT | {"publish": "at", "at": "2026-10-14T18:30"})
    lesson = stored(app)
    assert f"{lesson.published_at:%H:%M}" == "18:30"
    assert "From Wednesday 14 October 18:30" in staff.get(path(course)).text
    from portal.learning.services.announcing import announce_due

    with app.app_context():
        assert announce_due(clock.now()) == 0
        frozen_time.shift(timedelta(hours=8))
        assert announce_due(clock.now()) == 1
        db.session.commit()
        assert announce_due(clock.now()) == 0
        assert db.session.query(Notification).count() == 1


def test_two_people_at_one_lesson(app, staff, course, make):
    lesson = make.lesson(course, title="Ours")
    place = path(course, f"{lesson.id}/edit")
    assert staff.post(place, data=TEXT | {"title": "Theirs", "version": "1"}).status_code == 303
    answer = staff.post(place, data=TEXT | {"title": "Mine", "body": "my words", "version": "1"})
    assert answer.status_code == 409
    assert "Someone changed this lesson meanwhile" in answer.text
    assert "my words" in answer.text
    assert 'name="version" value="2"' in answer.text
    assert stored(app).title == "Theirs"


def test_versions_say_what_changed_and_bring_an_old_text_back(app, staff, course, make):
    lesson = make.lesson(course, title="Old", body="one\ntwo\nthree")
    place = path(course, f"{lesson.id}/edit")
    change = {"title": "Old", "body": "one\n2 <b>\nthree", "publish": "now", "note": "A number", "version": "1"}
    assert staff.post(place, data=change).status_code == 303
    assert "A number" in staff.get(path(course, f"{lesson.id}/versions")).text
    text = staff.get(path(course, f"{lesson.id}/versions/2")).text
    assert "<del>two</del>" in text
    assert "<ins>2 &lt;b&gt;</ins>" in text
    assert staff.get(path(course, f"{lesson.id}/versions/3")).status_code == 404
    assert staff.post(path(course, f"{lesson.id}/versions/1")).status_code == 303
    with app.app_context():
        assert db.session.get(Lesson, lesson.id).body == "one\ntwo\nthree"
        assert db.session.scalars(select(LessonVersion.number)).all() == [1, 2, 3]


def test_lessons_move_by_button_and_by_dragging_and_stop_at_the_ends(staff, course, make):
    first, second, third = (make.lesson(course, title=name) for name in "ABC")
    staff.post(path(course, f"{third.id}/move"), data={"to": "up"})
    assert titles(staff, course) == ["A", "C", "B"]
    answer = staff.post(path(course, f"{first.id}/move"), data={"to": "up"}, headers={"HX-Request": "true"})
    assert answer.text.startswith('<div id="lesson-rows"')
    staff.post(path(course, "order"), data={"order": f"{second.id},{first.id},999999,{second.id},x"})
    assert titles(staff, course) == ["B", "A", "C"]
    staff.post(path(course, "order"), data={"order": ""})
    assert sorted(titles(staff, course)) == ["A", "B", "C"]


def test_the_list_takes_as_many_statements_for_many_lessons(staff, course, make, count_sql):
    make.lesson(course)
    for _ in range(2):
        with count_sql() as sql:
            assert staff.get(path(course)).status_code == 200
        assert len(sql) == 4, sql.text
        for _more in range(11):
            make.lesson(course)


def test_a_preview_shows_what_would_be_and_writes_nothing(app, staff, course):
    answer = staff.post(path(course, "preview"), data={"body": "$x^2$ ![a](none.png) $\\frac{$"})
    assert "<msup>" in answer.text
    assert "No file of this lesson is called so: none.png." in answer.text
    assert "This formula cannot be read: \\frac{" in answer.text
    whole = staff.post(path(course, "new"), data=TEXT | {"do": "preview"})
    assert "<em>world</em>" in whole.text
    assert stored(app) is None


def test_lessons_of_the_same_module_are_copied(app, staff, course, make):
    old = make.offering(module_id=course.module_id, academic_year=2024)
    lessons = [make.lesson(old, title=name) for name in ("One", "Two")]
    assert "same module" in staff.get(path(course, "copy")).text
    assert "Two" in staff.get(path(course, f"copy?from={old.id}")).text
    answer = staff.post(path(course, "copy"), data={"from": old.id, "lesson": lessons[1].id}, follow_redirects=True)
    assert "1 lesson is copied, as a draft." in answer.text
    assert titles(staff, course) == ["Two"]
    alien = make.offering()
    make.lesson(alien)
    assert staff.post(path(course, "copy"), data={"from": alien.id, "lesson": "1"}).status_code == 400


def test_a_lesson_is_deleted(app, staff, course, make):
    lesson = make.lesson(course)
    assert staff.post(path(course, f"{lesson.id}/delete")).status_code == 303
    assert stored(app) is None
    assert staff.post(path(course, f"{lesson.id}/delete")).status_code == 404
