"""Accounts that the academic office opens for someone, at once and with a password."""

from collections.abc import Sequence

from sqlalchemy import select, update

from portal.accounts import passwords
from portal.accounts.models import Facilitator, User
from portal.accounts.services.administration import NewPerson, add_person, check_may_look_after
from portal.accounts.strength import check_strength
from portal.audit.services import Actor, record
from portal.database import IN_PLACE
from portal.extensions import db
from portal.roles import Role


def open_account(
    wanted: NewPerson, password: str, acting: Role, by: Actor, *, specialization: str = "", about: Sequence[str] = ()
) -> User:
    """A new account that needs no confirmation: whoever opens it answers for its address.

    Raises as `administration.add_person` does, and DomainError on `password` when it will not do.
    """
    check_may_look_after(acting, wanted.user.role)
    draft = wanted.user
    check_strength(password, (draft.first_name, draft.last_name, draft.email, *about))
    # No transaction stays open while bcrypt works.
    db.session.rollback()
    hashed = passwords.hash_password(password)
    user = add_person(wanted, acting, by)
    user.password_hash = hashed
    db.session.flush()
    set_specialization(user.id, specialization, by)
    return user


def set_specialization(user_id: int, specialization: str, by: Actor) -> None:
    """What a facilitator teaches, in words; nothing happens without words or to anyone else."""
    mine = Facilitator.user_id == user_id
    found = db.session.scalar(select(Facilitator.id).where(mine)) if specialization else None
    if found is None:
        return
    changed = update(Facilitator).where(mine).values(specialization=specialization)
    db.session.execute(changed, execution_options=IN_PLACE)
    record(by, "update", "facilitators", found, specialization=(None, specialization))
