"""Links that work once. A database that leaks opens no account: neither a token nor the portal's key stands in it.

A token is derived from the key and a random nonce, so that the mail which carries it can be written at the
moment of sending, and again after a failure, without the token ever being stored.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import OneTimeToken
from portal.accounts.services.locking import lock_account
from portal.bulk import in_chunks, insert_rows
from portal.database import IN_PLACE
from portal.extensions import db


class Purpose(StrEnum):
    """What a link is for."""

    INVITATION = "invitation"
    CONFIRMATION = "confirmation"
    RESET = "reset"
    NOTIFICATION_ADDRESS = "notification_address"


LASTS: Mapping[Purpose, timedelta] = {
    Purpose.INVITATION: timedelta(days=7),
    Purpose.CONFIRMATION: timedelta(days=7),
    Purpose.RESET: timedelta(hours=1),
    Purpose.NOTIFICATION_ADDRESS: timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Issued:
    """A new link: the id of its row, which may be told to anyone, and the token, which may not."""

    id: int
    token: str


def issue_token(user_id: int, purpose: Purpose, key: str, *, address: str | None = None) -> Issued:
    """A new link for an account; earlier ones for the same purpose stop working. `key` is the portal's secret key."""
    end_tokens([user_id], purpose)
    nonce = secrets.token_hex(16)
    token = derive_token(key, purpose, nonce)
    row = OneTimeToken(
        user_id=user_id,
        token_hash=hash_token(token),
        nonce=nonce,
        purpose=purpose,
        address=address,
        expires_at=clock.now() + LASTS[purpose],
    )
    db.session.add(row)
    db.session.flush()
    return Issued(row.id, token)


def issue_tokens(user_ids: Iterable[int], purpose: Purpose, key: str) -> dict[int, int]:
    """New links for many accounts: the ids of their rows by user id. A few statements for each 500 accounts."""
    found: dict[int, int] = {}
    for part in in_chunks(user_ids):
        end_tokens(part, purpose)
        nonces = {secrets.token_hex(16): user_id for user_id in part}
        insert_rows(OneTimeToken, [_row(user_id, purpose, nonce, key) for nonce, user_id in nonces.items()])
        rows = db.session.execute(select(OneTimeToken.nonce, OneTimeToken.id).where(OneTimeToken.nonce.in_(nonces)))
        found.update({nonces[nonce]: row_id for nonce, row_id in rows if nonce})
    return found


def _row(user_id: int, purpose: Purpose, nonce: str, key: str) -> dict[str, object]:
    return {
        "user_id": user_id,
        "token_hash": hash_token(derive_token(key, purpose, nonce)),
        "nonce": nonce,
        "purpose": purpose,
        "expires_at": clock.now() + LASTS[purpose],
    }


def use_token(token_id: int, user_id: int) -> bool:
    """Use a link of a person up; False when someone else just did."""
    # The account before its links, as whoever sends another one does.
    lock_account(user_id)
    used = db.write(
        update(OneTimeToken)
        .where(OneTimeToken.id == token_id, OneTimeToken.used_at.is_(None))
        .values(used_at=clock.now())
        .execution_options(**IN_PLACE)
    )
    return bool(used)


def end_tokens(user_ids: Iterable[int], *purposes: Purpose) -> int:
    """Make the unused links of accounts work no more, of all purposes when none is named; gives how many those were."""
    ended = 0
    for part in in_chunks(user_ids):
        unused = update(OneTimeToken).where(OneTimeToken.user_id.in_(part), OneTimeToken.used_at.is_(None))
        if purposes:
            unused = unused.where(OneTimeToken.purpose.in_(purposes))
        done = db.write(unused.values(used_at=clock.now()), execution_options=IN_PLACE)
        ended += done
    return ended


def derive_token(key: str, purpose: str, nonce: str) -> str:
    """The token of a link: 43 letters that only whoever knows the portal's key can make."""
    made = hmac.new(key.encode(), f"one-time:{purpose}:{nonce}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def hash_token(token: str) -> str:
    """What is kept of a token: its SHA-256, since the token itself is 256 bits that nobody can guess."""
    return hashlib.sha256(token.encode()).hexdigest()
