"""A course's weeks and items in one table, and a week that opens beneath its row."""

import re

import pytest

from portal.extensions import db
from portal.tracker.models import ItemStatus
from tests.tracker.support import DONE, FORMATIVE, HTMX, PENDING, send, tick

pytestmark = pytest.mark.in_turn


@pytest.fixture
def address(offering):
    return f"/tracker/courses/{offering.id}"


def cells(text):
    """What the cells of the items say, week by week."""
    rows = re.findall(r"<tr.*?</tr>", text.partition("<tbody")[2], re.DOTALL)
    return [
        [re.sub(r"<.*?>", "", cell).strip() for cell in re.findall(r'<td class="item">(.*?)</td>', row, re.DOTALL)]
        for row in rows
        if 'class="item"' in row
    ]


def test_each_item_of_each_week_has_its_cell(make, owner, offering, address):
    make.log(offering, 1)
    second = make.log(offering, 2)
    make.log(offering, 9)
    tick(owner, second, FORMATIVE, DONE)
    tick(owner, second, "intranet_sync", PENDING, version=2)
    text = owner.get(address).text
    early, ticked, late = cells(text)
    heads = re.findall(r'<th scope="col" class="item"><span>(.*?)</span>', text)
    assert len(heads) == len(early) == len(ticked) == len(late)
    assert "Done" in ticked
    assert "Pending" in ticked
    # What is not expected in a week has an empty cell there, and a word where it is.
    assert early != late
    assert set(early) == {"", "Not started"}
    assert len(heads) == sum(any(row[at] for row in (early, late)) for at in range(len(heads)))


def test_a_week_opens_in_the_address_and_closes_again(owner, offering, address, week):
    closed = owner.get(address).text
    assert 'aria-expanded="false"' in closed
    assert "Submit week 3" not in closed
    opened = owner.get(f"{address}?week={week.id}").text
    assert 'aria-expanded="true"' in opened
    assert "Submit week 3" in opened
    assert f'href="{address}#week-{week.id}"' in opened
    # Without scripts the form leads back to where it stood.
    assert f'name="next" value="{address}?week={week.id}"' in opened
    back = send(owner, week, htmx=False, next=f"{address}?week={week.id}", notes="Kept")
    assert back.headers["Location"] == f"{address}?week={week.id}#log-{week.id}"
    assert "Kept" in owner.get(f"{address}?week={week.id}").text


@pytest.mark.parametrize("wrong", ["x", "0", "999999", "-1", "9" * 40])
def test_an_address_that_names_no_week_opens_none(owner, address, week, wrong):
    answer = owner.get(f"{address}?week={wrong}")
    assert answer.status_code == 200
    assert 'aria-expanded="true"' not in answer.text


def test_the_parts_of_a_week(owner, address, week):
    part = f"{address}/weeks/{week.id}"
    opened = owner.get(part, headers=HTMX).text
    assert opened.startswith("<tbody")
    assert "Submit week 3" in opened
    closed = owner.get(f"{part}?part=closed", headers=HTMX).text
    assert closed.startswith("<tbody")
    assert "Submit week 3" not in closed
    row = owner.get(f"{part}?part=row", headers=HTMX).text
    assert row.startswith("<tr")
    assert "logs-changed" in row
    assert "Submit week 3" not in row


def test_a_week_of_another_course_is_not_found_there(make, owner, facilitator, address):
    other = make.log(make.offering(facilitator), 2)
    assert owner.get(f"{address}/weeks/{other.id}", headers=HTMX).status_code == 404


def test_who_manages_reads_a_week_in_place_and_finds_the_way_to_decide(client, make, sign_in, owner, address, week):
    send(owner, week, "submit", notes="What happened")
    sign_in(client, make.manager())
    text = client.get(f"{address}?week={week.id}").text
    assert "What happened" in text
    assert "Submit week" not in text
    assert "Excuse, extend or reopen week 3" in text
    assert "Submitted</li>" in text


def test_who_taught_before_opens_only_their_own_weeks(app, client, make, sign_in, offering, address):
    former = make.facilitator()
    theirs, another = make.log(offering, 1, facilitator_id=former.profile_id), make.log(offering, 2)
    sign_in(client, former)
    text = client.get(address).text
    assert f'id="to-week-{theirs.id}"' in text
    assert f'id="to-week-{another.id}"' not in text
    assert client.get(f"{address}/weeks/{theirs.id}", headers=HTMX).status_code == 200
    assert client.get(f"{address}/weeks/{another.id}", headers=HTMX).status_code == 404
    assert 'aria-expanded="true"' not in client.get(f"{address}?week={another.id}").text


def test_the_sheet_stands_in_its_place(make, owner, offering, week):
    make.enrolment(offering, make.student(first_name="Ada"))
    part = owner.get(f"/tracker/logs/{week.id}/attendance", headers=HTMX).text
    assert "<!doctype" not in part
    assert f'id="sheet-{week.id}"' in part
    assert "Ada" in part


def test_an_item_that_left_the_checklist_stays_in_the_weeks_that_have_it(app, owner, address, make, offering):
    from portal.tracker.models import ChecklistItem

    written, untouched = make.log(offering, 2), make.log(offering, 3)
    tick(owner, written, FORMATIVE, DONE)
    with app.app_context():
        item = db.session.query(ChecklistItem).filter_by(key=FORMATIVE).one()
        item.is_active = False
        label = item.label_en
        db.session.commit()
    text = owner.get(address).text
    heads = re.findall(r'<th scope="col" class="item"><span>(.*?)</span>', text)
    first, second = cells(text)
    assert first[heads.index(label)] == "Done"
    assert second[heads.index(label)] == ""
    assert untouched


def test_a_course_of_fifteen_weeks_takes_few_statements(make, owner, offering, address, count_sql):
    logs = [make.log(offering, number) for number in range(1, 16)]
    tick(owner, logs[0], FORMATIVE, ItemStatus.DONE.value)
    with count_sql() as sql:
        owner.get(address)
    assert len(sql) == 6, sql.text
    with count_sql() as sql:
        owner.get(f"{address}?week={logs[0].id}")
    assert len(sql) == 7, sql.text
