"""Attempts to sign in, and the account that one is for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, select

from portal.accounts.models import Device, SignIn, SignInOutcome, User
from portal.accounts.queries.people import PERSON, Person, typed_address
from portal.extensions import db


@dataclass(frozen=True, slots=True)
class Account:
    """Whom an address belongs to, what proves it, and the device that asks, if the account knows it."""

    person: Person
    password_hash: str | None
    is_confirmed: bool
    device_id: int | None


def find_account(email: str, device_hash: str | None) -> Account | None:
    """The account of an address. One statement."""
    address = typed_address(email)
    if address is None:
        return None
    mine = and_(Device.user_id == User.id, Device.token_hash == (device_hash or ""))
    wanted = PERSON.add_columns(User.password_hash, User.is_confirmed, Device.id).outerjoin(Device, mine)
    row = db.session.execute(wanted.where(User.email == address)).one_or_none()
    if row is None or row.email != address:  # MariaDB finds "jose" for "josé" too
        return None
    *of_person, password_hash, is_confirmed, device_id = row
    return Account(Person(*of_person), password_hash, is_confirmed, device_id)


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that failed, or whose end is not known yet."""

    at: datetime
    device_id: int | None
    network_address: str | None


def list_failures(address_key: str, since: datetime, but: int) -> list[Failure]:
    """The attempts at an address that have not succeeded, newest first, without one of them. One statement."""
    wanted = (
        select(SignIn.created_at, SignIn.device_id, SignIn.network_address)
        .where(
            SignIn.address_key == address_key,
            SignIn.created_at > since,
            SignIn.outcome.in_((SignInOutcome.FAILED, SignInOutcome.STARTED)),
            SignIn.id != but,
        )
        .order_by(SignIn.created_at.desc(), SignIn.id.desc())
    )
    return [Failure(*row) for row in db.session.execute(wanted)]
