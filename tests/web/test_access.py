"""Every address as everybody: a stranger, each role, the owner, somebody else of the owner's role, a deactivated user.

`docs/access.md` says who may open what; this walks it. An address with an id needs a scene below, which
makes the thing that it names: a view without one fails here before it can be forgotten.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.routing import AnyConverter, Rule
from werkzeug.routing.converters import NumberConverter

from portal.accounts.models import User
from portal.extensions import db
from portal.ops.access_table import list_doors, table, takes_ids
from portal.roles import Role
from portal.web.access import PUBLIC, declared_audience, declared_owner
from tests.support.web import Maker
from tests.web.scene import Scene, SetUp
from tests.web.scenes import SCENES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "access.md"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
API = "/api/"


def doors(app: Flask) -> list[tuple[Rule, str]]:
    """Every rule with each of its methods."""
    return [
        (rule, method)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) & set(METHODS))
        if rule.endpoint != "static"
    ]


def audience_of(app: Flask, rule: Rule) -> frozenset[Role]:
    return declared_audience(app.view_functions[rule.endpoint]) or PUBLIC


def closed_doors(app: Flask) -> list[tuple[Rule, str]]:
    """Those that are not open to strangers."""
    return [(rule, method) for rule, method in doors(app) if audience_of(app, rule) != PUBLIC]


def address_of(app: Flask, rule: Rule, values: dict[str, object] | None = None) -> str:
    """The address of a rule, with values that name nothing unless given."""
    filled = {part: value_of(rule._converters[part]) for part in rule.arguments} | (values or {})
    return app.url_map.bind("localhost").build(rule.endpoint, filled, method=min(rule.methods or ()))


def value_of(converter: object) -> str:
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return "4711" if isinstance(converter, NumberConverter) else "x"


def is_turned_away(answer, address: str) -> bool:
    """Whether an answer is the one that somebody gets who is not signed in."""
    if address.startswith(API):
        return answer.status_code == 401
    return answer.status_code == 303 and answer.headers["Location"].startswith("/login")


def test_the_page_says_what_the_code_says(bare_app: Flask):
    assert PAGE.read_text() == table(bare_app), "run: flask --app wsgi access > docs/access.md"


def test_every_address_with_an_id_says_whose_it_must_be(bare_app: Flask):
    silent = {
        rule.endpoint
        for rule in bare_app.url_map.iter_rules()
        if takes_ids(rule) and declared_owner(bare_app.view_functions[rule.endpoint]) is None
    }
    assert silent == set(), "declare @owned(…) or @shared"


def test_every_address_with_an_id_has_a_scene(bare_app: Flask):
    with_ids = {rule.endpoint for rule in bare_app.url_map.iter_rules() if takes_ids(rule)}
    assert with_ids - SCENES.keys() == set(), "make the thing that it names in tests/web/scenes.py"
    assert SCENES.keys() - with_ids == set(), "these are gone"


def test_the_table_has_every_view(bare_app: Flask):
    assert {door.endpoint for door in list_doors(bare_app)} == {rule.endpoint for rule in bare_app.url_map.iter_rules()}


@pytest.mark.one_database
def test_a_stranger_gets_in_nowhere(app, client):
    for rule, method in closed_doors(app):
        address = address_of(app, rule)
        assert is_turned_away(client.open(address, method=method), address), (method, address)


@pytest.mark.one_database
def test_a_deactivated_user_gets_in_nowhere(app, client, make, enter):
    people = {role: getattr(make, role.value)() for role in Role}
    with app.app_context():
        db.session.execute(update(User).values(is_active=False))
        db.session.commit()
    for number, (rule, method) in enumerate(closed_doors(app)):
        meant = sorted(audience_of(app, rule))  # each door is tried by one of those who would get in
        address = address_of(app, rule)
        headers = enter(client, people[meant[number % len(meant)]], address)
        assert is_turned_away(client.open(address, method=method, headers=headers), address), (method, address)


@pytest.mark.one_database
@pytest.mark.usefixtures("bare_errors")
@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_in_where_it_is_meant_and_nowhere_else(app, client, make, enter, role):
    person = getattr(make, role.value)()
    for rule, method in closed_doors(app):
        address = address_of(app, rule)
        headers = enter(client, person, address)
        answer = client.open(address, method=method, headers=headers)
        if role in audience_of(app, rule):
            assert answer.status_code not in {401, 500}, (method, address)
            if not (address.startswith(API) and takes_ids(rule)):
                assert answer.status_code != 403, (method, address)
            assert address == "/logout" or not is_turned_away(answer, address), (method, address)
        else:
            assert answer.status_code == 403, (method, address)
        answer.close()  # a file that is sent as it is read holds its request open


def scenes(app: Flask) -> list[tuple[Rule, str, Scene]]:
    return [(rule, method, SCENES[rule.endpoint]) for rule, method in doors(app) if takes_ids(rule)]


def once(app: Flask, make: Maker) -> Callable[[Scene], SetUp]:
    """What a scene makes, made once for all the addresses that name such a thing and leave it as it is."""

    @cache
    def made(by: Callable[[Flask, Maker], SetUp]) -> SetUp:
        return by(app, make)

    return lambda scene: made(scene.make)


@pytest.mark.in_turn
def test_the_owner_gets_in(app, make, enter, new_client):
    shown = once(app, make)
    for rule, method, scene in scenes(app):
        set_up = shown(scene) if method == "GET" else scene.make(app, make)
        address = address_of(app, rule, set_up.values)
        client = new_client()
        headers = enter(client, set_up.owner, address)
        status = client.open(address, method=method, headers=headers, data=scene.data).status_code
        assert status < 500, (method, address, status)
        assert status not in {401, 403, 404, 405}, (method, address, status)


@pytest.mark.in_turn
@pytest.mark.usefixtures("bare_errors")
def test_somebody_elses_things_are_not_there(app, make, enter, new_client):
    made = once(app, make)
    for rule, method, scene in scenes(app):
        if not declared_owner(app.view_functions[rule.endpoint]):
            continue
        set_up = made(scene)
        for other in set_up.strangers:
            address = address_of(app, rule, set_up.values)
            client = new_client()
            headers = enter(client, other, address)
            status = client.open(address, method=method, headers=headers, **sent(address, scene)).status_code
            assert status == 404, (method, address, other.email, status)


def sent(address: str, scene: Scene) -> dict[str, Any]:
    """What a scene sends, as a form or, under the API, as JSON."""
    return {"json" if address.startswith(API) and scene.data else "data": scene.data}


@pytest.mark.one_database
@pytest.mark.usefixtures("bare_errors")
def test_what_is_not_there_is_not_there_for_anybody(app, make, enter, new_client):
    people = {role: getattr(make, role.value)() for role in Role}
    for rule, method in doors(app):
        if not takes_ids(rule):
            continue
        for nth, person in enumerate([people[role] for role in sorted(audience_of(app, rule))] or [None]):
            # The last number that a database can keep, for somebody; it is the same for everybody.
            for number in ("2147483646", "2147483647")[: 2 if nth == 0 else 1]:
                values = {
                    part: number for part in rule.arguments if isinstance(rule._converters[part], NumberConverter)
                }
                address = address_of(app, rule, values)
                client = new_client()
                headers = enter(client, person, address)
                status = client.open(address, method=method, headers=headers).status_code
                assert status in {400, 404, 415, 422}, (method, address, status)


@pytest.fixture
def enter(sign_ins) -> Callable[..., dict[str, str]]:
    """Signs a person in for an address: by the cookie for a page, by the headers that it gives for the API."""

    def do(client, person, address) -> dict[str, str]:
        sign_ins.set_cookie(client, person)
        return sign_ins.headers(person) if address.startswith(API) and person else {}

    return do
