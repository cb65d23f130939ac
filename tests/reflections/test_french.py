"""A reader of French finds no English word and no foreign typography on any page, in any file or mail of reflections.

An English word is one that stands in the sentences of the code and in none of their translations.
"""

import re
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask_babel import force_locale
from sqlalchemy import update

from portal.accounts.models import User
from portal.extensions import db
from portal.notifications.delivering import deliver_pending
from portal.notifications.models import Delivery
from portal.reflections.models import FormMode, ReflectionRound
from portal.reflections.services.releasing import release
from portal.reflections.services.telling import tell_all
from portal.reflections.site_words import words_of_site
from tests.support.mail import parts
from tests.support.reflecting import respond

pytestmark = [pytest.mark.one_database, pytest.mark.usefixtures("frozen_time")]
CATALOGUE = Path(__file__).parents[2] / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
WORD = re.compile(r"[^\W\d_]{3,}")
# What French typography has no such space, apostrophe or quotation mark for.
FOREIGN = re.compile(r"[^\W\d_] [;:!?»]|« |[^\W\d_]'[^\W\d_]|[“”]|[^\W\d_][;!?](?=\s|$)|[^\W\d_]:(?=\s|$)")
TODAY = date(2026, 10, 14)


class _Visible(HTMLParser):
    """The texts of a page that somebody sees or hears, except those that say that they are English."""

    SAID = ("aria-label", "placeholder", "title", "alt")
    EMPTY = frozenset({"input", "meta", "link", "img", "br", "hr", "use", "rect", "path"})

    def __init__(self):
        super().__init__()
        self.texts, self.hidden = [], []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        is_hidden = tag in {"script", "style", "code", "svg"} or given.get("lang") == "en" or bool(self.hidden)
        if not is_hidden:
            self.texts += [given[name] for name in self.SAID if given.get(name)]
        if tag not in self.EMPTY and (is_hidden or self.hidden):
            self.hidden.append(tag)

    def handle_endtag(self, tag):
        if self.hidden and self.hidden[-1] == tag:
            self.hidden.pop()

    def handle_data(self, data):
        if not self.hidden and data.strip():
            self.texts.append(data.strip())


@pytest.fixture(scope="module")
def english():
    """The words that only English has."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="fr")

    def words(texts):
        plain = (re.sub(r"%\(\w+\)[sd]|https?://\S+|\S+@\S+", " ", text) for text in texts)
        return {word.lower() for text in plain for word in WORD.findall(text)}

    both = [(one.id, one.string) for one in catalogue if one.id]
    source, target = ([two[side] for two in both] for side in (0, 1))
    flat = [[text for one in texts for text in ([one] if isinstance(one, str) else one)] for texts in (source, target)]
    found = words(flat[0]) - words(flat[1])
    assert {"the", "your", "write", "receipt"} <= found
    return found


def faults(texts, english):
    texts = [re.sub(r"https?://\S+|\S+@\S+|Class \w+", "", text) for text in texts]
    words = {word for text in texts for word in WORD.findall(text) if word.lower() in english}
    return words | {text for text in texts if FOREIGN.search(text)}


def seen(page):
    parser = _Visible()
    parser.feed(page)
    return parser.texts


@pytest.fixture
def scene(app, make, monkeypatch):
    """A course with an open reflection, one whose results are out and answered, and one that too few answered."""
    monkeypatch.setitem(app.config, "PORTAL", app.config["PORTAL"].model_copy(update={"portal_name": "Portail"}))
    teacher = make.facilitator(first_name="Aline", last_name="Uwase")
    students = [make.student(first_name="Claudine", last_name="Mugisha") for _ in range(6)]
    courses = [make.offering(teacher, title=f"Systèmes alimentaires {number}") for number in "12345"]
    for offering in courses[:4]:
        for student in students[: 4 if offering is courses[2] else 6]:
            make.enrolment(offering, student)
    forms = [make.reflection_form(title_en="Bilan", title_fr="Bilan", mode=mode) for mode in FormMode]
    past = {"opens_on": TODAY - timedelta(days=20), "closes_on": TODAY - timedelta(days=10)}
    rounds = [
        make.round(courses[0]), make.round(courses[1], forms[0], **past), make.round(courses[2], forms[1], **past),
        make.round(courses[3], forms[2]), make.round(courses[4], forms[1]),
    ]  # fmt: skip
    make.enrolment(courses[4], students[0])
    with app.app_context():
        for number, student in enumerate(students[:5]):
            said = {"overall": str(number + 1), "helps": "La visite de la ferme"}
            respond(app.config["SECRET_KEY"], rounds[1].id, student, said, "fr", past["closes_on"])
        release(rounds[1].id, TODAY)
        release(rounds[2].id, TODAY)
        row = db.session.get_one(ReflectionRound, rounds[1].id)
        row.reply = "Davantage de visites"
        db.session.execute(update(User).values(locale="fr"))
        db.session.commit()
    return rounds, forms, teacher, students, courses


def test_no_page_has_an_english_word(client, make, sign_in, scene, english):
    rounds, forms, teacher, students, courses = scene
    admin = make.admin(first_name="Aline", last_name="Uwase", locale="fr")
    one = [f"/reflections/{found.id}" for found in rounds]
    for person, addresses in (
        (students[0], ["/reflections/", *one]),
        (teacher, ["/reflections/", f"/reflections/?course={courses[0].id}", *(f"{each}/results" for each in one)]),
        (teacher, [f"{one[1]}/results?q=zzz", f"/reflections/?course={courses[4].id}"]),
        (
            admin,
            ["/reflections/forms/", f"/reflections/forms/{forms[0].id}", f"/reflections/forms/{forms[0].id}/preview"],
        ),
    ):
        sign_in(client, person)
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code == 200, address
            assert '<html lang="fr">' in answer.text
            # Kept in English by whoever made the form, and shown in its own field.
            text = re.sub(r'<input[^>]*lang="en"[^>]*>', "", answer.text)
            assert faults(seen(text), english) == set(), address


def test_no_refusal_has_an_english_word(client, make, sign_in, scene, english):
    rounds, forms, teacher, students, _courses = scene
    sign_in(client, students[0])
    sent = {"version": "0", "act": "send", "number": "n"}
    for form in (sent, sent | {"answer-question1": "x" * 1001}):
        page = client.post(f"/reflections/{rounds[0].id}", data=form)
        assert page.status_code == 422
        assert faults(seen(page.text), english) == set()
    for body in ({}, {"answers": {"a": 1}}, {"answers": {"k" * 41: "x"}}):
        told = client.post(f"/reflections/{rounds[0].id}/draft", json=body).json
        assert faults([told["error"]], english) == set()
    sign_in(client, teacher)
    page = client.post(f"/reflections/{rounds[1].id}/reply", data={"reply": "Autre", "version": "9"})
    assert (page.status_code, faults(seen(page.text), english)) == (409, set())
    sign_in(client, make.admin(first_name="Aline", last_name="Uwase", locale="fr"))
    wrong = {"title_en": "Bilan", "mode": "anonymous", "anchor": "end", "min_responses": "5", "version": "1"}
    for days in (("3", "1"), ("a", "1")):
        form = wrong | {"opens_days": days[0], "closes_days": days[1]}
        page = client.post(f"/reflections/forms/{forms[0].id}", data=form)
        assert (page.status_code, faults(seen(page.text), english)) == (422, set())


def test_no_file_and_no_page_of_the_static_host_has_an_english_word(app, client, sign_in, scene, english):
    rounds, _forms, teacher, _students, _courses = scene
    sign_in(client, teacher)
    text = client.get(f"/reflections/{rounds[1].id}/export.csv").text
    assert faults([text], english) == set()
    with app.app_context(), force_locale("fr"):
        plain = [re.sub(r"\{\w+\}", "1", said) for said in words_of_site().values()]
    assert faults(plain, english) == set()


def test_no_mail_has_an_english_word(app, scene, english, mail_files):
    with app.app_context():
        tell_all(TODAY)
        db.session.commit()
        settings = app.config["PORTAL"].model_copy(update={"portal_quiet_hours": ""})
        deliver_pending(settings)
        assert db.session.query(Delivery).count() > 0
    sent = mail_files(app)
    assert {message["Subject"] for message in sent} >= {"3 réflexions sont ouvertes"}
    assert any("parus" in message["Subject"] for message in sent)
    for message in sent:
        plain, html = parts(message)
        said = re.sub(r"https?://\S+|\S+@\S+", "", plain)
        assert faults([message["Subject"], *said.splitlines(), *seen(html)], english) == set()
