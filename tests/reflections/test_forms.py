"""Forms as administrators keep them: both languages, versions, what stands once somebody has answered, and windows."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from portal.audit.services import System
from portal.errors import Conflict, DomainError
from portal.extensions import db
from portal.reflections.models import Anchor, FormMode, FormState, QuestionKind, ReflectionForm, ReflectionRound
from portal.reflections.queries.questions import list_questions
from portal.reflections.services.keeping import (
    MOST_QUESTIONS,
    FormDraft,
    QuestionDraft,
    begin_version,
    create_form,
    publish_form,
    retire_form,
    save_form,
)
from portal.reflections.services.rounds import open_rounds, window_of
from tests.support.reflecting import respond

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]
TODAY = date(2026, 10, 14)
WANTED = FormDraft("Half-way", "À mi-chemin", FormMode.ANONYMOUS, 5, Anchor.MIDDLE, -3, 7)
TEXT = QuestionDraft(
    "", QuestionKind.TEXT, "What helps?", "Qu’est-ce qui aide\u202f?", "", "", "", "", "", "", False, 1000
)
SCALE = replace(
    TEXT, kind=QuestionKind.SCALE, prompt_en="How well?", prompt_fr="À quel point\u202f?", low_en="Not at all",
    low_fr="Pas du tout", high_en="Very", high_fr="Tout à fait",
)  # fmt: skip


@pytest.fixture
def within(app):
    """An application context for the whole test."""
    with app.app_context():
        yield


def draft(*questions, **changes):
    """A form with these questions, not published; its id."""
    form_id = create_form("Half-way", "", System())
    save_form(form_id, replace(WANTED, **changes), questions or (TEXT, SCALE), 1, System())
    return form_id


def published(*questions, **changes):
    form_id = draft(*questions, **changes)
    publish_form(form_id, System())
    db.session.commit()
    return form_id


def state_of(form_id):
    return db.session.scalar(select(ReflectionForm.state).where(ReflectionForm.id == form_id))


def save(form_id, wanted=WANTED, questions=(TEXT, SCALE)):
    version = db.session.scalar(select(ReflectionForm.version).where(ReflectionForm.id == form_id))
    save_form(form_id, wanted, questions, version, System())


@pytest.mark.usefixtures("within")
@pytest.mark.parametrize(
    ("changes", "question"),
    [
        ({"title_fr": ""}, TEXT),
        ({}, replace(TEXT, prompt_fr="")),
        ({}, replace(TEXT, prompt_en="")),
        ({}, replace(TEXT, hint_en="For example")),
        ({}, replace(SCALE, high_fr="")),
    ],
    ids=["title", "question in French", "question in English", "hint", "end of a scale"],
)
def test_it_is_published_only_with_every_text_in_both_languages(changes, question):
    form_id = draft(SCALE, question, **changes)
    with pytest.raises(DomainError, match=r"[Bb]oth languages"):
        publish_form(form_id, System())
    assert state_of(form_id) is FormState.DRAFT


@pytest.mark.usefixtures("within")
def test_a_form_without_questions_or_published_already_is_not_published():
    empty = create_form("Half-way", "À mi-chemin", System())
    with pytest.raises(DomainError, match="needs a question"):
        publish_form(empty, System())
    form_id = published()
    with pytest.raises(Conflict, match="Only a draft"):
        publish_form(form_id, System())


@pytest.mark.usefixtures("within")
def test_the_order_is_kept_and_the_questions_of_a_published_form_stay():
    form_id = draft(SCALE, TEXT)
    first = list_questions(form_id)
    assert [one.prompt_en for one in first] == ["How well?", "What helps?"]
    save(form_id, questions=(replace(TEXT, key=first[1].key), replace(SCALE, key=first[0].key)))
    assert [one.key for one in list_questions(form_id)] == [first[1].key, first[0].key]
    publish_form(form_id, System())
    save(form_id, questions=(SCALE,))
    assert len(list_questions(form_id)) == 2
    with pytest.raises(DomainError, match=f"At most {MOST_QUESTIONS}"):
        draft(*(TEXT,) * (MOST_QUESTIONS + 1))


def test_answers_stay_with_the_version_that_they_were_given_to(app, make, within):
    first = published()
    offering = make.offering(make.facilitator())
    student = make.student()
    make.enrolment(offering, student)
    form = db.session.get_one(ReflectionForm, first)
    asked = make.round(offering, form)
    key = list_questions(first)[0].key
    respond(app.config["SECRET_KEY"], asked.id, student, {key: "Of the first version"})
    second = begin_version(first, System())
    assert [one.key for one in list_questions(second)] == [one.key for one in list_questions(first)]
    save(second, questions=(replace(TEXT, key=key, prompt_en="What helps you now?"),))
    publish_form(second, System())
    db.session.commit()
    assert (state_of(first), state_of(second)) == (FormState.REPLACED, FormState.PUBLISHED)
    # The course goes on with the version that it was asked by, and is not asked again by the next.
    assert db.session.scalar(select(ReflectionRound.form_id).where(ReflectionRound.id == asked.id)) == first
    assert [one.prompt_en for one in list_questions(first)] == ["What helps?", "How well?"]
    open_rounds(TODAY)
    rounds = select(func.count()).where(
        ReflectionRound.offering_id == offering.id, ReflectionRound.series_id == form.series_id
    )
    assert db.session.scalar(rounds) == 1


def test_the_mode_is_fixed_from_the_first_response_on(app, make, within):
    form_id = published()
    save(form_id, replace(WANTED, mode=FormMode.NAMED))
    save(form_id, replace(WANTED, mode=FormMode.ANONYMOUS, min_responses=8))
    offering, student = make.offering(make.facilitator()), make.student()
    make.enrolment(offering, student)
    asked = make.round(offering, db.session.get_one(ReflectionForm, form_id))
    save(form_id, replace(WANTED, min_responses=7))
    respond(app.config["SECRET_KEY"], asked.id, student, {list_questions(form_id)[0].key: "Trusting"})
    for mode in (FormMode.NAMED, FormMode.CONFIDENTIAL):
        with pytest.raises(Conflict, match="mode stays"):
            save(form_id, replace(WANTED, mode=mode, min_responses=7))
    with pytest.raises(Conflict, match="only be raised"):
        save(form_id, replace(WANTED, min_responses=6))
    save(form_id, replace(WANTED, min_responses=9))


@pytest.mark.usefixtures("within")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title_en": ""}, "title_en"),
        ({"min_responses": 4}, "min_responses"),
        ({"opens_days": 3, "closes_days": 2}, "closes_days"),
        ({"opens_days": -121}, "closes_days"),
        ({"closes_days": 121}, "closes_days"),
    ],
)
def test_a_setting_that_breaks_a_rule_is_named(changes, field):
    form_id = create_form("Half-way", "À mi-chemin", System())
    with pytest.raises(DomainError) as caught:
        save(form_id, replace(WANTED, **changes))
    assert caught.value.field == field


@pytest.mark.usefixtures("within")
@pytest.mark.every_database
def test_of_two_who_change_a_form_the_second_is_told():
    form_id = draft()
    with pytest.raises(Conflict, match="meanwhile"):
        save_form(form_id, WANTED, (TEXT,), 1, System())


@pytest.mark.parametrize(
    ("anchor", "opens", "closes", "window"),
    [
        (Anchor.END, -14, 7, (date(2026, 12, 4), date(2026, 12, 25))),
        (Anchor.END, 0, 0, (date(2026, 12, 18), date(2026, 12, 18))),
        (Anchor.MIDDLE, -3, 7, (date(2026, 10, 28), date(2026, 11, 7))),
    ],
)
def test_a_window_counts_from_the_end_or_the_middle_of_the_course(anchor, opens, closes, window):
    form = ReflectionForm(title_en="A", anchor=anchor, opens_days=opens, closes_days=closes)
    assert window_of(form, date(2026, 9, 14), date(2026, 12, 18)) == window


def test_a_form_for_the_middle_asks_the_courses_that_are_half_way_in_both_days_included(make, within):
    form_id = published()
    half_way = make.offering(make.facilitator(), weeks=8, weeks_ago=4)
    make.offering(make.facilitator(), weeks=30, weeks_ago=1)
    middle = half_way.start_date + (half_way.end_date - half_way.start_date) // 2

    def asked(today):
        open_rounds(today)
        return list(db.session.scalars(select(ReflectionRound.offering_id).where(ReflectionRound.form_id == form_id)))

    assert asked(middle - timedelta(days=4)) == []
    assert asked(middle - timedelta(days=3)) == [half_way.id]
    found = db.session.scalars(select(ReflectionRound).where(ReflectionRound.form_id == form_id)).one()
    assert (found.opens_on, found.closes_on) == (middle - timedelta(days=3), middle + timedelta(days=7))


def test_who_moves_the_window_moves_what_is_open_but_nothing_closes_before_today(make, within):
    form_id = published(anchor=Anchor.END, opens_days=-14, closes_days=7)
    offering = make.offering(make.facilitator(), weeks=4, weeks_ago=3)
    open_rounds(TODAY)
    wanted = replace(WANTED, anchor=Anchor.END, opens_days=-14, closes_days=20)
    save(form_id, wanted)
    found = select(ReflectionRound.closes_on).where(ReflectionRound.form_id == form_id)
    assert db.session.scalar(found) == offering.end_date + timedelta(days=20)
    save(form_id, replace(wanted, opens_days=-60, closes_days=-50))
    assert db.session.scalar(found) == TODAY


def test_a_form_that_is_retired_asks_no_further_course(make, within):
    form_id = published(anchor=Anchor.END, opens_days=-14, closes_days=7)
    retire_form(form_id, System())
    make.offering(make.facilitator(), weeks=4, weeks_ago=3)
    open_rounds(TODAY)
    assert db.session.scalar(select(func.count()).where(ReflectionRound.form_id == form_id)) == 0


def test_who_is_refused_sees_the_questions_of_a_published_form(app, client, make, sign_in):
    with app.app_context():
        form_id = published()
    sign_in(client, make.admin())
    sent = {"title_en": "Mine", "mode": "anonymous", "anchor": "middle", "min_responses": "5", "opens_days": "-3",
            "closes_days": "7", "version": "1"}  # fmt: skip
    page = client.post(f"/reflections/forms/{form_id}", data=sent)
    assert page.status_code == 409
    assert 'value="Mine"' in page.text
    assert 'value="What helps?"' in page.text
    assert "See it as it is now" in page.text
