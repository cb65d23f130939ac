"""Whatever goes wrong below /api is said in one form, in JSON, in the client's language."""

import pytest
import sqlalchemy as sa
from flask import abort

from portal.api.blueprint import bp
from portal.errors import Conflict, DomainError, NotAllowed, NotFound
from portal.extensions import db
from portal.web.access import public
from tests.support.people import PASSWORD

pytestmark = pytest.mark.one_database

TITLES = {
    400: "Validation error",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}


@pytest.fixture
def faulty(build_fresh_app):
    """An application with an address for every fault."""
    app = build_fresh_app()
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)

    def fail(code: int):
        abort(code)

    def crash():
        raise RuntimeError("the secret cause")

    def rule(kind: str):
        raise {"conflict": Conflict, "no": NotAllowed, "gone": NotFound, "wrong": DomainError}[kind]("So.", "field")

    app.add_url_rule("/api/fail/<int:code>", "fail", public(fail), methods=["GET", "POST"])
    app.add_url_rule("/api/crash", "crash", public(crash))
    app.add_url_rule("/api/rule/<kind>", "rule", public(rule))
    return app


@pytest.fixture
def asks(faulty, program):
    return program(over=faulty)


def body_of(answer):
    assert answer.mimetype == "application/json"
    assert set(answer.json) == {"error", "details", "fields", "request_id"}
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    return answer.json


@pytest.mark.one_database
@pytest.mark.parametrize("code", TITLES)
def test_each_fault_has_its_words(asks, code):
    answer = asks("GET", f"/fail/{code}", headers={"X-Request-ID": "tell-me-this-1"})
    assert answer.status_code == code
    body = body_of(answer)
    assert body["error"] == TITLES[code]
    assert body["request_id"] == "tell-me-this-1"
    assert body["details"]
    assert ("WWW-Authenticate" in answer.headers) == (code == 401)


@pytest.mark.parametrize(("code", "known"), [(410, 400), (418, 400), (502, 500)])
def test_a_fault_without_words_of_its_own_has_the_nearest(asks, code, known):
    answer = asks("GET", f"/fail/{code}")
    assert answer.status_code == code
    assert body_of(answer)["error"] == TITLES[known]


@pytest.mark.parametrize(("kind", "code"), [("conflict", 409), ("no", 403), ("gone", 404), ("wrong", 400)])
def test_a_broken_rule_is_said_in_its_own_words_and_names_its_field(asks, kind, code):
    answer = asks("GET", f"/rule/{kind}")
    assert answer.status_code == code
    body = body_of(answer)
    assert (body["details"], body["fields"]) == (["So."], {"field": ["So."]})


def test_a_crash_says_nothing_of_its_cause(asks):
    answer = asks("GET", "/crash")
    assert answer.status_code == 500
    assert body_of(answer)["error"] == "Internal error"
    assert "secret cause" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.one_database
@pytest.mark.parametrize(
    "path", ["", "/", "/nowhere", "//users", "/users/", "/users/x/y", "/auth", "/%00", "/%ff", "/.."]
)
def test_what_is_not_there_is_not_found(asks, path):
    answer = asks("GET", path)
    assert answer.status_code == 404
    assert body_of(answer)["error"] == "Not found"


def test_an_address_with_a_slash_too_many_says_so(asks):
    answer = asks("GET", "/modules/")
    assert answer.status_code == 404
    assert body_of(answer)["details"] == ["Addresses of the API have no slash at the end."]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "/auth/me", None), ("PATCH", "/auth/me", {"title": "Dr"}), ("POST", "/auth/logout", {})],
)
def test_a_parameter_is_refused_by_name_where_an_operation_takes_none(faulty, make_fresh, program, method, path, body):
    answer = program(make_fresh.student(), over=faulty)(method, f"{path}?fields=id", body)
    assert answer.status_code == 400
    assert body_of(answer)["fields"] == {"fields": ["Fields is not known here: this address takes no parameters"]}


def test_a_parameter_that_a_list_does_not_know_is_told_which_it_knows(faulty, make_fresh, program):
    answer = program(make_fresh.student(), over=faulty)("GET", "/notifications?offset=5&limit=x&per_page=5")
    assert answer.status_code == 400
    assert set(body_of(answer)["fields"]) == {"offset", "per_page"}
    assert answer.json["fields"]["offset"] == ["Offset is not known here: use limit, page, is_read, sort"]


def test_a_parameter_against_caches_is_refused_by_its_name(faulty, make_fresh, program):
    answer = program(make_fresh.student(), over=faulty)("GET", "/auth/me?_=1764400000")
    assert body_of(answer)["fields"] == {"_": ["_ is not known here: this address takes no parameters"]}


def test_the_wrong_method_says_which_are_right(asks):
    answer = asks("PUT", "/users")
    assert answer.status_code == 405
    assert body_of(answer)["error"] == "Method not allowed"
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    assert asks("GET", "/auth/login").status_code == 405


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PROPFIND", "QUERY"])
def test_rare_methods_are_no_page_either(asks, method):
    for path in ("/users", "/auth/login", "/nowhere"):
        answer = asks(method, path)
        assert answer.status_code < 500
        assert "html" not in answer.headers.get("Content-Type", "")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (None, "Not signed in"),
        ("en", "Not signed in"),
        ("de, en;q=0.5", "Not signed in"),
        ("*", "Not signed in"),
        ("x" * 3000, "Not signed in"),
        ("fr", "Non connecté"),
        ("fr-CA, en;q=0.8", "Non connecté"),
    ],
)
def test_words_are_english_unless_french_is_asked_for(program, app, make, wanted, said):
    headers = {"Accept-Language": wanted} if wanted else {}
    answer = program()("GET", "/auth/me", headers=headers)
    assert answer.json["error"] == said
    # Not the language of the account: a program says what it wants to read.
    person = make.student(locale="fr")
    assert program(person)("GET", "/users").json["error"] == "Not allowed"


@pytest.fixture
def database_away(faulty, monkeypatch):
    """From now on every connection is refused, as by a server that has stopped."""

    def cut():
        with faulty.app_context():
            db.engine.dispose()
            gone = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:9/gone", connect_args={"connect_timeout": 1})
        monkeypatch.setitem(db._app_engines[faulty], None, gone)

    return cut


def test_without_the_database_clients_are_asked_to_wait(faulty, make_fresh, program, database_away):
    asks = program(make_fresh.admin(), faulty)
    database_away()
    login = {"email": "a@example.org", "password": "x"}
    tries = (("GET", "/auth/me", None), ("GET", "/users", None), ("POST", "/auth/login", login), ("POST", "/users", {}))
    for method, path, body in tries:
        answer = asks(method, path, body)
        assert answer.status_code == 503, path
        assert answer.headers["Retry-After"] == "10"
        assert body_of(answer)["error"] == "Unavailable"
        assert "psycopg" not in answer.text


def test_a_stranger_is_refused_without_the_database(asks, database_away):
    database_away()
    assert asks("GET", "/users").status_code == 401


# --- how often one may ask


@pytest.fixture
def limited(program, make_fresh, build_fresh_app):
    """An application as in production; made last, since the limiter goes by the newest."""
    return build_fresh_app(ratelimit_enabled=True, ratelimit_api="4 per 15 minutes", ratelimit_auth="50 per 15 minutes")


def test_one_may_ask_so_often_and_is_told_how_often_still(limited, make_fresh, program, frozen_time):
    asks = program(make_fresh.manager(), limited)
    answers = [asks("GET", path) for path in ("/auth/me", "/users", "/auth/me", "/users", "/users")]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert [answer.headers["RateLimit-Limit"] for answer in answers] == ["4"] * 5
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["3", "2", "1", "0", "0"]
    assert all(0 < int(answer.headers["RateLimit-Reset"]) <= 901 for answer in answers)
    assert ["Retry-After" in answer.headers for answer in answers] == [False] * 4 + [True]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 901
    assert body_of(answers[-1])["error"] == "Too many requests"
    assert not [name for name, _ in answers[0].headers if name.startswith("X-RateLimit")]


def test_each_person_is_counted_alone_and_strangers_by_their_place(limited, make_fresh, program):
    first, second = (program(make_fresh.manager(), limited) for _ in range(2))
    stranger = program(over=limited)
    for _ in range(5):
        first("GET", "/auth/me")
    assert first("GET", "/auth/me").status_code == 429
    assert second("GET", "/auth/me").status_code == 200
    login = {"email": "a@example.org", "password": "x"}
    codes = [stranger("POST", "/auth/login", login).status_code for _ in range(5)]
    assert codes == [401] * 4 + [429]
    elsewhere = stranger("POST", "/auth/login", login, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert elsewhere.status_code == 401


def test_another_token_of_the_same_person_gives_no_second_count(limited, make_fresh, program):
    person = make_fresh.manager()
    for _ in range(4):
        program(person, limited)("GET", "/auth/me")
    assert program(person, limited)("GET", "/auth/me").status_code == 429


def test_operations_with_a_limit_of_their_own_are_counted_in_both(limited, make_fresh, program):
    person = make_fresh.student(password=PASSWORD)
    asks = program(over=limited)
    login = {"email": person.email, "password": PASSWORD}
    assert [asks("POST", "/auth/login", login).status_code for _ in range(5)] == [200] * 4 + [429]


def test_pages_are_not_counted(limited, make_fresh):
    client = limited.test_client()
    assert {client.get("/login").status_code for _ in range(8)} == {200}


def test_the_blueprint_alone_is_limited_and_exempt(bare_app):
    assert bp.name == "api"
    assert all(
        rule.endpoint.startswith(("api.", "api_docs."))
        for rule in bare_app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
    )
