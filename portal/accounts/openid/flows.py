"""What a browser keeps, signed, between its way to a provider and back, and until an account is connected."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app, session
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeSerializer

from portal import clock
from portal.accounts.services.identities import ProviderAccount
from portal.accounts.services.tokens import derive_token
from portal.web.locale import safe_next

_FLOWS = "providers"
WAITING = "connecting"
_LASTS = timedelta(minutes=10)
# The cookie has room for 4 kB.
_MOST = 3
_LONGEST_ADDRESS = 300


@dataclass(frozen=True, slots=True)
class Flow:
    """One way to a provider and back. With `user_id` it connects an account to that of this person."""

    state: str
    next: str
    user_id: int | None

    @property
    def nonce(self) -> str:
        """What the provider has to put into what it signs."""
        return derive_token(current_app.config["SECRET_KEY"], "provider-nonce", self.state)

    @property
    def verifier(self) -> str:
        """What only who began this flow can show when they fetch its result (PKCE)."""
        return derive_token(current_app.config["SECRET_KEY"], "provider-verifier", self.state)


def begin_flow(name: str, next_address: str | None, user_id: int | None = None) -> Flow:
    """A new flow, which this browser alone can end."""
    wanted = next_address or ""
    is_inside = len(wanted) <= _LONGEST_ADDRESS and safe_next(wanted) == wanted
    flow = Flow(secrets.token_urlsafe(24), wanted if is_inside else "", user_id)
    kept = {
        "state": flow.state,
        "by": name,
        "next": flow.next,
        "user": user_id,
        "began": clock.now().isoformat(timespec="seconds"),
    }
    session[_FLOWS] = [*_live_flows(), kept][-_MOST:]
    return flow


def end_flow(name: str, state: str) -> Flow | None:
    """The flow with this state, which ends here; None when this browser has begun no such flow, or long ago."""
    flows = _live_flows()
    kept = next((one for one in flows if one["state"] == state), None)
    if _FLOWS in session:
        session[_FLOWS] = [one for one in flows if one is not kept]
    if kept is None or kept["by"] != name:
        return None
    return Flow(state, kept["next"], kept["user"])


def _live_flows() -> list[dict[str, Any]]:
    return [kept for kept in session.get(_FLOWS, []) if _is_live(kept)]


def _is_live(kept: Mapping[str, Any]) -> bool:
    return clock.now() - datetime.fromisoformat(kept["began"]) < _LASTS


# --- an account that is connected once its owner has signed in


@dataclass(frozen=True, slots=True)
class Waiting:
    """An account at a provider that is connected to a person's own as soon as they sign in."""

    user_id: int
    issuer: str
    subject: str
    provider: str
    email: str
    is_invited: bool
    began: str

    def named(self) -> dict[str, str]:
        """Which account it is, for a sentence."""
        return {"provider": self.provider, "email": self.email}


def wait_for_owner(user_id: int, account: ProviderAccount, *, is_invited: bool) -> None:
    """Keep a proved account for ten minutes."""
    began = clock.now().isoformat(timespec="seconds")
    facts = (account.issuer, account.subject, str(account.provider), account.email or "", is_invited, began)
    session[WAITING] = asdict(Waiting(user_id, *facts))


def present_waiting() -> Waiting | None:
    """What waits for its owner in this browser."""
    kept = session.get(WAITING)
    return Waiting(**kept) if kept and _is_live(kept) else None


def forget_waiting() -> None:
    """Connect nothing."""
    session.pop(WAITING, None)


# --- links that begin to connect an account: nobody else may make a person follow one


def connecting_token(name: str) -> str:
    """What the links on a person's own page carry; good for their present session."""
    return _serializer(name).dumps([current_user.id, current_user.session_id])


def is_connecting(name: str, token: str) -> bool:
    """Whether the person followed a link on their own page."""
    try:
        kept = _serializer(name).loads(token)
    except BadSignature:
        return False
    return bool(current_user.is_authenticated and kept == [current_user.id, current_user.session_id])


def _serializer(name: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"portal-connect-{name}")
