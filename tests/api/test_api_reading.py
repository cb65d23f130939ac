"""Whatever a client sends is read or refused: never a fault of ours, never a page."""

import gzip
import io
import json
import re
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.api.blueprint import bp  # noqa: F401 (its operations are what is tried)
from portal.api.operations import declared_operation
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

JSON = "application/json"


def is_ours(answer):
    """One body for all errors, in JSON, with the id of the request."""
    assert answer.status_code < 500, answer.text
    assert answer.mimetype == JSON
    if answer.status_code >= 400:
        assert set(answer.json) == {"error", "details", "fields", "request_id"}
        assert answer.json["details"]
        assert all(isinstance(said, str) for said in answer.json["details"])
        assert answer.json["request_id"] == answer.headers["X-Request-ID"]
        assert not re.search(r"%\([a-z_]{2,}\)[sd]", answer.text)  # by chance names hold such as %(0)s
        assert "Traceback" not in answer.text
    return True


def send(asks, text, content_type=JSON, path="/auth/login", **more):
    return asks("POST", path, data=text, content_type=content_type, **more)


BAD = {
    "no object": ("[1]", "object"),
    "a text": ('"x"', "object"),
    "null": ("null", "object"),
    "nothing": ("", "line 1, column 1"),
    "half": ('{"email": ', "line 1, column 11"),
    "two": ("{} {}", "line 1, column 4"),
    "a comma too many": ('{"email": "a",}', "line 1"),
    "single quotes": ("{'email': 'a'}", "line 1, column 2"),
    "a line break in a text": ('{"email": "a\nb"}', "line 1"),
    "not UTF-8": (b'{"email": "\xff"}', "UTF-8"),
    "UTF-16": ('{"email": "a"}'.encode("utf-16"), "UTF-8"),
    "too deep for Python": ('{"email": ' + "[" * 100_000, "nested too deeply"),
    "digits without end": ('{"email": ' + "9" * 5000 + "}", "number that can be kept"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_object_is_refused_in_words(program, name):
    text, said = BAD[name]
    answer = send(program(), text)
    assert is_ours(answer)
    assert answer.status_code == 400
    assert said in answer.json["details"][0]


ODD = {
    "twice": ('{"email": "a@example.org", "email": "b@example.org", "password": "x"}', "email"),
    "twice within": ('{"email": {"a": 1, "a": 2}}', "a"),
    "a NUL": ('{"email": "a\\u0000b", "password": "x"}', "email"),
    "half a character": ('{"email": "\\ud800", "password": "x"}', "email"),
    "half a character in a name": ('{"\\udfff": 1}', "?"),
    "a NUL in a name": ('{"a\\u0000": 1}', "a?"),
    "not a number": ('{"email": NaN}', "email"),
    "infinity": ('{"password": -Infinity}', "password"),
    "beyond a float": ('{"email": 1e999}', "email"),
    "beyond 64 bits": ('{"email": 9223372036854775808}', "email"),
    "unknown": ('{"emial": "a@example.org"}', "emial"),
    "an empty name": ('{"": 1}', "?"),
    "a number for a text": ('{"email": 5, "password": "x"}', "email"),
    "a list for a text": ('{"email": ["a"], "password": "x"}', "email"),
    "too long": (json.dumps({"email": "x" * 321, "password": "x"}), "email"),
    "too long a password": (json.dumps({"email": "a@example.org", "password": "x" * 1001}), "password"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_names_its_field(program, name):
    text, field = ODD[name]
    answer = send(program(), text)
    assert is_ours(answer)
    assert answer.status_code == 400
    assert field in answer.json["fields"], answer.text


def test_depth_counts_from_the_object_itself(program):
    def nested(depth):
        return '{"email": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"

    assert "must be text" in send(program(), nested(20)).json["fields"]["email"][0]
    deep = send(program(), nested(22)).json
    assert "nested too deeply" in deep["details"][0]
    assert next(iter(deep["fields"])).startswith("email.0")


def test_long_names_and_many_faults_are_told_in_short(program):
    answer = send(program(), json.dumps({"x" * 5000: 1} | {f"n{number}": 1 for number in range(500)}))
    assert is_ours(answer)
    assert len(answer.json["fields"]) <= 20
    assert max(len(name) for name in answer.json["fields"]) <= 60


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain",
        "text/html",
        "application/xml",
        "",
        "json",
    ],
)
def test_only_json_is_read(program, content_type):
    answer = send(program(), '{"email": "a@example.org", "password": "x"}', content_type or None)
    assert is_ours(answer)
    assert answer.status_code == 415
    assert answer.json["details"] == ["Send JSON: Content-Type: application/json."]


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_by_other_spellings_is_read(program, content_type):
    assert send(program(), '{"email": "a@example.org", "password": "x"}', content_type).status_code == 401


def test_a_mark_at_the_beginning_is_skipped(program):
    assert send(program(), b'\xef\xbb\xbf{"email": "a@example.org", "password": "x"}').status_code == 401


def test_a_packed_body_is_not_read(program):
    packed = gzip.compress(b'{"email": "a@example.org", "password": "x"}')
    assert send(program(), packed, headers={"Content-Encoding": "gzip"}).status_code == 415


def test_a_request_without_a_body_says_what_is_missing(program):
    answer = program()("POST", "/auth/login")
    assert answer.status_code == 400
    assert answer.json["details"] == ["Email is required", "Password is required"]


@pytest.mark.parametrize("size", [800_000, 3_000_000])
def test_a_large_body_is_too_large(program, size):
    answer = send(program(), json.dumps({"email": "x" * size, "password": "x"}))
    assert is_ours(answer)
    assert answer.status_code == 413
    assert answer.json["error"] == "Too large"


def test_a_large_body_that_does_not_tell_its_length_is_too_large_and_not_cut_off(program):
    whole = b'{"email": "a@example.org", "password": "x"}'
    for more, status in ((10, 401), (800_000, 413), (3_000_000, 413)):
        answer = program().client.post(
            "/api/auth/login",
            input_stream=io.BytesIO(whole + b" " * more),
            content_type=JSON,
            headers={"Transfer-Encoding": "chunked"},
            environ_overrides={"wsgi.input_terminated": True},
        )
        assert is_ours(answer)
        assert answer.status_code == status


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("limit=1&limit=2", "limit"),
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=99999999999", "page"),
        ("sort=password_hash", "sort"),
        ("sort=id;drop table users", "sort"),
        ("role=root", "role"),
        ("is_active=maybe", "is_active"),
        ("q=%00", "q"),
        ("q=" + "x" * 101, "q"),
        ("ids=1", "ids"),
        ("%00=1", "?"),
    ],
)
def test_a_query_that_cannot_be_meant_names_its_field(app, make, program, query, field):
    answer = program(make.manager())("GET", f"/users?{query}")
    assert is_ours(answer)
    assert answer.status_code == 400
    assert field in answer.json["fields"], answer.text


@pytest.mark.parametrize("query", ["q=%ff%fe", "q=%F0%9F%A6%9C", "q=%25%5F%5C", "q='; --", "q=", "", "q=%E2%80%AE"])
def test_an_odd_search_finds_nothing_or_something(app, make, program, query):
    assert program(make.manager())("GET", f"/users?{query}").status_code == 200


@pytest.mark.parametrize(
    "number", ["0", "2147483647", "2147483648", "9" * 30, "-1", "1.5", "x", "%00", "%F0%9F%A6%9C", "1%2F2", "٣"]
)
def test_an_id_that_is_nobodys_is_not_found(app, make, program, number):
    asks = program(make.admin())
    for method in ("GET", "PATCH", "DELETE"):
        answer = asks(method, f"/users/{number}", {})
        assert is_ours(answer)
        assert answer.status_code == 404, (method, number)


def test_digits_of_another_script_are_no_id(app, make, program):
    person = make.admin()
    number = str(person.user_id).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert program(person)("GET", f"/users/{person.user_id}").status_code == 200
    assert program(person)("GET", f"/users/{number}").status_code == 404


# --- by chance

letters = st.text(st.characters(codec=None) | st.sampled_from(string.printable + "\0\ud800\u202e🦜é"), max_size=30)
NAMES = (
    st.sampled_from(["email", "password", "first_name", "last_name", "role", "token", "refresh_token", "id"]) | letters
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | letters,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
BODIES = st.dictionaries(NAMES, VALUES, max_size=6).map(json.dumps) | st.text(max_size=60) | st.binary(max_size=60)
chance = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@chance
@given(st.data())
def test_nothing_that_is_sent_is_a_fault_of_ours(app, program, data):
    asks = program()
    path = data.draw(
        st.sampled_from(
            ["login", "register", "refresh", "logout", "forgot-password", "reset-password", "change-password", "me"]
        )
    )
    assert is_ours(send(asks, data.draw(BODIES), path=f"/auth/{path}"))


@pytest.fixture
def administrator(app, make, program):
    """An administrator's program, and somebody to change."""
    return program(make.admin()), make.student(password=PASSWORD)


@chance
@given(body=BODIES, kind=st.sampled_from(["POST", "PATCH", "ME"]))
def test_nothing_that_an_administrator_sends_is_a_fault_of_ours(administrator, body, kind):
    asks, person = administrator
    path = {"POST": "/users", "PATCH": f"/users/{person.user_id}", "ME": "/auth/me"}[kind]
    assert is_ours(asks("PATCH" if kind == "ME" else kind, path, data=body, content_type=JSON))


@chance
@given(st.text(max_size=60), st.dictionaries(letters, letters, max_size=3))
def test_no_address_is_a_fault_of_ours(app, program, path, query):
    safe = {name.encode(errors="replace"): value.encode(errors="replace") for name, value in query.items()}
    answer = program()("GET", f"/{path}".replace("?", ""), query_string=safe)
    assert is_ours(answer)


@chance
@given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=80))
def test_no_header_is_a_fault_of_ours(program, text):
    for name, value in (("Authorization", f"Bearer {text}"), ("Authorization", text), ("Accept-Language", text)):
        assert is_ours(program()("GET", "/auth/me", headers={name: value}))


def test_every_operation_declares_what_it_takes_and_gives(bare_app):
    """From this the document of the API is made."""
    found = [rule.endpoint for rule in bare_app.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    assert len(found) > 10
    for endpoint in found:
        operation = declared_operation(bare_app.view_functions[endpoint])
        assert operation is not None, endpoint
        assert operation.summary
        for model in (operation.body, operation.query):
            # Nothing else may stand there, or what else may is said.
            assert model is None or model.model_json_schema()["additionalProperties"] not in (True, {})
        assert (operation.answer is None) == (operation.status == 204)
