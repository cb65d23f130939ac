"""Two servers over one database: what is written through one ends, at once, what the other has kept."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from portal.roles import Role
from tests.support.api import bearer_of, tokens_of
from tests.support.databases import SECRET
from tests.support.people import PASSWORD
from tests.support.portal_process import ask, serving

pytestmark = pytest.mark.in_turn
LIST = "/api/course-offerings"


@pytest.fixture
def two_servers(committing_database, tmp_path):
    """The ports of both."""
    settings = {"DATABASE_URL": committing_database.url, "SECRET_KEY": SECRET, "RATELIMIT_ENABLED": "false",
                "LOG_LEVEL": "ERROR"}  # fmt: skip
    with ExitStack() as stack, ThreadPoolExecutor(2) as both:

        def start(name):
            folder = tmp_path / name
            folder.mkdir()
            return stack.enter_context(serving("tests.support.lane_server:app", folder, workers=1, **settings))

        yield list(both.map(start, ("one", "other")))


def kept_at(port, token):
    """An answer that the server gives past the application: it was the same within an earlier request."""
    for _attempt in range(4):  # the tag of the first changes after five minutes
        found = ask(port, "GET", LIST, token=token)
        assert found.status == 200
        if found.headers["x-given-in"] != found.headers["x-request-id"]:
            return found
    raise AssertionError("nothing is kept")


def test_what_one_server_ends_the_other_does_not_give_again(fresh_app, make_fresh, taught, two_servers):
    one, other = two_servers
    admin = bearer_of(fresh_app, make_fresh.admin())
    course = f"{LIST}/{taught[2][0].id}"

    def through_one(method, path, body=None, *, token=admin):
        answer = ask(one, method, path, body, token=token)
        assert answer.status in {200, 204}, answer.text

    ends = {
        "password": lambda _person, token: through_one(
            "POST", "/api/auth/change-password",
            {"current_password": PASSWORD, "new_password": "another-harbour-8"}, token=token,
        ),
        "role": lambda person, _token: through_one("PATCH", f"/api/users/{person.user_id}", {"role": Role.ADMIN}),
        "account": lambda person, _token: through_one("DELETE", f"/api/users/{person.user_id}"),
        "signed out": lambda _person, token: through_one("POST", "/api/auth/logout", token=token),
    }  # fmt: skip
    for what, end in ends.items():
        person = make_fresh.manager(password=PASSWORD)
        token = tokens_of(fresh_app, person)[0]
        kept_at(other, token)
        end(person, token)
        assert ask(other, "GET", LIST, token=token).status == 401, what
    for title in ("Renamed", "Renamed again"):
        kept_at(other, admin)
        through_one("PATCH", course, {"title": title})
        assert title in ask(other, "GET", LIST, token=admin).text
