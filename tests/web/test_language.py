"""English and French: chosen by a click, else by the account, else by the browser."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from portal.accounts.models import User
from portal.audit.models import AuditEvent
from portal.extensions import db

pytestmark = pytest.mark.in_turn


def language_of(client, address="/login", accept=None) -> str:
    page = client.get(address, headers={"Accept-Language": accept} if accept else {})
    return page.text.partition('<html lang="')[2][:2]


@pytest.mark.parametrize(
    ("accept", "shown"),
    [
        *((None, "en"), ("fr", "fr"), ("fr-CA,fr;q=0.9", "fr"), ("de,fr;q=0.5", "fr")),
        *(("ja", "en"), ("*", "en"), ("x;q=y", "en")),
    ],
)
def test_a_stranger_reads_the_browsers_language(client, accept, shown):
    assert language_of(client, accept=accept) == shown


def test_an_account_has_its_language(client, make, sign_in):
    sign_in(client, make.student(locale="fr"))
    assert language_of(client, "/courses/", accept="en") == "fr"


def test_a_click_wins_and_lasts(client, make, sign_in):
    client.get("/lang/fr")
    assert language_of(client, accept="en") == "fr"
    client.get("/lang/en")
    assert language_of(client, accept="fr") == "en"


@pytest.mark.parametrize("page", ["/login", "/courses/?page=2&q=a%20b", "/allocations/?mode=Online&trimester=3"])
def test_switching_keeps_the_page_and_its_question(client, page):
    answer = client.get("/lang/fr", query_string={"next": page})
    assert answer.status_code == 303
    assert answer.headers["Location"] == page


def test_the_page_links_to_itself_in_the_other_language(client):
    page = client.get("/login?next=/courses/?a%3D1").text
    link = html.unescape(re.search(r'href="(/lang/fr[^"]*)"', page)[1])
    back = client.get(link).headers["Location"]
    assert parse_qs(urlsplit(back).query) == {"next": ["/courses/?a=1"]}


def test_by_form_it_is_kept_for_pages_and_mails(app, client, make, sign_in):
    student = make.student()
    sign_in(client, student)
    answer = client.post("/lang/fr", data={"next": "/courses/"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/courses/")
    assert language_of(client, "/courses/") == "fr"
    with app.app_context():
        assert db.session.scalar(select(User.locale).where(User.id == student.user_id)) == "fr"
        assert db.session.scalar(select(AuditEvent.changes)) == {"locale": ["en", "fr"]}


def test_the_same_language_again_changes_nothing(app, client, make, sign_in):
    sign_in(client, make.student(locale="fr"))
    client.post("/lang/fr")
    with app.app_context():
        assert db.session.scalar(select(AuditEvent.id)) is None


def test_a_stranger_has_no_language_to_keep(client):
    assert client.post("/lang/fr").headers["Location"].startswith("/login")


def test_an_unknown_language_is_not_there(client):
    assert client.get("/lang/tlh").status_code == 404
    assert language_of(client) == "en"
