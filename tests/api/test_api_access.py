"""Every role at every operation: who is meant gets in, everyone else is answered in JSON."""

from collections.abc import Iterator

import pytest
from flask import Flask

from portal.accounts.services import administration
from portal.audit.services import System
from portal.extensions import db
from portal.roles import Role
from portal.web.access import PUBLIC, declared_audience, declared_owner

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def operations(app: Flask) -> Iterator[tuple[str, str, frozenset[Role]]]:
    """Method, path and audience of every operation; ids name nothing."""
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            audience = declared_audience(app.view_functions[rule.endpoint])
            assert audience is not None
            path = app.url_map.bind("localhost").build(
                rule.endpoint, dict.fromkeys(rule.arguments, 4711), method=min(rule.methods or ())
            )
            for method in sorted((rule.methods or set()) & METHODS):
                yield method, path.removeprefix("/api"), audience


def test_there_are_operations_to_try(bare_app):
    assert len([one for one in operations(bare_app) if one[2] != PUBLIC]) >= 8


def test_every_operation_with_an_id_says_whose_it_must_be(bare_app):
    for rule in bare_app.url_map.iter_rules():
        if rule.rule.startswith("/api/") and rule.arguments:
            assert declared_owner(bare_app.view_functions[rule.endpoint]) is not None, rule.rule


def test_strangers_are_asked_for_a_token(app, program):
    for method, path, audience in operations(app):
        answer = program()(method, path, {})
        if audience != PUBLIC:
            assert answer.status_code == 401, (method, path)
            assert "WWW-Authenticate" in answer.headers
        assert answer.mimetype == "application/json"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_gets_in_where_it_is_meant_and_nowhere_else(app, make, program, role):
    asks = program(getattr(make, role.value)())
    for method, path, audience in operations(app):
        if audience == PUBLIC:
            continue
        answer = asks(method, path, {})
        assert answer.status_code < 500, (method, path)
        if role in audience:
            assert answer.status_code in {200, 204, 400, 404}, (method, path)
        else:
            assert answer.status_code == 403, (method, path)


@pytest.mark.parametrize("role", list(Role))
def test_who_was_deactivated_gets_in_nowhere(app, make, program, role):
    person = getattr(make, role.value)()
    make.admin()
    asks = program(person)
    with app.app_context():
        administration.deactivate(person.user_id, System())
        db.session.commit()
    for method, path, audience in operations(app):
        if audience != PUBLIC:
            assert asks(method, path, {}).status_code == 401, (method, path)
