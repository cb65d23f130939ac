"""What is set of single sign-on: the settings, the administrator's page, and that nobody waits for it at the start."""

import subprocess
import sys

import pytest

from portal.config import SettingsError, load_settings
from tests.support.openid import CALLBACK, use

pytestmark = pytest.mark.in_turn

SAFE = {"_env_file": None, "secret_key": "x" * 32, "jwt_secret": "y" * 32}
OIDC = {"oidc_issuer": "https://login.example.org", "oidc_client_id": "a", "oidc_client_secret": "b"}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"google_client_id": "x"}, "GOOGLE_CLIENT_SECRET"),
        ({"google_client_secret": "x"}, "GOOGLE_CLIENT_ID"),
        ({"oidc_issuer": "https://login.example.org"}, "OIDC_CLIENT_ID"),
        ({**OIDC, "oidc_issuer": "http://login.example.org"}, "OIDC_ISSUER"),
        ({**OIDC, "oidc_issuer": "login.example.org"}, "OIDC_ISSUER"),
        ({**OIDC, "oidc_issuer": "https://login.example.org?x=1"}, "OIDC_ISSUER"),
        ({**OIDC, "oidc_issuer": "https://"}, "OIDC_ISSUER"),
        ({**OIDC, "oidc_issuer": "https://login.example.org/" + "x" * 255}, "OIDC_ISSUER"),
        ({**OIDC, "portal_env": "production"}, "PUBLIC_URL"),
        ({"google_client_id": "x", "google_client_secret": "y", "portal_env": "production"}, "PUBLIC_URL"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(settings, named):
    with pytest.raises(SettingsError, match=named):
        load_settings(**SAFE, **settings)


def test_settings_that_fit_together_are_taken():
    load_settings(**SAFE, **OIDC, portal_env="production", public_url="https://teaching.example.org")
    load_settings(**SAFE, **OIDC | {"oidc_issuer": "http://127.0.0.1:4000"})
    found = load_settings(**SAFE, oidc_allowed_domains="@Uni.Example, students.uni.example ,")
    assert found.allowed_domains() == {"uni.example", "students.uni.example"}


def test_nothing_is_imported_or_asked_at_the_start(tmp_path):
    code = (
        "import sys, socket\n"
        "socket.socket.connect = lambda *_: sys.exit('it asks somebody')\n"
        "from portal import create_app\n"
        "from portal.config import load_settings\n"
        "create_app(load_settings(_env_file=None, oidc_issuer='https://login.example.org', oidc_client_id='a',"
        " oidc_client_secret='b', google_client_id='c', google_client_secret='d'))\n"
        "print([name for name in ('authlib', 'joserfc', 'requests') if name in sys.modules])\n"
    )
    environment = {"PORTAL_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_the_page_shows_what_is_set_and_no_secret(sso, client, make, sign_in, provider):
    sign_in(client, make.admin())
    page = client.get("/admin/sign-in").text
    assert provider.issuer in page
    assert f"http://localhost{CALLBACK}" in page
    assert "uni.example" in page
    assert "gets one as a student" in page
    assert "what only the two know" not in page


def test_the_page_says_how_to_begin(app, client, make, sign_in):
    sign_in(client, make.admin())
    page = client.get("/admin/sign-in").text
    assert "No provider is set" in page
    assert "OIDC_ALLOWED_DOMAINS is empty" in page
    assert client.post("/admin/sign-in/google/check").status_code == 404


def check(client) -> str:
    answer = client.post("/admin/sign-in/oidc/check")
    assert answer.status_code == 200
    return answer.text


def test_a_provider_that_works_is_in_order(sso, client, make, sign_in):
    sign_in(client, make.admin())
    said = check(client)
    assert "It knows the portal&#39;s client id and secret." in said
    assert "Keys that it signs with: 1." in said
    assert 'class="ill"' not in said


@pytest.mark.parametrize("wrong", [{"oidc_client_secret": "wrong"}, {"oidc_client_id": "stranger"}])
def test_a_provider_that_does_not_know_the_portal_says_so(sso, client, make, sign_in, monkeypatch, wrong):
    use(sso, monkeypatch, **wrong)
    sign_in(client, make.admin())
    assert "It does not take the portal&#39;s client id and secret." in check(client)


def test_a_provider_that_is_away_is_named(sso, client, make, sign_in, provider):
    provider.stop()
    sign_in(client, make.admin())
    assert f"{provider.issuer}/.well-known/openid-configuration does not answer." in check(client)


METADATA = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"issuer": "https://else.example"}, "It calls itself https://else.example"),
        ({"issuer": None}, "It calls itself None"),
        ({"token_endpoint": None}, "no usable token_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no usable authorization_endpoint"),
        ({"jwks_uri": "http://else.example/keys"}, "no usable jwks_uri"),
        ({"jwks_uri": "http://[::1"}, "no usable jwks_uri"),
        ({"code_challenge_methods_supported": ["plain"]}, "code_challenge_methods_supported has no S256"),
    ],
)
def test_what_is_wrong_with_a_provider_is_said(app, client, make, sign_in, forger, monkeypatch, changed, said):
    use(app, monkeypatch, **forger.settings())
    sign_in(client, make.admin())
    forger.answers[METADATA] |= changed
    page = check(client)
    assert said in page
    assert 'class="ill"' in page


@pytest.mark.parametrize("answer", [("<html>", 200), ([], 200), ({}, 500), ("", 302), ({}, 404)])
def test_a_provider_that_answers_oddly_is_named_and_not_followed(
    app, client, make, sign_in, forger, monkeypatch, answer
):
    use(app, monkeypatch, **forger.settings())
    forger.answers[METADATA] = answer
    assert client.get("/sign-in/oidc").status_code == 303
    sign_in(client, make.admin())
    assert "without what belongs there" in check(client)
    assert "/elsewhere" not in [path for path, _form, _headers in forger.seen]


@pytest.mark.parametrize("keys", [{}, {"keys": "x"}, {"keys": [1]}, []])
def test_odd_keys_are_named(app, client, make, sign_in, forger, monkeypatch, keys):
    use(app, monkeypatch, **forger.settings())
    forger.answers["/keys"] = keys
    sign_in(client, make.admin())
    assert 'class="ill"' in check(client)
