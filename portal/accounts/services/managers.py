"""What managers answer for. Whom alerts go to, and whom they see, follows from it."""

from collections.abc import Sequence

from sqlalchemy import select

from portal.accounts.models import Manager, User
from portal.accounts.queries.account import list_departments
from portal.accounts.services.people import set_departments
from portal.audit.services import Actor, record
from portal.errors import NotAllowed, NotFound, lazy
from portal.extensions import db
from portal.roles import Role


def answer_for(user_id: int, department_ids: Sequence[int], is_head: bool, by: Actor) -> bool:
    """Make a manager answer for exactly these departments, for all when there are none, as their head or not.

    False when nothing differs. Raises NotFound for nobody, NotAllowed for someone who is no manager.
    """
    user = db.session.scalar(select(User).where(User.id == user_id, User.anonymised_at.is_(None)).with_for_update())
    if user is None:
        raise NotFound(lazy("There is no such account."))
    manager = db.session.scalar(select(Manager).where(Manager.user_id == user_id))
    if manager is None or user.role is not Role.MANAGER:
        raise NotAllowed(lazy("Only managers answer for departments."))
    wanted = sorted(set(department_ids))
    has_other = wanted != sorted(list_departments(user_id))
    is_other = manager.is_head is not is_head
    if has_other:
        set_departments(user.email, wanted, by)
    if is_other:
        manager.is_head = is_head
        db.session.flush()
        record(by, "update", "managers", manager.id, is_head=(not is_head, is_head))
    return has_other or is_other
