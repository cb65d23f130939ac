"""The conversation with a provider: the address to send people to, and the proof of who came back (Authlib)."""

from typing import Any
from urllib.parse import quote

import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from requests import RequestException

from portal import clock
from portal.accounts.openid.claims import read_account
from portal.accounts.openid.discovery import PATIENCE, read_keys, read_metadata
from portal.accounts.openid.flows import Flow
from portal.accounts.openid.providers import Provider, redirect_address
from portal.accounts.openid.troubles import NotProved, ProviderAway, ProviderRefused
from portal.accounts.services.identities import ProviderAccount
from portal.errors import lazy

log = structlog.get_logger()
# Signatures by keys that only the provider has: neither "none" nor those by the secret that both know.
_ALGORITHMS = [f"{kind}{size}" for kind in ("RS", "PS", "ES") for size in (256, 384, 512)] + ["EdDSA", "Ed25519"]
_IN_FORM = "client_secret_post"
# How far the clocks of two machines may differ, and how old a fresh token may be, in seconds.
_LEEWAY = 60
_OLDEST = 600


def authorization_address(provider: Provider, flow: Flow, language: str) -> str:
    """Where to send someone who wants to sign in. Raises ProviderAway."""
    metadata = read_metadata(provider)
    # Who connects another account should be asked for which.
    choice = {"prompt": "select_account"} if flow.user_id is not None and provider.name == "google" else {}
    with _client(provider) as client:
        address, _state = client.create_authorization_url(
            metadata["authorization_endpoint"],
            state=flow.state,
            nonce=flow.nonce,
            code_verifier=flow.verifier,
            ui_locales=language,
            **choice,
        )
    return str(address)


def check_sender(provider: Provider, issuer: str | None) -> None:
    """Raise NotProved unless this provider, and no other one, sent the person back (RFC 9207)."""
    promised = read_metadata(provider).get("authorization_response_iss_parameter_supported") is True
    if (issuer is None and promised) or (issuer is not None and issuer != provider.issuer):
        raise NotProved(f"answered by {issuer}")


def prove(provider: Provider, flow: Flow, code: str) -> ProviderAccount:
    """Who came back with this code.

    Raises NotProved when that cannot be told for sure, ProviderRefused when the provider does not take
    the code or the portal, ProviderAway when it does not answer.
    """
    metadata = read_metadata(provider)
    try:
        with _client(provider) as client:
            token = _fetch_token(client, provider, metadata, code=code, code_verifier=flow.verifier)
            claims = _check_token(provider, flow, token)
            return read_account(provider, claims | _ask_further(client, metadata, claims))
    except OAuthError as error:
        log.warning("provider_refused", provider=provider.name, error=error.error, description=error.description)
        if error.error == "invalid_grant":
            raise NotProved("invalid_grant") from None
        raise refused(provider) from None
    except (JoseError, ValueError, TypeError, KeyError) as error:
        log.warning("provider_not_believed", provider=provider.name, error=f"{type(error).__name__}: {error}")
        raise NotProved(str(error)) from None
    except RequestException as error:
        log.warning("provider_away", provider=provider.name, error=str(error))
        raise ProviderAway(provider, lazy("%(address)s does not answer.", address=metadata["token_endpoint"])) from None


def knows_us(provider: Provider) -> bool | None:
    """Whether the provider takes the portal's id and secret; None when it does not say. Raises ProviderAway."""
    metadata = read_metadata(provider)
    try:
        with _client(provider) as client:
            _fetch_token(client, provider, metadata, code="none", code_verifier="0" * 43)
    except OAuthError as error:
        return {"invalid_client": False, "unauthorized_client": False, "invalid_grant": True}.get(error.error)
    except (RequestException, ValueError) as error:
        log.warning("provider_away", provider=provider.name, error=str(error))
        raise ProviderAway(provider, lazy("%(address)s does not answer.", address=metadata["token_endpoint"])) from None
    return None


def refused(provider: Provider, error: str = "") -> ProviderRefused:
    """What a person is told when a provider sends them back without an answer."""
    if error == "access_denied":
        said = lazy("Nothing happened: you called it off, or the provider does not let you use the portal.")
    else:
        said = lazy("%(provider)s could not sign you in. Try again, or use another way.", provider=provider.heading)
    return ProviderRefused(said)


def _client(provider: Provider) -> OAuth2Session:
    return OAuth2Session(
        provider.client_id,
        provider.client_secret,
        token_endpoint_auth_method=_IN_FORM,
        scope="openid email profile",
        redirect_uri=redirect_address(provider.name),
        code_challenge_method="S256",
        default_timeout=PATIENCE,
        max_redirects=0,
        leeway=0,
    )


def _fetch_token(client: OAuth2Session, provider: Provider, metadata: dict[str, Any], **proof: str) -> dict[str, Any]:
    known = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    header = None
    if "client_secret_basic" in known:
        # In the header both are encoded as in a form (RFC 6749, 2.3.1), which Authlib leaves to us.
        header = (quote(provider.client_id, safe=""), quote(provider.client_secret, safe=""))
    found: dict[str, Any] = client.fetch_token(metadata["token_endpoint"], auth=header, **proof)
    return found


def _check_token(provider: Provider, flow: Flow, token: dict[str, Any]) -> dict[str, Any]:
    """The claims of the ID token, once everything about it is as it should be."""
    signed = token["id_token"]
    try:
        found = _decode(signed, read_keys(provider))
    except InvalidKeyIdError:  # the provider has a new key
        found = _decode(signed, read_keys(provider, anew=True))
    known = {"nonce": flow.nonce, "client_id": provider.client_id, "access_token": token.get("access_token")}
    wanted = {
        "iss": {"essential": True, "values": list(provider.spellings)},
        "aud": {"essential": True, "value": provider.client_id},
        "nonce": {"essential": True},
    }
    claims = CodeIDToken(found.claims, found.header, wanted, known)
    now = int(clock.now().timestamp())
    claims.validate(now=now, leeway=_LEEWAY)
    if claims["iat"] < now - _OLDEST:
        raise ValueError("the token is old")
    return dict(claims)


def _decode(signed: str, keys: dict[str, Any]) -> jwt.Token:
    usable: Any = [key for key in keys["keys"] if key.get("use", "sig") == "sig" and key.get("kty") != "oct"]
    registry = JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
    return jwt.decode(signed, KeySet.import_key_set({"keys": usable}), registry=registry)


def _ask_further(client: OAuth2Session, metadata: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    """What else the provider tells of a person: many leave the address out of what they sign."""
    address = metadata.get("userinfo_endpoint")
    if "email" in claims or not address:
        return {}
    answer = client.get(address)
    answer.raise_for_status()
    told = answer.json()
    if not isinstance(told, dict) or told.get("sub") != claims["sub"]:
        raise ValueError("the provider tells of somebody else")
    # What was signed stands.
    return {name: value for name, value in told.items() if name not in claims}
