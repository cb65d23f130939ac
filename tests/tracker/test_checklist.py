"""The checklist as administrators keep it, and what becomes of the weeks."""

import re

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.tracker.models import ChecklistItem
from tests.tracker.support import DONE, FORMATIVE, SYNC, stored, tick

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]
NEW = {"label_en": "Office hours held", "label_fr": "Permanence tenue", "from_week": "3", "to_week": ""}


@pytest.fixture
def admin(client, make, sign_in):
    sign_in(client, make.admin())
    return client


def order(client):
    return re.findall(r'<a class="to" href="/checklist/\d+">([^<]+)', client.get("/checklist/").text)


def keys(app):
    with app.app_context():
        return set(db.session.scalars(select(ChecklistItem.key)))


def test_the_list_says_when_each_item_is_expected(admin, count_sql):
    with count_sql() as sql:
        text = admin.get("/checklist/").text
    assert len(sql) == 3, sql.text
    for said in ("Weeks 1 to 7", "From week 14", "Every week", "Notes de l’évaluation formative 1"):
        assert said in text
    assert len(order(admin)) == 6


def test_a_new_item_is_expected_of_weeks_that_are_not_begun(app, admin, make, offering, week, facilitator, sign_in):
    begun = make.log(offering, 2)
    sign_in(admin, facilitator)
    tick(admin, begun, SYNC, DONE)
    sign_in(admin, make.admin())
    answer = admin.post("/checklist/new", data=NEW, follow_redirects=True)
    assert "“Office hours held” is on the checklist." in answer.text
    assert order(admin)[-1] == "Office hours held"
    assert "office_hours_held" in keys(app)
    sign_in(admin, facilitator)
    assert "Office hours held" in admin.get(f"/tracker/logs/{week.id}").text
    # What is begun keeps what it had, and is not asked for more.
    assert "Office hours held" not in admin.get(f"/tracker/logs/{begun.id}").text
    refused = tick(admin, begun, "office_hours_held", DONE, version=2)
    assert refused.status_code == 422
    assert "1 of 3" in admin.get("/tracker/").text
    assert tick(admin, week, "office_hours_held", DONE).status_code == 200
    assert stored(app, week)[1]["office_hours_held"] == DONE


def test_where_a_person_stands_counts_what_each_week_has(admin, make, offering, week, facilitator, sign_in):
    sign_in(admin, facilitator)
    tick(admin, week, SYNC, DONE)
    make.log(offering, 2)
    sign_in(admin, make.admin())
    admin.post("/checklist/new", data=NEW | {"from_week": "1"})
    sign_in(admin, facilitator)
    # Three that the begun week has, four that the other is to get.
    assert "<strong>1 of 7</strong> items are done" in admin.get("/tracker/").text


def test_a_retired_item_stays_where_it_is_and_comes_back(app, admin, make, offering, week, facilitator, sign_in):
    sign_in(admin, facilitator)
    tick(admin, week, FORMATIVE, DONE)
    sign_in(admin, make.admin())
    with app.app_context():
        item_id = db.session.scalar(select(ChecklistItem.id).where(ChecklistItem.key == FORMATIVE))
    answer = admin.post(f"/checklist/{item_id}/active", data={"active": "0"}, follow_redirects=True)
    assert "is retired. Weeks that have it keep it." in answer.text
    sign_in(admin, facilitator)
    assert "Formative one grading" in admin.get(f"/tracker/logs/{week.id}").text
    assert "Formative one grading" not in admin.get(f"/tracker/logs/{make.log(offering, 2).id}").text
    sign_in(admin, make.admin())
    assert admin.post(f"/checklist/{item_id}/active", data={"active": "1"}).status_code == 303
    assert order(admin)[-1] == "Formative one grading"


def test_the_last_item_in_use_cannot_be_retired(app, admin):
    with app.app_context():
        ids = list(db.session.scalars(select(ChecklistItem.id).order_by(ChecklistItem.id)))
    for item_id in ids[:-1]:
        assert admin.post(f"/checklist/{item_id}/active", data={"active": "0"}).status_code == 303
    answer = admin.post(f"/checklist/{ids[-1]}/active", data={"active": "0"})
    assert answer.status_code == 409
    assert "the last item cannot be retired" in answer.text


def test_items_move_up_and_down_and_stop_at_the_ends(admin):
    first, second, *_rest = before = order(admin)
    assert admin.post("/checklist/1/move", data={"to": "up"}).status_code == 303
    assert order(admin) == before
    assert admin.post("/checklist/1/move", data={"to": "down"}).location == "/checklist/#item-1"
    assert order(admin)[:2] == [second, first]
    assert admin.post("/checklist/999/move", data={"to": "up"}).status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("label_fr", "", "Both languages are needed"),
        ("label_fr", " \x00 ", "Both languages are needed"),
        ("label_en", "x" * 101, "At most 100 characters."),
        ("label_en", "Intranet  SYNC", "There is an item of this name already."),
        ("from_week", "0", "from 1 to 60"),
        ("from_week", "two", "Not a valid integer value"),
        ("from_week", "9" * 30, "from 1 to 60"),
        ("to_week", "2", "from 3 to 60"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_typed_is_lost(app, admin, field, value, said):
    before = keys(app)
    answer = admin.post("/checklist/new", data=NEW | {field: value})
    assert answer.status_code in {409, 422}
    assert said in answer.text
    assert "Permanence tenue" in answer.text or field == "label_fr"
    assert keys(app) == before


def test_two_administrators_at_one_item_lose_nothing(app, admin):
    page = admin.get("/checklist/5").text
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    mine = {
        "label_en": "Intranet in step",
        "label_fr": "Intranet à jour",
        "from_week": "1",
        "to_week": "",
        "version": version,
    }
    assert admin.post("/checklist/5", data=mine | {"label_en": "Intranet up to date"}).status_code == 303
    stale = admin.post("/checklist/5", data=mine)
    assert stale.status_code == 409
    assert "Someone changed this item meanwhile." in stale.text
    assert 'value="Intranet in step"' in stale.text
    version = re.search(r'name="version" value="(\d+)"', stale.text)[1]
    assert admin.post("/checklist/5", data=mine | {"version": version}).status_code == 303
    with app.app_context():
        events = db.session.scalars(select(AuditEvent).where(AuditEvent.entity == "checklist_items")).all()
        assert [event.changes["label_en"] for event in events] == [
            ["Intranet sync", "Intranet up to date"], ["Intranet up to date", "Intranet in step"],
        ]  # fmt: skip
    assert "intranet_sync" in keys(app)
    assert "There was nothing to change." in admin.post("/checklist/5", data=mine, follow_redirects=True).text


def test_keys_of_labels_without_letters_are_made_up_and_unique(app, admin):
    for number, label in enumerate(("时间", "Журнал", "!!!", "Office hours held", "Office hours: held")):
        data = NEW | {"label_en": label, "label_fr": f"Mot {number}"}
        assert admin.post("/checklist/new", data=data).status_code == 303
    assert {"item", "item_2", "item_3", "office_hours_held", "office_hours_held_2"} <= keys(app)


def test_there_is_an_end_to_items(admin):
    for number in range(14):
        data = NEW | {"label_en": f"Item {number}", "label_fr": f"Point {number}"}
        assert admin.post("/checklist/new", data=data).status_code == 303
    answer = admin.post("/checklist/new", data=NEW)
    assert answer.status_code == 409
    assert "There are 20 items already." in answer.text


def test_the_reader_sees_the_item_in_their_language(client, make, admin, offering, sign_in):
    admin.post("/checklist/new", data=NEW)
    for locale, label in (("en", "Office hours held"), ("fr", "Permanence tenue")):
        teacher = make.facilitator(locale=locale)
        log = make.log(make.offering(teacher), 3)
        sign_in(client, teacher)
        assert label in client.get(f"/tracker/logs/{log.id}").text
