"""What every answer carries, and what a form must."""

import re

import pytest
from structlog.testing import CapturingLogger, capture_logs

pytestmark = pytest.mark.one_database

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Permitted-Cross-Domain-Policies": "none",
}
POLICY = "Content-Security-Policy"
ANSWERS = ["/login", "/", "/no/such/page", "/courses/", "/static/css/tokens.css", "/login/token", "/logout"]


@pytest.mark.parametrize("address", ANSWERS)
def test_every_answer_carries_the_headers(client, address):
    headers = client.get(address).headers
    for name, value in ALWAYS.items():
        assert headers[name] == value
    assert headers["X-Request-ID"]
    assert {"camera=()", "geolocation=()", "payment=()", "usb=()"} <= set(headers["Permissions-Policy"].split(", "))


def test_an_address_that_opens_something_is_told_to_no_other_page(client):
    assert client.get(f"/invitations/{SECRET}").headers["Referrer-Policy"] == "strict-origin"


def test_a_page_that_came_by_https_asks_for_nothing_by_http(client):
    assert "upgrade-insecure-requests" in client.get("/login", base_url="https://localhost").headers[POLICY]
    assert "upgrade-insecure-requests" not in client.get("/login").headers[POLICY]


def test_scripts_run_only_with_the_nonce_of_this_answer(client):
    seen = set()
    for _ in range(2):
        answer = client.get("/login")
        policy = answer.headers["Content-Security-Policy"]
        nonce = re.search(r"'nonce-([^']+)'", policy)[1]
        assert set(re.findall(r'nonce="([^"]*)"', answer.text)) == {nonce}
        for script in re.findall(r"<script[^>]*>", answer.text):
            assert f'nonce="{nonce}"' in script or 'type="application/json"' in script
        seen.add(nonce)
    assert len(seen) == 2


def test_the_policy_lets_nothing_in_from_elsewhere(client):
    policy = client.get("/login").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'self'" in policy
    assert re.search(r"script-src 'nonce-[\w-]{22}'(?:;|$)", policy)
    for loose in ("unsafe", "*", "http:", "https:"):
        assert loose not in policy


def test_pages_of_a_person_are_kept_by_no_cache_on_the_way(client, make, sign_in):
    sign_in(client, make.student())
    assert client.get("/courses/").headers["Cache-Control"] == "private, no-cache"


def test_only_by_https_is_https_demanded(client):
    assert "Strict-Transport-Security" not in client.get("/login").headers
    assert "max-age" in client.get("/login", base_url="https://localhost").headers["Strict-Transport-Security"]


@pytest.mark.parametrize("sent", ["req-12345", "0123456789abcdef", "A.b_c-d.e"])
def test_a_request_id_is_echoed(client, sent):
    assert client.get("/login", headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent


@pytest.mark.parametrize(
    "sent", ["", "short", "x" * 65, "has space in it", "<script>alert(1)</script>", "semi;colon;x"]
)
def test_a_request_id_that_is_none_is_replaced(client, sent):
    made = client.get("/login", headers={"X-Request-ID": sent}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{16}", made)


@pytest.mark.parametrize("address", ["/logout", "/lang/fr", "/tracker/logs/1", "/tracker/logs/1/submit"])
def test_a_form_without_its_token_is_refused_and_says_what_to_do(fresh_app, make_fresh, sign_in, address):
    client = fresh_app.test_client()
    sign_in(client, make_fresh.facilitator())
    answer = client.post(address)
    assert answer.status_code == 400
    assert answer.headers["HX-Stale-Form"] == "1"
    assert "Go back, load the page again and send it once more." in answer.text
    assert client.get("/tracker/").status_code == 200


def test_a_token_from_another_site_by_https_is_refused(fresh_app, make_fresh, sign_in):
    client = fresh_app.test_client()
    sign_in(client, make_fresh.student())
    token = client.get("/login/token", base_url="https://localhost").json["csrf"]
    headers = {"X-CSRFToken": token, "Referer": "https://evil.example/"}
    assert client.post("/logout", headers=headers, base_url="https://localhost").status_code == 400


def test_a_file_is_kept_for_good_only_under_the_hash_of_what_it_is(app, client):
    """While a new version is brought out, an old process is asked for the new address: that answer must not stay."""
    with app.test_request_context():
        address = app.jinja_env.globals["static_url"]("css/tokens.css")
    assert "immutable" in client.get(address).headers["Cache-Control"]
    for other in ("/static/css/tokens.css", "/static/css/tokens.css?v=0123456789", "/static/css/tokens.css?v="):
        assert "immutable" not in client.get(other).headers["Cache-Control"]


SECRET = "a-secret-token-of-some-forty-three-letters-"


@pytest.mark.parametrize(
    ("method", "ending"), [("GET", ""), ("GET", "/"), ("GET", "/more"), ("PUT", ""), ("GET", "%0A")]
)
def test_no_line_of_the_log_lets_anyone_in(client, monkeypatch, method, ending):
    log = CapturingLogger()
    monkeypatch.setattr("portal.web.requests.log", log)
    client.open(f"/invitations/{SECRET}{ending}", method=method)
    (line,) = [call.kwargs for call in log.calls]
    assert SECRET not in str(line)
    assert line["path"].startswith("/invitations/<token>")


def test_what_went_wrong_is_logged_without_the_secret_of_its_address(app, client, monkeypatch):
    def fail(*_given):
        raise RuntimeError("broken")

    monkeypatch.setattr("portal.accounts.queries.find_open_token", fail)
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    with capture_logs() as lines:
        assert client.get(f"/invitations/{SECRET}").status_code == 500
    assert [line["path"] for line in lines if line["event"] == "unforeseen_error"] == ["/invitations/<token>"]


def test_signing_out_has_the_browser_forget_its_pages(client, make, sign_in):
    sign_in(client, make.student())
    assert client.post("/logout").headers["Clear-Site-Data"] == '"cache"'
