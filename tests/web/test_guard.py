"""Every role at every address: who is meant gets in, everyone else is answered as declared."""

from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, BaseConverter, Rule
from werkzeug.routing.converters import NumberConverter

from portal.roles import Role
from portal.web.access import PUBLIC, declared_audience
from tests.support.people import add_facilitator_profile

pytestmark = pytest.mark.one_database

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HTMX = {"HX-Request": "true"}


def doors(app: Flask) -> Iterator[tuple[str, str, frozenset[Role]]]:
    """Method, address and declared audience of every page that is not public; the JSON API has tests of its own."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            continue
        audience = declared_audience(app.view_functions[rule.endpoint])
        assert audience is not None, rule.endpoint
        if audience != PUBLIC:
            for method in sorted((rule.methods or set()) & set(METHODS)):
                yield method, address_of(app, rule), audience


def value_of(converter: BaseConverter) -> str:
    """Something that the converter lets through, and that names nothing in an empty database."""
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return "4711" if isinstance(converter, NumberConverter) else "x"


def address_of(app: Flask, rule: Rule) -> str:
    values = {part: value_of(rule._converters[part]) for part in rule.arguments}
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=min(rule.methods or ()))


def test_there_are_doors_to_try(app):
    assert len(list(doors(app))) > 8


def test_strangers_are_asked_to_sign_in_everywhere(app, client):
    for method, address, _ in doors(app):
        answer = client.open(address, method=method)
        assert answer.status_code == 303, (method, address)
        assert answer.headers["Location"].startswith("/login"), (method, address)


def test_strangers_parts_of_pages_are_answered_for_htmx(app, client):
    for method, address, _ in doors(app):
        answer = client.open(address, method=method, headers=HTMX)
        assert answer.data == b"", (method, address)
        if method == "GET":
            assert answer.status_code == 200, address
            assert answer.headers["HX-Redirect"].startswith("/login"), address
        else:
            assert answer.status_code == 401, (method, address)
            assert answer.headers["HX-Reauth"] == "1", (method, address)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.usefixtures("bare_errors")
def test_a_role_gets_in_by_htmx_where_it_is_meant_and_nowhere_else(app, client, make, stay_signed_in, role):
    # Without htmx test_access.py asks the same.
    person = getattr(make, role.value)()
    for method, address, audience in doors(app):
        if address == "/logout":
            continue
        stay_signed_in(client, person)
        answer = client.open(address, method=method, headers=HTMX)
        if role in audience:
            assert answer.status_code not in {401, 403, 500}, (method, address)
            assert not answer.headers.get("Location", "").startswith("/login"), (method, address)
        else:
            assert answer.status_code == 403, (method, address)
        answer.close()  # a file that is sent as it is read holds its request open


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_told_where_it_does_not_get_in(app, client, make, stay_signed_in, role):
    stay_signed_in(client, getattr(make, role.value)())
    refused = [(method, address) for method, address, audience in doors(app) if role not in audience]
    for headers in ({}, HTMX):
        assert "This is not open to you" in client.open(refused[0][1], method=refused[0][0], headers=headers).text


def test_a_manager_who_also_teaches_gets_in_to_both(app, client, make, sign_in):
    person = make.manager()
    with app.app_context():
        add_facilitator_profile(person)
    sign_in(client, person)
    assert client.get("/tracker/").status_code == 200
    assert client.get("/allocations/").status_code == 200
    assert client.get("/courses/new").status_code == 200


def test_after_signing_in_htmx_comes_back_to_the_page_and_not_to_the_part(client):
    headers = HTMX | {"HX-Current-URL": "http://localhost/courses/?tab=2"}
    assert client.get("/courses/", headers=headers).headers["HX-Redirect"] == "/login?next=/courses/?tab%3D2"


@pytest.mark.parametrize("current", ["https://evil.example/x", "//evil.example", "", "javascript:alert(1)"])
def test_a_forged_current_address_leads_home(client, make, current):
    person = make.student(password="a-quiet-harbour-7")
    asked = client.get("/courses/", headers=HTMX | {"HX-Current-URL": current}).headers["HX-Redirect"]
    page = client.get(asked).text
    data = {"email": person.email, "password": "a-quiet-harbour-7", "next": asked.partition("next=")[2]}
    assert "evil" not in page.partition('name="next"')[2][:80] or current == "//evil.example"
    assert client.post("/login", data=data).headers["Location"] == "/"


def test_what_a_stranger_posts_is_said_not_to_be_saved(client):
    client.post("/tracker/logs/1")
    assert "what you just sent was not saved" in client.get("/login").text


def test_a_view_that_declares_nothing_is_closed_to_all(build_fresh_app, make_fresh, sign_in):
    app = build_fresh_app()
    app.add_url_rule("/undeclared", "undeclared", lambda: "open")
    client = app.test_client()
    assert client.get("/undeclared").status_code == 403
    sign_in(client, make_fresh.admin())
    assert client.get("/undeclared").status_code == 403


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_a_look_ahead_loses_nothing_and_says_nothing(client, method):
    answer = client.open("/notifications/?at=x", method=method)
    assert answer.status_code in {200, 303}
    assert answer.headers.get("Location", "/login?next=").startswith("/login?next=")
    assert "session had ended" not in client.get("/login").text
