"""Signing in with what a provider would never say: forged, stolen, stale and foreign tokens."""

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any
from urllib.parse import unquote

import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import select

from portal.accounts.models import User
from portal.extensions import db
from tests.support.forger import CLIENT, SHARED, Forger, curve_key, own_key, sign
from tests.support.openid import CALLBACK, identities, is_in, use

pytestmark = pytest.mark.in_turn


@pytest.fixture
def lied_to(app, forger, monkeypatch):
    use(app, monkeypatch, **forger.settings())
    return app


def come(client, forger: Forger, id_token: Any, **more: Any):
    """Come back from the forger with this token, or with what a function makes of the nonce."""
    sent = forger.begin(client)
    forger.give(id_token(sent["nonce"]) if callable(id_token) else id_token, **more)
    return client.get(CALLBACK, query_string={"state": sent["state"], "code": "c"})


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unsigned(claims: dict[str, Any], alg: str = "none") -> str:
    header = {"alg": alg, "typ": "JWT", "kid": "own"}
    return ".".join(base64url(json.dumps(part).encode()) for part in (header, claims)) + "."


def by_secret(claims: dict[str, Any], secret: bytes) -> str:
    text = unsigned(claims, "HS256")[:-1]
    return f"{text}.{base64url(hmac.digest(secret, text.encode(), 'sha256'))}"


def test_an_honest_token_opens_the_door(lied_to, client, forger):
    assert come(client, forger, lambda nonce: sign(forger.claims(nonce))).status_code == 303
    assert is_in(client)


@pytest.mark.parametrize("alg", ["ES256", "PS256", "RS512"])
def test_other_signatures_of_the_provider_are_good_too(lied_to, client, forger, alg):
    key = curve_key() if alg == "ES256" else own_key()
    assert come(client, forger, lambda nonce: sign(forger.claims(nonce), key, alg)).status_code == 303


@cache
def strange_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "own"}, private=True)


FORGERIES = {
    "not signed": unsigned,
    "not signed, in other letters": lambda claims: unsigned(claims, "nOnE"),
    "signed with the secret of both": lambda claims: by_secret(claims, SHARED.encode()),
    "signed with the public key as a secret": lambda claims: by_secret(claims, own_key().as_pem(private=False)),
    "signed by somebody else": lambda claims: sign(claims, strange_key()),
    "signed by somebody else, whose key it brings": lambda claims: sign(
        claims, strange_key(), jwk=strange_key().as_dict(False)
    ),
    "with an unknown key": lambda claims: sign(claims, RSAKey.generate_key(2048, {"kid": "new"}, private=True)),
    "cut short": lambda claims: sign(claims)[:-8],
    "changed": lambda claims: ".".join((sign(claims).split(".")[0], unsigned(claims).split(".")[1], "AAAA")),
    "no token": lambda claims: "x",
    "empty": lambda claims: "",
    "no text": lambda claims: {"a": 1},
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_token_opens_nothing(lied_to, client, forger, forged):
    answer = come(client, forger, lambda nonce: forged(forger.claims(nonce)))
    assert answer.status_code == 400
    assert "That did not work" in answer.text
    assert not is_in(client)
    assert identities(lied_to) == []


NOW = 1_792_000_000
WRONG = {
    "another issuer": {"iss": "https://accounts.google.com"},
    "no issuer": {"iss": None},
    "for another portal": {"aud": "another-client"},
    "for several, and not for us": {"aud": ["another-client", "third"]},
    "for several, asked for by nobody": {"aud": [CLIENT, "another-client"]},
    "for several, asked for by another": {"aud": [CLIENT, "another-client"], "azp": "another-client"},
    "asked for by another": {"azp": "another-client"},
    "for nobody": {"aud": None},
    "of another sign-in": {"nonce": "another"},
    "of no sign-in": {"nonce": None},
    "over": {"exp": NOW - 61},
    "without an end": {"exp": None},
    "with an end that is none": {"exp": "tomorrow"},
    "of the future": {"iat": NOW + 61},
    "of an hour ago": {"iat": NOW - 3600},
    "of no time": {"iat": None},
    "not good yet": {"nbf": NOW + 61},
    "of nobody": {"sub": None},
    "of an empty name": {"sub": ""},
    "of a number": {"sub": 7},
    "of too long a name": {"sub": "x" * 256},
    "of a name with a zero": {"sub": "eve\x00"},
    "of a name that is no text": {"sub": "\ud800"},
    "of another access token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
def test_a_token_that_is_not_for_this_sign_in_opens_nothing(lied_to, client, forger, changed, time_at):
    time_at(NOW)
    answer = come(client, forger, lambda nonce: sign(forger.claims(nonce, **changed)))
    assert answer.status_code == 400
    assert identities(lied_to) == []


def test_clocks_may_differ_by_a_minute(lied_to, client, forger, time_at):
    time_at(NOW)
    changed = {"iat": NOW + 50, "exp": NOW - 50}
    assert come(client, forger, lambda nonce: sign(forger.claims(nonce, **changed))).status_code == 303


@pytest.mark.parametrize("said", [False, "false", "True", 1, "1", None, [True], {"a": 1}])
def test_an_address_is_checked_or_it_is_not(lied_to, client, forger, said):
    answer = come(client, forger, lambda nonce: sign(forger.claims(nonce, email_verified=said)))
    assert answer.status_code == 403
    assert identities(lied_to) == []


def test_the_word_true_is_as_good(lied_to, client, forger):
    assert come(client, forger, lambda nonce: sign(forger.claims(nonce, email_verified="true"))).status_code == 303


@pytest.mark.parametrize(
    "email",
    [
        "",
        "eve",
        "eve@uni.example@evil.example",
        "eve@evil.example\x00@uni.example",
        "\ud800@uni.example",
        7,
        ["eve@uni.example"],
        "x" * 250 + "@uni.example",
        "eve@uni.example, mallory@evil.example",
        "eve\n@uni.example",
    ],
)
def test_an_odd_address_is_none(lied_to, client, forger, email):
    answer = come(client, forger, lambda nonce: sign(forger.claims(nonce, email=email)))
    assert answer.status_code == 403
    assert "did not tell us your email address" in answer.text
    assert identities(lied_to) == []


def test_odd_claims_are_no_fault(lied_to, client, forger):
    odd = {"given_name": ["a"], "family_name": 5, "name": {"a": 1}, "locale": 9}
    assert come(client, forger, lambda nonce: sign(forger.claims(nonce, **odd))).status_code == 303
    with lied_to.app_context():
        assert db.session.scalar(select(User.first_name).where(User.email == "eve@uni.example")) == "eve"


def test_what_is_told_of_somebody_else_does_not_count(lied_to, client, forger):
    forger.answers["/me"] = {"sub": "adam", "email": "adam@uni.example", "email_verified": True}
    answer = come(client, forger, lambda nonce: sign(forger.claims(nonce, email=None)))
    assert answer.status_code == 400
    assert identities(lied_to) == []


def test_what_was_signed_stands(lied_to, client, forger):
    forger.answers["/me"] = {"sub": "eve", "email": "eve@uni.example", "email_verified": True}
    assert (
        come(client, forger, lambda nonce: sign(forger.claims(nonce, email=None, email_verified=False))).status_code
        == 403
    )


def test_the_provider_sees_the_secret_and_the_proof_of_the_same_browser(lied_to, client, forger):
    sent = forger.begin(client)
    forger.give(sign(forger.claims(sent["nonce"])))
    client.get(CALLBACK, query_string={"state": sent["state"], "code": "the code"})
    (form, headers) = next((form, headers) for path, form, headers in forger.seen if path == "/token")
    assert sent["code_challenge_method"] == "S256"
    digest = hashlib.sha256(form["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == sent["code_challenge"]
    assert form["code"] == "the code"
    assert form["redirect_uri"] == sent["redirect_uri"]
    assert "client_secret" not in form
    name, _, secret = base64.b64decode(headers["Authorization"].removeprefix("Basic ")).decode().partition(":")
    assert (unquote(name), unquote(secret)) == (CLIENT, SHARED)
    assert sent["state"] != sent["nonce"] != form["code_verifier"]


def test_a_provider_that_takes_the_secret_in_the_form_alone_gets_it_there(lied_to, client, forger):
    forger.answers["/.well-known/openid-configuration"]["token_endpoint_auth_methods_supported"] = [
        "client_secret_post"
    ]
    assert come(client, forger, lambda nonce: sign(forger.claims(nonce))).status_code == 303
    form = next(form for path, form, _headers in forger.seen if path == "/token")
    assert (form["client_id"], form["client_secret"]) == (CLIENT, SHARED)


def test_a_token_is_taken_by_the_time_of_the_portal(lied_to, client, forger, time_at):
    time_at(NOW)
    sent = forger.begin(client)
    forger.give(sign(forger.claims(sent["nonce"])))
    time_at(NOW + 361)
    assert client.get(CALLBACK, query_string={"state": sent["state"], "code": "c"}).status_code == 400


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (({"error": "invalid_grant"}, 400), 400),
        (({"error": "invalid_client"}, 401), 303),
        (("<html>busy</html>", 502), 303),
        (("<html>moved</html>", 307), 303),
        ({"access_token": "a", "token_type": "Bearer"}, 400),
        ([], 400),
        ("no json", 400),
    ],
)
def test_a_provider_that_gives_no_token_is_no_fault_of_the_portal(lied_to, client, forger, answer, status):
    sent = forger.begin(client)
    forger.answers["/token"] = answer
    said = client.get(CALLBACK, query_string={"state": sent["state"], "code": "c"})
    assert said.status_code == status
    assert "/elsewhere" not in [path for path, _form, _headers in forger.seen]
    assert identities(lied_to) == []
    assert client.get("/login").status_code == 200
