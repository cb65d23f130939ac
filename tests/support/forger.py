"""A provider that lies, for what no honest one can be made to say."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import time_machine
from flask.testing import FlaskClient
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry
from werkzeug import Request, Response
from werkzeug.serving import make_server

from portal import clock

CLIENT = "portal-client"
SHARED = "the-secret-of-both-which-is-long-enough-for-hs256"


@cache
def own_key() -> RSAKey:
    """The key that the provider signs with; making it takes longer than most tests that need none."""
    return RSAKey.generate_key(2048, {"kid": "own"}, private=True)


@cache
def curve_key() -> ECKey:
    """Its other key."""
    return ECKey.generate_key("P-256", {"kid": "curve"}, private=True)


@dataclass(slots=True)
class Forger:
    """What the provider answers, by path, and what it was sent."""

    port: int = 0
    answers: dict[str, Any] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, **more: Any) -> dict[str, Any]:
        """The portal's settings for it."""
        named = {"oidc_issuer": self.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SHARED}
        return {**named, "oidc_allowed_domains": "uni.example", **more}

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        form = dict(parse_qsl(request.get_data(as_text=True)))
        self.seen.append((request.path, form, dict(request.headers)))
        answer = self.answers.get(request.path, ({}, 404))
        body, status = answer if isinstance(answer, tuple) else (answer, 200)
        text = body if isinstance(body, str) else json.dumps(body)
        headers = {"Location": f"{self.issuer}/elsewhere"} if status in {302, 307} else {}
        return Response(text, status, headers, mimetype="application/json")(environ, start_response)

    def begin(self, client: FlaskClient, start: str = "/sign-in/oidc") -> dict[str, str]:
        """Begin to sign in; gives what the portal sends along."""
        sent = urlsplit(client.get(start).headers["Location"])
        return {name: values[0] for name, values in parse_qs(sent.query).items()}

    def claims(self, right_nonce: str, **changed: Any) -> dict[str, Any]:
        """Claims that are as they should be but for what is changed; None leaves one out."""
        now = int(clock.now().timestamp())
        right = {
            "iss": self.issuer,
            "sub": "eve",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": right_nonce,
            "email": "eve@uni.example",
            "email_verified": True,
        }
        return {name: value for name, value in (right | changed).items() if value is not None}

    def give(self, id_token: str, **more: Any) -> None:
        """Answer the next request for a token with this one."""
        self.answers["/token"] = {"access_token": "a", "token_type": "Bearer", "id_token": id_token, **more}


def sign(claims: dict[str, Any], key: Any = None, alg: str = "RS256", **header: Any) -> str:
    """A signed token."""
    key = key or own_key()
    registry = JWSRegistry(algorithms=[alg], strict_check_header=False)
    # In ASCII, so that it can say what no text may hold.
    return jws.serialize_compact({"alg": alg, "kid": key.kid, **header}, json.dumps(claims), key, registry=registry)


@pytest.fixture
def forger() -> Iterator[Forger]:
    """Answers on a free port as an honest provider would, until it is told otherwise."""
    forger = Forger()
    server = make_server("127.0.0.1", 0, forger, threaded=True)
    forger.port = server.server_port
    forger.answers = {
        "/.well-known/openid-configuration": {
            "issuer": forger.issuer,
            "authorization_endpoint": f"{forger.issuer}/auth",
            "token_endpoint": f"{forger.issuer}/token",
            "jwks_uri": f"{forger.issuer}/keys",
            "userinfo_endpoint": f"{forger.issuer}/me",
        },
        "/keys": {"keys": [own_key().as_dict(private=False), curve_key().as_dict(private=False)]},
    }
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield forger
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def time_at() -> Iterator[Any]:
    """`time_at(seconds)` stops the clock there."""
    with ExitStack() as stack:
        yield lambda seconds: stack.enter_context(time_machine.travel(seconds, tick=False))
