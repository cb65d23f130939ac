"""What went wrong is said calmly, in the reader's language, and never with a traceback."""

from itertools import product

import pytest
import sqlalchemy as sa
from werkzeug.exceptions import abort

from portal.errors import Conflict, DomainError, NotAllowed, NotFound
from portal.extensions import db
from portal.web.access import everyone, public

pytestmark = pytest.mark.one_database

CODES = [400, 403, 404, 405, 409, 410, 413, 415, 429, 500, 502, 503]
TITLES = {
    400: "That could not be read",
    403: "This is not open to you",
    404: "There is nothing here",
    409: "Someone was here before you",
    413: "That is too large",
    429: "Too many attempts",
    500: "Something went wrong",
    503: "Back in a moment",
}
SHOWN_AS = {405: 404, 410: 404, 415: 404, 502: 500}


@pytest.fixture
def faulty(build_fresh_app):
    """An application with a page for every fault."""
    app = build_fresh_app()
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)

    def fail(code: int):
        abort(code)

    def fail_inside(code: int):
        abort(code)

    def crash():
        raise RuntimeError("the secret cause")

    def rule(kind: str):
        raise {"conflict": Conflict, "no": NotAllowed, "gone": NotFound, "wrong": DomainError}[kind](
            "Because <b>so</b>."
        )

    app.add_url_rule("/fail/<int:code>", "fail", public(fail), methods=["GET", "POST"])
    app.add_url_rule("/inside/<int:code>", "inside", everyone(fail_inside))
    app.add_url_rule("/crash", "crash", public(crash))
    app.add_url_rule("/rule/<kind>", "rule", public(rule))
    return app


@pytest.fixture
def client(faulty):
    return faulty.test_client()


def test_each_fault_has_a_page_in_the_readers_language(client):
    for language, code in product(("en", "fr"), CODES):
        answer = client.get(f"/fail/{code}", headers={"Accept-Language": language})
        assert answer.status_code == code, language
        assert f'<html lang="{language}">' in answer.text, code
        if language == "en":
            assert f"<h1>{TITLES[SHOWN_AS.get(code, code)]}</h1>" in answer.text, code
        assert 'href="/"' in answer.text, (language, code)
        assert "Content-Security-Policy" in answer.headers, (language, code)


def test_someone_signed_in_keeps_the_frame_unless_the_fault_is_ours(client, make_fresh, sign_in):
    sign_in(client, make_fresh.manager())
    answers = {code: client.get(f"/inside/{code}") for code in CODES}
    assert [answer.status_code for answer in answers.values()] == CODES
    assert {code for code, answer in answers.items() if 'aria-label="Main"' in answer.text} == {
        code for code in CODES if code < 500
    }


def test_a_crash_says_nothing_of_its_cause_and_gives_a_number_to_tell(client):
    answer = client.get("/crash", headers={"X-Request-ID": "tell-me-this-1"})
    assert answer.status_code == 500
    assert "the secret cause" not in answer.text
    assert "Traceback" not in answer.text
    assert "tell-me-this-1" in answer.text


def test_a_broken_rule_is_said_in_its_own_words(client):
    for kind, code in (("conflict", 409), ("no", 403), ("gone", 404), ("wrong", 400)):
        answer = client.get(f"/rule/{kind}")
        assert answer.status_code == code, kind
        assert "Because &lt;b&gt;so&lt;/b&gt;." in answer.text, kind


def test_an_unknown_address_is_not_found(client):
    assert client.get("/no/such/page").status_code == 404


def test_the_wrong_method_says_which_are_right(client):
    answer = client.get("/logout")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_form_of_three_megabytes_is_too_large(client):
    answer = client.post("/login", data={"email": "x" * 3_000_000})
    assert answer.status_code == 413
    assert TITLES[413] in answer.text


def test_odd_addresses_are_no_fault_of_ours(client):
    for address in (
        "/%00", "/%ff", "/login?next=%ff%fe", "/login?" + "a=b&" * 2000, "/courses/%2e%2e/", "/login?next=%00",
    ):  # fmt: skip
        assert client.get(address).status_code < 500, address


def test_what_is_not_there_is_not_found(client):
    for path in ("/lang/de", "/lang/", "/static/../portal.db", "/static/nothing.css"):
        assert client.get(path).status_code == 404, path


@pytest.fixture
def database_away(faulty, monkeypatch):
    """From now on every connection is refused, as by a server that has stopped."""

    def cut() -> None:
        with faulty.app_context():
            db.engine.dispose()
            gone = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:9/gone", connect_args={"connect_timeout": 1})
        monkeypatch.setitem(db._app_engines[faulty], None, gone)

    return cut


def test_without_the_database_people_are_asked_to_wait(client, make_fresh, sign_in, database_away):
    sign_in(client, make_fresh.student())
    database_away()
    asked = (("GET", "/courses/"), ("GET", "/"), ("POST", "/tracker/logs/1"), ("GET", "/login"))
    for language, headers, (method, address) in product(("en", "fr"), ({}, {"HX-Request": "true"}), asked):
        case = (language, headers, method, address)
        answer = client.open(address, method=method, headers={"Accept-Language": language, **headers})
        assert answer.status_code == 503, case
        assert answer.headers["Retry-After"] == "10", case
        assert f'<html lang="{language}">' in answer.text, case
        assert "Traceback" not in answer.text, case
        assert "psycopg" not in answer.text, case


def test_without_the_database_signing_in_is_refused_calmly(client, faulty, database_away):
    faulty.config["WTF_CSRF_ENABLED"] = False
    database_away()
    assert client.post("/login", data={"email": "a@example.org", "password": "x"}).status_code == 503


def test_pages_that_need_no_database_stay(client, database_away):
    database_away()
    assert client.get("/login/token").status_code == 200
    assert client.get("/static/css/tokens.css").status_code == 200
