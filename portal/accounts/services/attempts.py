"""The record of sign-ins: every attempt, and how it ended."""

import hashlib
import hmac

from sqlalchemy import update

from portal.accounts.models import SignIn, SignInOutcome
from portal.accounts.services.devices import Browser
from portal.extensions import db


def address_key(email: str, key: str) -> str:
    """What is kept of an address that someone typed; only the portal's key leads from an address to it."""
    typed = f"address:{email.strip().lower()}".encode(errors="replace")
    return hmac.new(key.encode(), typed, hashlib.sha256).hexdigest()


def settle(attempt_id: int, outcome: SignInOutcome, device_id: int | None = None) -> None:
    """Keep how an attempt ended, and with which device."""
    settled = update(SignIn).where(SignIn.id == attempt_id)
    settled = (
        settled.values(outcome=outcome) if device_id is None else settled.values(outcome=outcome, device_id=device_id)
    )
    db.session.execute(settled, execution_options={"synchronize_session": False})


def add_success(user_id: int, key: str, method: str, browser: Browser, device_id: int) -> None:
    """Keep a sign-in by something that cannot be guessed, such as a link."""
    db.session.add(
        SignIn(
            user_id=user_id,
            address_key=key,
            outcome=SignInOutcome.SUCCEEDED,
            method=method,
            device_id=device_id,
            user_agent=browser.user_agent,
            network_address=browser.network_address,
        )
    )
