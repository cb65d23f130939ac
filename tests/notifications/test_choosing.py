"""What people choose to be told, the link by which they stop mails, and the log of mails."""

import re

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.notifications.models import Choice, Delivery, DeliveryState, QuietHours, Way
from portal.notifications.services import Fact, notify_many
from portal.notifications.services.refusals import note_refusal
from tests.support.mail import DEADLINE, parts, tell_and_deliver

pytestmark = pytest.mark.one_database


@pytest.fixture
def person(make, client, sign_in, frozen_time):
    person = make.facilitator()
    sign_in(client, person)
    return person


def off(app, person):
    with app.app_context():
        rows = db.session.execute(select(Choice.group_name, Choice.way).where(Choice.user_id == person.user_id))
        return {(name, Way(way)) for name, way in rows}


def ticks(text, group):
    return re.findall(rf'<input type="checkbox" name="(?:inbox|mail)-{group}"([^>]*)>', text)


def test_everything_is_on_at_first_and_what_is_mandatory_cannot_be_changed(client, person):
    text = client.get("/notifications/preferences").text
    assert all("checked" in tick and "disabled" not in tick for tick in ticks(text, "reminders"))
    assert all("checked" in tick and "disabled" in tick for tick in ticks(text, "account") + ticks(text, "overdue"))
    assert "after this your manager is told" in text
    assert ticks(text, "alerts") == []


def test_what_is_not_ticked_is_off_and_the_rest_stays(app, client, person):
    ticked = {"inbox-reminders": "on", "inbox-courses": "on", "mail-courses": "on", "begins": "21:00", "ends": "06:30"}
    answer = client.post("/notifications/preferences", data=ticked, follow_redirects=True)
    assert "Saved." in answer.text
    assert {("reminders", Way.MAIL)} <= off(app, person)
    assert ("account", Way.MAIL) not in off(app, person)
    assert ("reminders", Way.INBOX) not in off(app, person)
    with app.app_context():
        kept = db.session.get_one(QuietHours, person.user_id)
        assert (kept.begins, kept.ends) == (1260, 390)
        assert "notification_choices" in set(db.session.scalars(select(AuditEvent.entity)))
    assert (
        "There was nothing to change."
        in client.post("/notifications/preferences", data=ticked, follow_redirects=True).text
    )


@pytest.mark.parametrize(
    "hours", [{"begins": "21:00"}, {"begins": "25:99", "ends": "06:00"}, {"begins": "😀", "ends": "x"}]
)
def test_hours_that_cannot_be_read_lose_nothing(app, client, person, hours):
    answer = client.post("/notifications/preferences", data={"inbox-reminders": "on", **hours})
    assert answer.status_code == 422
    assert "Give both times" in answer.text
    assert "checked" in ticks(answer.text, "reminders")[0]
    assert "checked" not in ticks(answer.text, "reminders")[1]
    assert off(app, person) == set()


def stop_link(app, make, frozen_time, mail_files):
    """The header of a reminder that somebody got."""
    someone = make.facilitator(locale="fr")
    make.log(make.offering(someone), 3)
    frozen_time.move_to(DEADLINE)
    assert tell_and_deliver(app).sent == 1
    (mail,) = mail_files(app)
    return someone, mail


def test_the_link_travels_as_it_is(app, make, frozen_time, mail_files):
    """Not in encoded words, which no mail reader looks for in this header."""
    _, mail = stop_link(app, make, frozen_time, mail_files)
    (file,) = (app.config["PORTAL"].portal_data_dir / "mail").glob("**/*.eml")
    lines = file.read_bytes().split(b"\r\n")
    assert f"List-Unsubscribe: {mail['List-Unsubscribe']}".encode() in lines


def test_a_mail_that_may_be_stopped_says_how_and_one_click_does_it(
    app, make, client, frozen_time, mail_files, new_client
):
    someone, mail = stop_link(app, make, frozen_time, mail_files)
    address = mail["List-Unsubscribe"].strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert address in parts(mail)[0]
    path = "/" + address.split("/", 3)[3]
    reader = new_client()
    assert "Ne plus recevoir ces courriels" in reader.get(path).text
    reader.get("/lang/en?next=/")
    assert "No more such mails?" in reader.get(path).text, "what a reader picks counts for more"
    assert off(app, someone) == set()
    for _ in range(2):
        answer = new_client().post(path, data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, answer.text) == (200, "")
    assert off(app, someone) == {("reminders", Way.MAIL)}
    assert "Ces courriels sont arrêtés" in new_client().post(path).text


def test_a_forged_link_stops_nothing(app, make, client, frozen_time, mail_files):
    someone, mail = stop_link(app, make, frozen_time, mail_files)
    path = "/" + mail["List-Unsubscribe"].strip("<>").split("/", 3)[3]
    for forged in (path[:-3] + "abc", "/notifications/unsubscribe/x", "/notifications/unsubscribe/WzFd.xyz"):
        assert client.post(forged, data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert off(app, someone) == set()


def test_a_mandatory_mail_has_no_such_link(app, make, frozen_time, mail_files):
    make.log(make.offering(make.facilitator()), 3)
    frozen_time.move_to(DEADLINE + (DEADLINE - DEADLINE.replace(day=18)))
    assert tell_and_deliver(app).sent == 1
    (mail,) = mail_files(app)
    assert mail["List-Unsubscribe"] is None


# --- the log of mails


@pytest.fixture
def given_up(app, make, frozen_time):
    """A mail that was given up, and one that waits."""
    first, second = make.facilitator(first_name="Zoë", last_name="Ndayi"), make.facilitator()
    with app.app_context():
        notify_many([Fact(first.user_id, "log_missing", {}, "a"), Fact(second.user_id, "log_excused", {}, "b")])
        gone = db.session.scalars(select(Delivery).where(Delivery.recipient_id == first.user_id)).one()
        note_refusal(first.user_id, first.email, "550", "5.1.1 no such mailbox")
        gone.state, gone.attempts, gone.last_error = DeliveryState.FAILED, 8, "550 5.1.1 <b>no</b>"
        db.session.commit()
        return gone.id


def test_the_office_sees_what_became_of_mails_and_administrators_send_again(
    app, make, client, sign_in, given_up, count_sql
):
    sign_in(client, make.manager())
    with count_sql() as sql:
        text = client.get("/admin/deliveries/").text
    assert len(sql) == 6, sql.text  # the person, the bell, the mails, their kinds, the queue, the refusals
    assert "Zoë Ndayi" in text
    assert "550 5.1.1 &lt;b&gt;no&lt;/b&gt;" in text
    assert "Send again" not in text
    assert "1 person whose mail is refused" in text
    assert client.post(f"/admin/deliveries/{given_up}/replay").status_code == 403
    sign_in(client, make.admin())
    assert "1 person whose mail is refused" in client.get("/admin/deliveries/").text
    assert "1 mail is tried again." in client.post(f"/admin/deliveries/{given_up}/replay", follow_redirects=True).text
    assert "There was nothing to send again." in client.post("/admin/deliveries/replay", follow_redirects=True).text
    with app.app_context():
        row = db.session.get_one(Delivery, given_up)
        assert (row.state, row.attempts) == (DeliveryState.PENDING, 0)


@pytest.mark.parametrize(
    ("asked", "count"),
    [("state=failed", 1), ("who=zoe", 1), ("group=decisions", 1), ("since=2026-10-15", 0), ("until=2026-10-14", 2),
     ("who=%00%F0%9F%98%80&state=x&since=never", 0), ("at=rubbish", 2)],
)  # fmt: skip
def test_filters_of_the_log(make, client, sign_in, given_up, asked, count):
    sign_in(client, make.admin())
    answer = client.get(f"/admin/deliveries/?{asked}")
    assert answer.status_code == 200
    assert answer.text.count('<th scope="row">') == count


def test_the_inbox_by_group_and_unread(app, make, client, person):
    with app.app_context():
        told = {"module": "Physics", "code": None, "class": None, "week": 1, "offering_id": 1, "reason": "x",
                "due_at": DEADLINE.isoformat()}  # fmt: skip
        notify_many([Fact(person.user_id, kind, told, kind) for kind in ("log_missing", "log_excused")])
        db.session.commit()
    everything = client.get("/notifications/").text
    assert everything.count('id="entry-') == 2
    only = client.get("/notifications/?group=decisions").text
    assert only.count('id="entry-') == 1
    entry = re.search(r'id="entry-(\d+)"', only)[1]
    client.post("/notifications/read", data={"up_to": entry, "entry": entry})
    assert client.get("/notifications/?unread=1").text.count('id="entry-') == 1
    assert "Nothing matches" in client.get("/notifications/?unread=1&group=decisions").text
