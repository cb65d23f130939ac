"""Stages that an administrator adds to the ladder: they tell the same people once more, and nobody twice at once."""

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.extensions import db
from portal.tracker.ladder import ALERT, DUE, ESCALATED, MISSING, TODAY
from portal.tracker.models import ReminderStage
from portal.tracker.services.reminders import ReminderCounts
from tests.support.mail import DEADLINE
from tests.support.passes import one_pass, told

pytestmark = pytest.mark.in_turn

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def log(make, frozen_time):
    """The log of the present week, due on Monday."""
    return make.log(make.offering(make.facilitator()), 3)


@pytest.fixture
def enter(client, make, sign_in, frozen_time):
    """Signs an administrator in, again after the clock has jumped."""
    person = make.admin()
    return lambda: sign_in(client, person)


@pytest.fixture
def administrator(client, enter):
    enter()
    return client


def add(client, who, days):
    return client.post("/admin/reminders/", data={"who": who, "new_days": days})


def kept(app):
    with app.app_context():
        rows = db.session.scalars(select(ReminderStage).order_by(ReminderStage.working_days, ReminderStage.id))
        return {row.key: (row.working_days, row.id) for row in rows}


@pytest.mark.every_database
def test_a_stage_that_was_added_tells_them_once_more_and_a_removed_one_does_not(
    app, log, administrator, enter, make, frozen_time
):
    manager, head = make.manager(), make.manager(is_head=True)
    for who, days in ((DUE, 4), (MISSING, 3), (ALERT, 5), (ESCALATED, 6)):
        assert add(administrator, who, days).status_code == 303
    assert "It is missing, once more" in administrator.get("/admin/reminders/").text
    with app.app_context():
        moment = DEADLINE - 8 * DAY
        while moment < DEADLINE + 12 * DAY:
            one_pass(moment, frozen_time)
            moment += 12 * HOUR
        found = told()
    assert Counter(kind for kind, _person in found) == {DUE: 2, TODAY: 1, MISSING: 2, ALERT: 4, ESCALATED: 2}
    assert Counter(person for kind, person in found if kind == ALERT) == {manager.user_id: 2, head.user_id: 2}
    enter()
    page = administrator.get(f"/tracker/logs/{log.id}").text
    assert (page.count("that it is missing"), page.count("first reminder")) == (6, 2)


@pytest.mark.every_database
def test_after_an_outage_only_the_last_of_several_stages_is_told(app, log, administrator, enter, make, frozen_time):
    make.manager()
    for who, days in ((MISSING, 3), (MISSING, 5), (ALERT, 6)):
        add(administrator, who, days)
    with app.app_context():
        assert one_pass(DEADLINE + 30 * DAY, frozen_time) == ReminderCounts(missing=1, people=1, alerted=1, managers=1)
        assert one_pass(DEADLINE + 31 * DAY, frozen_time) == ReminderCounts()
    enter()
    stage_id = kept(app)["log_missing.3"][1]
    assert administrator.post(f"/admin/reminders/{stage_id}/remove", data={"version": 1}).status_code == 303
    assert "log_missing.3" not in kept(app)
    with app.app_context():
        assert one_pass(DEADLINE + 32 * DAY, frozen_time) == ReminderCounts(missing=1, people=1)
        assert one_pass(DEADLINE + 33 * DAY, frozen_time) == ReminderCounts()


@pytest.mark.parametrize(
    ("who", "days", "said"),
    [
        (MISSING, "1", "On this day these people are told already."),
        (DUE, "0", "Use a number from 1 to 10."),
        (ALERT, "21", "Use a number from"),
        (ALERT, "soon", "Not a valid integer"),
        ("log_today", "1", "Not a valid choice"),
    ],
)
def test_what_is_no_stage_is_told_at_its_field(app, administrator, who, days, said):
    answer = add(administrator, who, days)
    assert answer.status_code in (409, 422)
    assert said in answer.text
    assert len(kept(app)) == 5


def test_there_are_not_endless_stages_and_the_first_five_stay(app, administrator):
    assert [add(administrator, MISSING, days).status_code for days in (3, 5, 7, 9)] == [303, 303, 303, 422]
    stages = kept(app)
    administrator.post(f"/admin/reminders/{stages[MISSING][1]}/remove", data={"version": 1})
    administrator.post(f"/admin/reminders/{stages['log_missing.2'][1]}/remove", data={"version": 7})
    assert kept(app) == stages
    administrator.post(f"/admin/reminders/{stages['log_missing.2'][1]}/remove", data={"version": 1})
    assert administrator.post(f"/admin/reminders/{stages['log_missing.2'][1]}/remove").status_code == 404
    assert add(administrator, MISSING, 4).status_code == 303, "its name is free again"
