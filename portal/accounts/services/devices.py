"""Browsers in which people have signed in before."""

from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Device
from portal.accounts.queries.sessions import find_device
from portal.accounts.services.tokens import hash_token
from portal.database import IN_PLACE
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a request comes from; `secret` is what its device cookie holds, if it has one that we gave it."""

    user_agent: str | None = None
    network_address: str | None = None
    secret: str | None = None

    @property
    def device_hash(self) -> str | None:
        """What is kept of the secret."""
        return hash_token(self.secret) if self.secret else None


@dataclass(frozen=True, slots=True)
class Met:
    """A person's device; `surprising` when they have others, but never signed in with this one."""

    id: int
    surprising: bool


def meet_device(user_id: int, browser: Browser) -> Met:
    """Keep that a person signed in with this browser, which must have a secret."""
    device_id, has_others = find_device(user_id, browser.device_hash)
    if device_id is None:
        try:
            return Met(_add(user_id, browser), has_others)
        except IntegrityError:  # the same person signed in there at the same moment
            device_id, _ = find_device(user_id, browser.device_hash)
    used = update(Device).where(Device.id == device_id)
    used = used.values(last_used_at=clock.now(), user_agent=browser.user_agent)
    db.session.execute(used, execution_options=IN_PLACE)
    return Met(device_id or 0, surprising=False)


def _add(user_id: int, browser: Browser) -> int:
    row = Device(
        user_id=user_id,
        token_hash=browser.device_hash,
        user_agent=browser.user_agent,
        last_used_at=clock.now(),
    )
    with db.session.begin_nested():
        db.session.add(row)
    return row.id
