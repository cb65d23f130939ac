"""The numbers that the portal gives people of whom no file says one."""

import pytest
from sqlalchemy import select

from portal.accounts.models import Facilitator, Student
from portal.accounts.services import administration
from portal.accounts.services.administration import NewPerson
from portal.accounts.services.people import UserDraft
from portal.audit.services import System
from portal.extensions import db
from portal.roles import Role


@pytest.mark.every_database
@pytest.mark.in_turn
@pytest.mark.parametrize("role", [Role.STUDENT, Role.FACILITATOR])
def test_a_number_that_somebody_has_keeps_nobody_out(app, make, role):
    """A file of another portal may hold the numbers that this one would give next."""
    next_one = make.admin().user_id + 2
    number = {"employee_id" if role is Role.FACILITATOR else "student_number": f"U{next_one:06d}"}
    (make.facilitator if role is Role.FACILITATOR else make.student)(profile=number)
    with app.app_context():
        user = administration.add_person(NewPerson(UserDraft("zoe@example.org", role, "Zoé")), Role.ADMIN, System())
        assert user.id == next_one
        profile = Facilitator if role is Role.FACILITATOR else Student
        mine = db.session.scalars(select(profile).where(profile.user_id == user.id)).one()
        given = mine.employee_id if role is Role.FACILITATOR else mine.student_number
        assert given.startswith(f"U{next_one:06d}-")
