"""The page of one's own access tokens: made, shown once, revoked."""

import re

import pytest

from portal.accounts.services.administration import let_teach
from portal.accounts.services.api_tokens import make_token, scopes_for
from portal.api.scopes import scope_of
from portal.audit.services import System
from portal.errors import DomainError
from portal.extensions import db
from portal.roles import Role
from portal.web.access import declared_audience

pytestmark = pytest.mark.one_database
PAGE = "/profile/tokens"


@pytest.fixture
def signed_in(app, client, make, sign_in):
    """Somebody's browser."""
    sign_in(client, make.facilitator())
    app.config["WTF_CSRF_ENABLED"] = False
    return client


def test_a_token_is_shown_once_works_and_is_revoked(app, signed_in):
    assert "You have no tokens" in signed_in.get(PAGE).text
    # A browser must not ask for every box to be ticked.
    assert "required" not in re.search(r'<input[^>]*value="courses:read"[^>]*>', signed_in.get(PAGE).text)[0]
    made = signed_in.post(PAGE, data={"name": "Timetable", "lasts": "90", "scopes": ["courses:read"]})
    assert made.headers["Cache-Control"] == "no-store"
    token = re.search(r"portal_[\w-]{43}", made.text)[0]
    program = app.test_client(use_cookies=False)
    bearer = {"Authorization": f"Bearer {token}"}
    assert program.get("/api/course-offerings", headers=bearer).status_code == 200
    listed = signed_in.get(PAGE).text
    assert token not in listed
    assert "Timetable" in listed
    address = re.search(r'action="(/profile/tokens/\d+/revoke)"', listed)[1]
    assert signed_in.post(address).status_code == 303
    assert program.get("/api/course-offerings", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": "", "lasts": "90", "scopes": ["courses:read"]}, "This is needed."),
        ({"name": "A", "lasts": "90"}, "Choose what the token may do."),
        ({"name": "A", "lasts": "90", "scopes": ["everything"]}, "error"),
        ({"name": "A", "lasts": "9000", "scopes": ["courses:read"]}, "error"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(signed_in, data, said):
    answer = signed_in.post(PAGE, data=data)
    assert answer.status_code == 422
    assert said in answer.text


def test_what_a_token_may_do_is_said_in_words(signed_in):
    page = signed_in.get(PAGE).text
    assert "Weekly logs: write" in page
    assert ">logs:write<" not in page
    scopes = ["courses:read", "logs:read", "logs:write"]
    signed_in.post(PAGE, data={"name": "Timetable", "lasts": "90", "scopes": scopes})
    assert "Courses and enrolments: read · Weekly logs: read and write" in signed_in.get(PAGE).text
    assert "Cours et inscriptions\u00a0: lire · Journaux hebdomadaires\u00a0: lire et modifier" in (
        signed_in.get(f"/lang/fr?next={PAGE}", follow_redirects=True).text
    )


def test_offered_is_what_a_role_can_use_with_a_token(app, client, make, sign_in):
    """As the operations of the API say themselves."""
    opens = {}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/"):
            roles = declared_audience(app.view_functions[rule.endpoint])
            for scope in {scope_of(rule.rule, method) for method in rule.methods - {"HEAD", "OPTIONS"}} - {None}:
                opens.setdefault(scope, set()).update(roles or Role)
    for role in Role:
        assert set(scopes_for(frozenset({role}))) == {scope for scope, roles in opens.items() if role in roles}, role
    app.config["WTF_CSRF_ENABLED"] = False
    sign_in(client, make.student())
    page = client.get(PAGE).text
    assert ["reflections:write" in page, "logs:read" in page, "webhooks:read" in page] == [True, False, False]
    assert client.post(PAGE, data={"name": "A", "lasts": "90", "scopes": ["logs:read"]}).status_code == 422
    with app.app_context(), pytest.raises(DomainError, match="no more than you can"):
        make_token(make.student().user_id, "A", ["logs:read"], "90", System())
    teaches_too = make.manager()
    with app.app_context():
        let_teach(teaches_too.user_id, "T-77", System())
        db.session.commit()
        assert make_token(teaches_too.user_id, "A", ["logs:write", "people:read"], "90", System()).text
