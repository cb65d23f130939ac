"""What comes of reflections: nothing before the window has closed, nothing from too few, and the same on every way."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.accounts.services.deletion import anonymise
from portal.extensions import db
from portal.notifications.models import Notification
from portal.reflections.models import FormMode, ReflectionDraft, ReflectionResponse, ReflectionRound, ReflectionTally
from portal.reflections.services.releasing import list_due, release
from portal.reflections.services.rounds import open_rounds
from portal.reflections.services.telling import tell_all
from portal.reflections.words_of_texts import count_words
from tests.support.reflecting import respond

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]
AFTER = date(2026, 10, 23)


@pytest.fixture
def answered(app, make):
    """Makes a round whose students answered, each with language, number and text; gives round and teacher."""

    def do(*said, released=True, **form):
        teacher = make.facilitator()
        offering = make.offering(teacher, title="Local Food Systems")
        found = make.round(offering, make.reflection_form(**form))
        for language, number, text in said:
            student = make.student()
            make.enrolment(offering, student)
            with app.app_context():
                secret = app.config["SECRET_KEY"]
                respond(secret, found.id, student, {"overall": number, "helps": text}, language)
        if released:
            with app.app_context():
                release(found.id, AFTER)
                db.session.commit()
        return found, teacher

    return do


FIVE = [("en", str(number), f"The farm visit, number {number}") for number in (3, 4, 4, 5, 5)]


def results(client, found, query=""):
    return client.get(f"/reflections/{found.id}/results{query}")


def test_nothing_is_shown_before_it_has_closed(client, sign_in, answered):
    found, teacher = answered(*FIVE, released=False)
    sign_in(client, teacher)
    page = results(client, found).text
    assert "5 of 5 took part" in page
    assert "farm" not in page
    assert client.get(f"/reflections/{found.id}/export.csv").status_code == 404


def test_results_come_out_at_once_a_day_after_the_last(app, answered):
    found, _teacher = answered(*FIVE, released=False)
    with app.app_context():
        last = db.session.get_one(ReflectionRound, found.id).closes_on
        assert list_due(last + timedelta(days=1)) == []
        assert list_due(last + timedelta(days=2)) == [found.id]
        assert release(found.id, AFTER).shown == 5
        assert release(found.id, AFTER) is None


def test_the_page_shows_numbers_words_and_texts(client, sign_in, answered):
    found, teacher = answered(*FIVE)
    sign_in(client, teacher)
    page = results(client, found).text
    assert "average 4.2" in page
    assert "farm visit" in page
    assert page.count("<li dir=") == 5
    assert results(client, found, "?q=number+3").text.count("<li dir=") == 1


@pytest.mark.every_database
def test_too_few_are_never_shown_and_are_deleted(app, client, sign_in, answered):
    found, teacher = answered(*FIVE[:4])
    sign_in(client, teacher)
    assert "Too few took part" in results(client, found).text
    with app.app_context():
        assert db.session.scalars(select(ReflectionResponse)).all() == []


@pytest.mark.parametrize(("french", "shown"), [(0, ["", "en"]), (4, [""]), (5, ["", "en", "fr"])])
def test_a_language_is_a_filter_only_where_both_it_and_the_rest_are_enough(app, answered, french, shown):
    said = [*FIVE, *[("fr", "2", "La visite de la ferme")] * french]
    found, _teacher = answered(*said)
    with app.app_context():
        languages = db.session.scalars(
            select(ReflectionTally.language).where(ReflectionTally.round_id == found.id).distinct()
        )
        assert sorted(languages) == ([""] if french == 0 else shown)


def test_names_stand_beside_answers_only_where_the_form_says_so(client, sign_in, answered):
    for mode, named in ((FormMode.NAMED, True), (FormMode.CONFIDENTIAL, False), (FormMode.ANONYMOUS, False)):
        found, teacher = answered(*FIVE, mode=mode)
        sign_in(client, teacher)
        assert ("— Student" in results(client, found).text) is named


def test_who_teaches_another_course_finds_nothing(client, make, sign_in, answered):
    found, _teacher = answered(*FIVE)
    sign_in(client, make.facilitator())
    assert results(client, found).status_code == 404
    assert client.get(f"/reflections/{found.id}/export.xlsx").status_code == 404
    sign_in(client, make.manager())
    assert results(client, found).status_code == 200


def test_the_file_has_no_formula(client, sign_in, answered):
    found, teacher = answered(*FIVE[:4], ("en", "1", "=cmd|'/c calc'!A1"))
    sign_in(client, teacher)
    answer = client.get(f"/reflections/{found.id}/export.csv")
    assert "'=cmd" in answer.text
    assert client.get(f"/reflections/{found.id}/export.xlsx").status_code == 200


def test_the_answer_of_the_facilitator_reaches_the_class(app, client, make, sign_in, answered):
    found, teacher = answered(*FIVE)
    sign_in(client, teacher)
    form = {"reply": "More visits from now on", "version": "1"}
    assert client.post(f"/reflections/{found.id}/reply", data=form).status_code == 303
    assert client.post(f"/reflections/{found.id}/reply", data=form | {"reply": "Other"}).status_code == 409
    for odd in ("9" * 20, "9" * 5000, "٣", "-1", ""):
        sent = {"reply": "Other", "version": odd}
        assert client.post(f"/reflections/{found.id}/reply", data=sent).status_code == 409, odd[:20]
    with app.app_context():
        offering = db.session.get_one(ReflectionRound, found.id).offering_id
    student = make.student()
    from portal.allocations.models import CourseOffering

    with app.app_context():
        make.enrolment(db.session.get_one(CourseOffering, offering), student)
        db.session.get_one(ReflectionRound, found.id).closes_on = date(2026, 10, 1)
        db.session.commit()
    sign_in(client, student)
    assert "More visits from now on" in client.get(f"/reflections/{found.id}").text


@pytest.mark.parametrize("students", [5, 12])
def test_results_take_the_same_statements_at_any_length(client, sign_in, answered, count_sql, students):
    found, teacher = answered(*(FIVE * 3)[:students])
    sign_in(client, teacher)
    with count_sql() as sql:
        assert results(client, found).status_code == 200
    assert len(sql) == 6, sql.text


def test_the_list_takes_one_statement_and_shows_the_latest_first(client, make, sign_in, count_sql, app):
    teacher = make.facilitator()
    offerings = [make.offering(teacher, title=f"Course {number}") for number in range(12)]
    for number, offering in enumerate(offerings):
        make.round(offering, closes_on=date(2026, 10, 15) + timedelta(days=number))
    make.round(make.offering(make.facilitator(), title="Of another"))
    sign_in(client, teacher)
    with count_sql() as sql:
        page = client.get("/reflections/").text
    assert sum("reflection_rounds" in one for one in sql.statements) == 1, sql.text
    assert page.count('<th scope="row">') == 12
    assert page.index("Course 11") < page.index("Course 0")
    assert "Of another" not in page
    one = client.get(f"/reflections/?course={offerings[3].id}").text
    assert one.count('<th scope="row">') == 1
    assert 'aria-current="page">Reflections' in one
    assert client.get("/reflections/?course=999999").status_code == 404
    sign_in(client, make.facilitator())
    assert client.get(f"/reflections/?course={offerings[3].id}").status_code == 404


def test_courses_are_asked_when_their_days_have_come(app, make):
    near = make.offering(make.facilitator(), weeks=4, weeks_ago=2)
    make.offering(make.facilitator(), weeks=12, weeks_ago=1)
    with app.app_context():
        assert open_rounds(date(2026, 10, 14)) == 1
        assert open_rounds(date(2026, 10, 14)) == 0
        found = db.session.scalars(select(ReflectionRound)).one()
    assert (found.offering_id, found.closes_on) == (near.id, near.end_date + timedelta(days=7))


def test_those_who_took_part_are_not_reminded(app, make, course):
    with app.app_context():
        respond(app.config["SECRET_KEY"], course.round.id, course.student, {"question1": "Well"})
        tell_all(date(2026, 10, 14))
        db.session.commit()
        assert tell_all(date(2026, 10, 14)) == 0
        told = db.session.scalars(select(Notification.recipient_id)).all()
        assert told == [course.students[1].user_id]
        assert tell_all(date(2026, 10, 20)) == 1


def test_whoever_leaves_takes_their_drafts_and_their_name_along(app, writing, course, make):
    from tests.reflections.support import keep

    keep(writing, course.round, question1="Mine")
    document = writing.get("/profile/data.json").json
    assert document["reflection_drafts"][0]["answers"] == {"question1": "Mine"}
    with app.app_context():
        anonymise(course.student.user_id, make_system())
        db.session.commit()
        assert db.session.scalars(select(ReflectionDraft)).all() == []


def make_system():
    from portal.audit.services import System

    return System()


def test_words_are_counted_by_answer_without_small_ones():
    words, phrases = count_words([("en", "The farm visit and the farm"), ("en", "A farm visit!"), ("fr", "la ferme")])
    assert words == [["farm", 2], ["visit", 2]]
    assert phrases == [["farm visit", 2]]
