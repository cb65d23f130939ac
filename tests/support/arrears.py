"""Many people who owe weekly logs, made in a few statements."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from portal.accounts.models import Facilitator, User
from portal.extensions import db
from portal.roles import Role
from portal.tracker.models import ActivityLog


def owe_each(offering_id: int, people: int, due_at: datetime, weeks: int = 1) -> list[str]:
    """So many facilitators who owe so many logs each, all of one course; gives their addresses.

    The course has as many weeks as that takes. Needs an application context, and commits.
    """
    names = [f"owing-{number:05}@example.org" for number in range(people)]
    locales = ("en", "fr")
    users: list[dict[str, Any]] = [
        {"email": email, "first_name": "Facilitator", "last_name": f"Number {number}", "role": Role.FACILITATOR,
         "locale": locales[number % 2], "is_confirmed": True, "name_folded": f"facilitator number {number}"}
        for number, email in enumerate(names)
    ]  # fmt: skip
    db.session.execute(insert(User), users)
    ids = db.session.scalars(select(User.id).where(User.email.like("owing-%")).order_by(User.email)).all()
    db.session.execute(insert(Facilitator), [{"user_id": one, "employee_id": f"O{one}"} for one in ids])
    wanted = select(Facilitator.id).join(User, User.id == Facilitator.user_id).where(User.email.like("owing-%"))
    teachers = db.session.scalars(wanted.order_by(User.email)).all()
    logs = [
        {"allocation_id": offering_id, "facilitator_id": teacher, "week_number": 100 + number * weeks + week,
         "week_start": (due_at - timedelta(days=7)).date(), "due_at": due_at}
        for number, teacher in enumerate(teachers)
        for week in range(weeks)
    ]  # fmt: skip
    db.session.execute(insert(ActivityLog), logs)
    db.session.commit()
    return names
