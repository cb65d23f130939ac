"""Two administrators who remove each other at the same moment."""

import threading
from typing import Any

import pytest

from portal.accounts.models import User
from portal.accounts.services import administration
from portal.errors import Conflict
from portal.extensions import db
from portal.roles import Role
from portal.web.access import Actor


def race(app: Any, *deeds: Any) -> list[Any]:
    """Run deeds at the same moment, each in a thread with a session of its own; what each gave or raised."""
    barrier, found = threading.Barrier(len(deeds)), []

    def run(deed: Any) -> None:
        with app.app_context():
            barrier.wait()
            try:
                found.append(deed())
                db.session.commit()
            except Exception as error:
                db.session.rollback()
                found.append(error)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("deed", ["deactivate", "demote"])
def test_of_two_administrators_who_remove_each_other_one_stays(fresh_app, make_fresh, deed):
    one, other = make_fresh.admin(), make_fresh.admin()

    def remove(whom: Any, by: Any) -> Any:
        if deed == "deactivate":
            return lambda: administration.deactivate(whom.user_id, Actor(by.user_id, None))
        return lambda: administration.change_role(whom.user_id, Role.MANAGER, Role.ADMIN, Actor(by.user_id, None))

    found = race(fresh_app, remove(one, other), remove(other, one))
    assert sorted(isinstance(each, Conflict) for each in found) == [False, True], found
    with fresh_app.app_context():
        left = db.session.query(User).filter_by(role=Role.ADMIN, is_active=True).count()
        assert left == 1
