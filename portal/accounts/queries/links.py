"""Reads of one-time links, for the mails that carry them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.accounts.models import OneTimeToken
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class LinkRow:
    """What a link is made from, until when it works, and the address that it proves if that is not the account's."""

    nonce: str
    expires_at: datetime
    address: str | None


def find_link(token_ids: Sequence[int], now: datetime) -> LinkRow | None:
    """The newest of these links that still works; None when all are used, withdrawn or too old. One statement."""
    wanted = (
        select(OneTimeToken.nonce, OneTimeToken.expires_at, OneTimeToken.address)
        .where(
            OneTimeToken.id.in_(token_ids),
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now,
            OneTimeToken.nonce.is_not(None),
        )
        .order_by(OneTimeToken.id.desc())
        .limit(1)
    )
    row: Any = db.session.execute(wanted).one_or_none()
    return LinkRow(*row) if row else None
