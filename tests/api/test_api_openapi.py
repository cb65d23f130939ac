"""The OpenAPI document: valid, whole, with examples that hold, and good enough to make a client from."""

import importlib
import json
import re
import subprocess
import sys

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from portal.api.document.building import described
from portal.api.scopes import scope_of

pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def document(bare_app):
    return bare_app.test_client().get("/api/openapi.json").json


def test_it_is_valid_and_no_route_is_missing(bare_app, document):
    validate(document)
    there = {
        (method.lower(), rule.rule)
        for rule in bare_app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert {(one.method.lower(), one.rule.rule) for one in described(bare_app)} == there
    told = {(method, path) for path, of in document["paths"].items() for method in of}
    assert len(told) == len(there) > 50


def test_every_operation_says_all(document):
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            where = f"{method} {path}"
            assert {"summary", "description", "security"} <= said.keys(), where
            assert any(int(status) >= 400 for status in said["responses"]), where
            for part in (said.get("requestBody"), *said["responses"].values()):
                for content in (part or {}).get("content", {}).values():
                    is_error = content["schema"].get("$ref", "").endswith("ErrorShown")
                    assert is_error or "example" in content, where


def test_the_examples_hold(document):
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            for part in (said.get("requestBody"), *said["responses"].values()):
                for content in (part or {}).get("content", {}).values():
                    if "example" in content:
                        schema = content["schema"] | {"components": document["components"]}
                        faults = list(Draft202012Validator(schema).iter_errors(content["example"]))
                        assert faults == [], f"{method} {path}: {faults[:1]}"


def test_the_examples_say_something(document):
    examples = json.dumps(document["paths"])
    assert '"Text"' not in examples
    assert '"x"' not in examples
    week = document["paths"]["/activity-tracker"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert week == {
        "allocation_id": 1, "week_number": 5, "attendance": [True, True, False, True, True],
        "formative_one_grading": "Done", "formative_two_grading": "Pending", "summative_grading": "Not Started",
        "course_moderation": "Done", "intranet_sync": "Done", "grade_book_status": "Pending",
        "notes": "Good participation this week",
    }  # fmt: skip


def test_every_operation_but_those_of_signing_in_has_a_scope(bare_app):
    without = {one.path for one in described(bare_app) if scope_of(one.rule.rule, one.method) is None}
    assert all(path.startswith("/auth/") for path in without)


def test_every_list_comes_in_pages_and_in_order(document):
    for path, methods in document["paths"].items():
        answer = methods.get("get", {}).get("responses", {}).get("200", {})
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        if schema.get("type") == "array":
            named = {one.get("name") for one in methods["get"]["parameters"]}
            assert {"limit", "page", "sort"} <= named, path
            assert {"X-Total-Count", "Link"} <= answer["headers"].keys(), path


def test_if_match_is_offered_where_there_is_a_tag(document):
    def takes(method, path):
        return {"$ref": "#/components/parameters/IfMatch"} in document["paths"][path][method]["parameters"]

    assert takes("delete", "/lessons/{lesson_id}")
    assert takes("patch", "/auth/me")
    assert not takes("delete", "/course-offerings/{offering_id}/enrolments/{student_id}")
    assert not takes("put", "/notifications/{notification_id}/read")


def test_the_page_shows_it_from_our_own_files(bare_app):
    answer = bare_app.test_client().get("/api/docs")
    assert answer.status_code == 200
    assert re.search(r"swagger-ui-bundle\.(\w+\.)?js", answer.text)
    assert "https://" not in answer.text
    assert "nonce-" in answer.headers["Content-Security-Policy"]


def test_a_typed_client_is_made_of_it_and_used(bare_app, document, tmp_path, monkeypatch):
    """As an integrator would: openapi-python-client, then a call with it, answered by the portal itself."""
    source = tmp_path / "openapi.json"
    source.write_text(json.dumps(document))
    made = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(source), "--meta", "none",
         "--output-path", str(tmp_path / "portal_client")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    client_of = importlib.import_module("portal_client")
    operation = importlib.import_module("portal_client.api.auth.me")
    errors = importlib.import_module("portal_client.models.error_shown")
    httpx = importlib.import_module("httpx")
    client = client_of.Client(base_url="http://portal.example.org/api")
    client.set_httpx_client(
        httpx.Client(base_url="http://portal.example.org/api", transport=httpx.WSGITransport(app=bare_app))
    )
    answer = operation.sync(client=client)
    assert isinstance(answer, errors.ErrorShown)
    assert answer.error == "Not signed in"
