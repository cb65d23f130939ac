"""Who is refused is told so in JSON; who is refused where is in tests/web/test_access.py, for every address."""

import pytest

from portal.roles import Role
from portal.web.access import PUBLIC, declared_audience

pytestmark = pytest.mark.in_turn


def closed_operations(app):
    """Method, path and audience of every operation that is not open to all; ids name nothing."""
    for rule in app.url_map.iter_rules():
        audience = declared_audience(app.view_functions[rule.endpoint])
        if rule.rule.startswith("/api/") and audience != PUBLIC:
            values = dict.fromkeys(rule.arguments, 4711)
            method = min(rule.methods - {"HEAD", "OPTIONS"})
            path = app.url_map.bind("localhost").build(rule.endpoint, values, method=method)
            yield method, path.removeprefix("/api"), audience


def test_there_are_operations_to_try(bare_app):
    assert len(list(closed_operations(bare_app))) >= 8


def test_strangers_are_asked_for_a_token(app, program):
    for method, path, _audience in closed_operations(app):
        answer = program()(method, path, {})
        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="teaching-portal"'
        assert answer.json["error"] == "Not signed in"


@pytest.mark.parametrize("role", list(Role))
def test_another_role_is_told_so(app, make, program, role):
    asks = program(getattr(make, role.value)())
    for method, path, audience in closed_operations(app):
        answer = asks(method, path, {})
        assert (answer.status_code == 403) == (role not in audience), (method, path)
        if answer.status_code == 403:
            assert answer.json["details"] == ["Your role does not allow this."]
