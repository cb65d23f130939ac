import pytest

from portal.roles import Role
from tests.tracker.support import DONE, FORMATIVE, GRADES, NOT_STARTED, PENDING, SYNC, audited, stored, tick

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]


def test_the_first_tick_starts_the_log_with_a_row_for_every_expected_item(app, owner, week, facilitator):
    answer = tick(owner, week, SYNC, DONE)
    assert answer.status_code == 200
    row, statuses = stored(app, week)
    assert statuses == {FORMATIVE: NOT_STARTED, SYNC: DONE, GRADES: NOT_STARTED}
    assert (row.done_count, row.version, row.started_at is not None) == (1, 2, True)
    assert audited(app, week) == [("fill_in", facilitator.user_id, {SYNC: [NOT_STARTED, DONE]})]


def test_the_answer_is_the_switch_with_what_the_tick_changed_around_it(owner, week):
    tick(owner, week, SYNC, DONE)
    tick(owner, week, FORMATIVE, DONE, version=2)
    answer = tick(owner, week, GRADES, DONE, version=3)
    assert f'id="set-{week.id}-{GRADES}"' in answer.text
    assert f'name="version" id="version-{week.id}" value="4"' in answer.text
    assert "3 of 3 items done" in answer.text
    assert "primary" in answer.text
    assert len(answer.data) <= 2048
    assert "logs-changed" in answer.headers["HX-Trigger"]


def test_a_tick_takes_five_statements(owner, week, count_sql):
    for status, was in [(DONE, NOT_STARTED), (PENDING, DONE)]:
        with count_sql() as sql:
            assert tick(owner, week, SYNC, status, was).status_code == 200
        assert len(sql) == 5, sql.text


def test_ticking_what_stands_already_writes_nothing(app, owner, week, count_sql):
    tick(owner, week, SYNC, DONE)
    with count_sql() as sql:
        assert tick(owner, week, SYNC, DONE, version=2).status_code == 200
    assert len(sql) == 2, sql.text
    assert stored(app, week)[0].version == 2


def test_without_javascript_a_tick_goes_back_to_the_page(app, owner, week):
    answer = tick(owner, week, SYNC, DONE, htmx=False)
    assert answer.status_code == 303
    assert answer.location == f"/tracker/#log-{week.id}"
    assert stored(app, week)[1][SYNC] == DONE


def test_someone_elses_log_is_not_found(app, client, make, sign_in, week):
    sign_in(client, make.facilitator())
    assert tick(client, week, SYNC, DONE).status_code == 404
    assert stored(app, week)[1] == {}


def test_a_former_facilitator_still_owes_what_was_missed_and_the_new_one_does_not(
    client, make, sign_in, facilitator, offering
):
    missed = make.log(offering, 1, facilitator_id=make.facilitator().profile_id)
    sign_in(client, facilitator)
    assert tick(client, missed, SYNC, DONE).status_code == 404


@pytest.mark.parametrize("role", [Role.STUDENT, Role.MANAGER, Role.ADMIN])
def test_other_roles_may_not_tick(app, client, make, sign_in, week, role):
    sign_in(client, getattr(make, role)())
    assert tick(client, week, SYNC, DONE).status_code == 403
    assert stored(app, week)[1] == {}


def test_a_manager_who_teaches_ticks_their_own(client, make, sign_in, offering):
    teaching = make.manager()
    from tests.support.people import add_facilitator_profile

    with client.application.app_context():
        teaching = add_facilitator_profile(teaching)
    week = make.log(offering, 3, facilitator_id=teaching.profile_id)
    sign_in(client, teaching)
    assert tick(client, week, SYNC, DONE).status_code == 200


def test_strangers_are_asked_to_sign_in(client, week):
    assert tick(client, week, SYNC, DONE).status_code == 401


def test_an_unknown_item_is_not_found(app, owner, week):
    answer = tick(owner, week, "make_coffee", DONE)
    assert answer.status_code == 404
    assert "make_coffee" in answer.text
    assert stored(app, week)[0].version == 1


def test_an_item_that_the_week_does_not_expect_is_refused_in_words(app, owner, week):
    answer = tick(owner, week, "summative_grading", DONE)
    assert answer.status_code == 422
    assert "not expected in week 3" in answer.text
    assert stored(app, week)[1] == {}


@pytest.mark.parametrize("status", ["", "done", "Finished", "🎉", "x" * 10_000])
def test_an_unknown_status_is_refused_in_words(app, owner, week, status):
    answer = tick(owner, week, SYNC, status)
    assert answer.status_code == 422
    assert "Choose Not started, Pending or Done." in answer.text
    assert stored(app, week)[0].version == 1


@pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 400, "１"])
def test_a_version_that_makes_no_sense_does_no_harm(owner, week, version):
    assert tick(owner, week, SYNC, DONE, version=version).status_code == 200


def test_no_such_log(owner):
    assert owner.post("/tracker/logs/999999999/items/intranet_sync").status_code == 404


def test_a_tick_without_anything_in_it_is_refused(owner, week):
    assert owner.post(f"/tracker/logs/{week.id}/items/{SYNC}").status_code == 422


def test_an_item_that_was_answered_stays_when_it_is_not_expected_any_more(app, owner, week):
    tick(owner, week, SYNC, DONE)
    from sqlalchemy import update

    from portal.extensions import db
    from portal.tracker.models import ChecklistItem

    with app.app_context():
        db.session.execute(update(ChecklistItem).where(ChecklistItem.key == SYNC).values(is_active=False))
        db.session.commit()
    assert "Intranet sync" in owner.get("/tracker/").text
    assert tick(owner, week, SYNC, PENDING, was=DONE, version=2).status_code == 200
