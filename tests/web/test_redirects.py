"""Nobody is sent to another host, and nothing that is sent becomes a header."""

import re
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.web.locale import safe_next
from tests.support.people import PASSWORD

pytestmark = pytest.mark.one_database

HOME = "/"
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/%09/evil.example/..//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http:evil.example",
    "http:///evil.example",
    "//[::1",
    "/\r\nSet-Cookie: x=1",
    "https:/evil.example",
    "evil.example",
    "?next=//evil.example",
    "/\u2028//evil.example",
    "//user@evil.example",
    "\x00//evil.example",
]


def as_a_browser_reads(address: str) -> str:
    """The host to which a browser goes from the portal, or more of them: test_security_in_browser.py asks one.

    Tabs and line breaks fall away, backslashes are slashes, and any number of slashes begins a host.
    """
    plain = "".join(letter for letter in address.strip("".join(map(chr, range(33)))) if letter not in "\t\r\n")
    plain = re.sub(r"^([a-z][a-z0-9+.-]*:)?//+", r"\1//", plain.replace("\\", "/"), flags=re.IGNORECASE)
    if re.match(r"(?!https:/?[^/])[a-z][a-z0-9+.-]*:(?!//)", plain, re.IGNORECASE):
        return "another scheme, or another host"
    return urlsplit(urljoin("https://portal.example/login", plain)).netloc


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_address_leads_elsewhere(app, address):
    with app.test_request_context():
        found = safe_next(address)
    assert as_a_browser_reads(found) == "portal.example"
    assert found.isprintable()


@pytest.mark.parametrize("address", ["/courses/", "/allocations/?q=a&sort=-b#top", "/tracker/logs/1", "/a//b"])
def test_an_address_within_the_portal_is_kept(app, address):
    with app.test_request_context():
        assert safe_next(address) == address


def test_an_address_too_long_for_a_header_leads_home(app):
    with app.test_request_context():
        assert safe_next("/courses/?q=" + "x" * 70_000) == "/"


PIECES = ["/", "\\", "//", "evil.example", "\t", "\n", "@", ":", "https:", "%2f", "?", "#", "..", ";", "\u3002", " "]


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=8).map("".join)))
def test_whatever_is_asked_for_stays_within(bare_app, address):
    with bare_app.test_request_context():
        found = safe_next(address)
    assert as_a_browser_reads(found) == "portal.example", repr(address)


@pytest.mark.parametrize("address", ELSEWHERE)
def test_signing_in_and_choosing_a_language_lead_nowhere_else(client, make, address):
    person = make.student(password=PASSWORD)
    for answer in (
        client.get("/lang/fr", query_string={"next": address}),
        client.post("/login", data={"email": person.email, "password": PASSWORD, "next": address}),
        client.get("/login", query_string={"next": address}),
    ):
        assert as_a_browser_reads(answer.headers["Location"]) == "portal.example"


@pytest.mark.parametrize("sent", ["a\r\nSet-Cookie: x=1", "a%0d%0aSet-Cookie: x=1", "a\nX: y"])
def test_what_is_sent_becomes_no_header(client, sent):
    for answer in (
        client.get("/lang/en", query_string={"next": f"/courses/{sent}"}),
        client.get("/courses/", query_string={"q": sent}),
        client.get("/no/such/page", query_string={"x": sent}),
    ):
        assert "x=1" not in str(answer.headers.getlist("Set-Cookie"))
        assert "X" not in answer.headers
