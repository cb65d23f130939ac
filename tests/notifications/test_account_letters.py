"""Links that reach people: alone, at the account's own address, in their language, only while they work."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import User
from portal.accounts.queries import find_open_token
from portal.accounts.services.tokens import Purpose, end_tokens, hash_token, issue_token, issue_tokens
from portal.accounts.signals import Letter, send_letters
from portal.extensions import db
from portal.notifications.delivering import DeliveryCounts, deliver_pending
from portal.notifications.models import Delivery, Notification
from portal.tracker.services.reminders import remind
from tests.support.mail import DEADLINE, ZONE, Mails, parts, settings_of

pytestmark = pytest.mark.in_turn

PATHS = {
    Purpose.INVITATION: "/invitations/",
    Purpose.CONFIRMATION: "/confirm/",
    Purpose.RESET: "/password/reset/",
    Purpose.NOTIFICATION_ADDRESS: "/profile/address/",
}


def send(app: Flask, user_id: int, purpose: Purpose, address: str | None = None) -> str:
    """Have a link sent; gives its token."""
    with app.app_context():
        issued = issue_token(user_id, purpose, app.config["SECRET_KEY"], address=address)
        send_letters([Letter(user_id, purpose, issued.id)])
        db.session.commit()
    return issued.token


def deliver(app: Flask) -> DeliveryCounts:
    with app.app_context():
        return deliver_pending(settings_of(app))


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("role", ["student", "facilitator", "manager", "admin"])
def test_a_letter_carries_its_link_in_both_its_parts(
    app: Flask, make: Any, mail_files: Mails, purpose: Purpose, role: str
) -> None:
    person = getattr(make, role)()
    token = send(app, person.user_id, purpose)
    assert deliver(app) == DeliveryCounts(sent=1)
    [message] = mail_files(app)
    for part in parts(message):
        assert f"{PATHS[purpose]}{token}" in part
        assert person.email in part
        assert "Nobody from the portal will ever ask you for a password." in part
    assert "You have no password" not in parts(message)[0]
    with app.app_context():
        found = find_open_token(hash_token(token), purpose)
        assert found is not None
        assert found.user_id == person.user_id


def test_the_token_stands_nowhere_in_the_database(app: Flask, make: Any) -> None:
    token = send(app, make.student().user_id, Purpose.RESET)
    with app.app_context():
        for table in db.metadata.sorted_tables:
            for row in db.session.execute(select(table)):
                assert token not in str(tuple(row)), table.name


def test_a_letter_goes_to_the_account_and_a_reminder_to_where_the_person_wants_it(
    app: Flask, owing: Any, mail_files: Mails
) -> None:
    with app.app_context():
        user = db.session.get(User, owing.user_id)
        assert user is not None
        user.notification_email = "elsewhere@example.org"
        db.session.commit()
        remind(DEADLINE - timedelta(days=1), ZONE)
        db.session.commit()
    send(app, owing.user_id, Purpose.RESET)
    assert deliver(app) == DeliveryCounts(sent=2)
    by_subject = {message["Subject"]: message["To"] for message in mail_files(app)}
    assert owing.email in by_subject["Set a new password"]
    assert "elsewhere@example.org" in by_subject["3 weekly logs to submit"]


def test_a_new_address_is_asked_at_that_address(app: Flask, make: Any, mail_files: Mails) -> None:
    person = make.student()
    send(app, person.user_id, Purpose.NOTIFICATION_ADDRESS, "new@example.org")
    deliver(app)
    [message] = mail_files(app)
    assert "new@example.org" in message["To"]
    assert person.email not in message["To"]


def test_two_links_in_one_go_travel_apart(app: Flask, make: Any, mail_files: Mails) -> None:
    person = make.student()
    key = app.config["SECRET_KEY"]
    with app.app_context():
        reset = issue_token(person.user_id, Purpose.RESET, key)
        proof = issue_token(person.user_id, Purpose.NOTIFICATION_ADDRESS, key, address="new@example.org")
        letters = [Letter(person.user_id, Purpose.NOTIFICATION_ADDRESS, proof.id)]
        send_letters([*letters, Letter(person.user_id, Purpose.RESET, reset.id)])
        db.session.commit()
    assert deliver(app) == DeliveryCounts(sent=2)
    [carries] = [message for message in mail_files(app) if reset.token in parts(message)[0]]
    assert [one.addr_spec for one in carries["To"].addresses] == [person.email]


@pytest.mark.parametrize("purpose", [Purpose.CONFIRMATION, Purpose.RESET, Purpose.NOTIFICATION_ADDRESS])
def test_what_a_stranger_typed_as_a_name_is_not_mailed_to_an_address_that_is_not_proved(
    app: Flask, make: Any, mail_files: Mails, purpose: Purpose
) -> None:
    person = make.student(first_name="Win a prize at", last_name="evil.example")
    to = "new@example.org" if purpose is Purpose.NOTIFICATION_ADDRESS else person.email
    if to == person.email:
        with app.app_context():
            user = db.session.get(User, person.user_id)
            assert user is not None
            user.is_confirmed = False
            db.session.commit()
    send(app, person.user_id, purpose, to)
    deliver(app)
    [message] = mail_files(app)
    assert message["To"] == to
    assert parts(message)[0].startswith("Hello,")
    assert "evil" not in message.as_string()


def test_a_link_that_was_used_or_withdrawn_is_not_sent(app: Flask, make: Any, mail_files: Mails) -> None:
    person = make.student()
    send(app, person.user_id, Purpose.RESET)
    with app.app_context():
        end_tokens([person.user_id])
        db.session.commit()
    assert deliver(app) == DeliveryCounts(suppressed=1)
    assert mail_files(app) == []


def test_a_link_that_is_too_old_is_not_sent(app: Flask, make: Any, frozen_time: Any) -> None:
    send(app, make.student().user_id, Purpose.RESET)
    frozen_time.shift(timedelta(hours=1))
    assert deliver(app) == DeliveryCounts(suppressed=1)


def test_of_two_links_for_the_same_only_the_newer_is_sent(app: Flask, make: Any, mail_files: Mails) -> None:
    person = make.student()
    send(app, person.user_id, Purpose.RESET)
    newer = send(app, person.user_id, Purpose.RESET)
    assert deliver(app) == DeliveryCounts(sent=1, suppressed=1)
    assert newer in parts(mail_files(app)[0])[0]


def test_someone_deactivated_gets_none(app: Flask, make: Any) -> None:
    person = make.student()
    send(app, person.user_id, Purpose.INVITATION)
    with app.app_context():
        user = db.session.get(User, person.user_id)
        assert user is not None
        user.is_active = False
        db.session.commit()
    assert deliver(app) == DeliveryCounts(suppressed=1)


def test_a_letter_is_in_the_language_of_its_reader(app: Flask, make: Any, mail_files: Mails) -> None:
    send(app, make.student(locale="fr").user_id, Purpose.RESET)
    deliver(app)
    [message] = mail_files(app)
    assert message["Content-Language"] == "fr"
    assert "Bonjour" in parts(message)[0]


def test_a_letter_is_neither_listed_nor_counted(app: Flask, client: Any, make: Any, sign_in: Any) -> None:
    person = make.student()
    send(app, person.user_id, Purpose.INVITATION)
    sign_in(client, person)
    page = client.get("/notifications/").text
    assert "Nothing to tell you" in page
    assert "unread" not in re.sub(r"<style.*", "", page.partition('id="bell"')[2][:300])


def test_many_letters_cost_few_statements(app: Flask, make: Any, count_sql: Any) -> None:
    people = [make.student().user_id for _ in range(30)]
    with app.app_context():
        with count_sql() as sql:
            issued = issue_tokens(people, Purpose.INVITATION, app.config["SECRET_KEY"])
            send_letters([Letter(user_id, Purpose.INVITATION, token_id) for user_id, token_id in issued.items()])
        db.session.commit()
        assert len(sql) <= 7, sql.text
        assert db.session.query(Delivery).count() == db.session.query(Notification).count() == len(people)
    assert deliver(app) == DeliveryCounts(sent=len(people))


@pytest.mark.parametrize("name", ["Ada\r\nBcc: x@example.org", "\u202egnitset", '"A", <b@c>', "😀 מרים"])
def test_a_name_stays_within_its_header(app: Flask, make: Any, smtp_sink: Any, name: str) -> None:
    person = make.student(first_name=name)
    send(app, person.user_id, Purpose.RESET)
    with app.app_context():
        assert deliver_pending(settings_of(app, mail_url=smtp_sink.url)) == DeliveryCounts(sent=1)
    assert smtp_sink.recipients == [person.email]
    assert smtp_sink.messages[0]["Bcc"] is None
