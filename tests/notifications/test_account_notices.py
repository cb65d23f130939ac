"""What people are told about their accounts: once, in words that fit, by mail and in the inbox."""

from typing import Any

import pytest
from flask import Flask

from portal.accounts.models import User
from portal.accounts.signals import Notice, tell
from portal.extensions import db
from portal.notifications.delivering import DeliveryCounts, deliver_pending
from portal.notifications.kinds import kind_of
from portal.notifications.models import Notification
from tests.support.mail import Mails, parts, settings_of

pytestmark = pytest.mark.in_turn

AT = "2026-10-14T12:00:00+00:00"
SIGN_IN = {"device": "Firefox on Linux", "network_address": "192.0.2.7", "at": AT}
CASES = [
    ("new_sign_in", SIGN_IN, "New sign-in to your account", "Firefox on Linux, Wednesday 14 October"),
    ("password_changed", {"at": AT}, "Your password was changed", "Wednesday 14 October"),
    ("identity_linked", {"provider": "Google", "email": "a@b.org"}, "Another way to sign in was added", "a@b.org"),
    ("role_changed", {"before": "student", "after": "manager"}, "Your role was changed", "Now: Manager."),
]


def notify(app: Flask, *notices: Notice) -> None:
    with app.app_context():
        tell(notices)
        db.session.commit()


def deliver(app: Flask) -> DeliveryCounts:
    with app.app_context():
        return deliver_pending(settings_of(app))


@pytest.mark.parametrize(("kind", "params", "subject", "said"), CASES)
def test_a_notice_is_mailed_and_listed(
    app: Flask,
    client: Any,
    make: Any,
    sign_in: Any,
    mail_files: Mails,
    kind: str,
    params: dict[str, str],
    subject: str,
    said: str,
) -> None:
    person = make.student()
    notify(app, Notice(person.user_id, kind, params, f"{kind}:1"))
    assert deliver(app) == DeliveryCounts(sent=1)
    [message] = mail_files(app)
    assert message["Subject"] == subject
    for part in ("plain", "html"):
        assert said in message.get_body((part,)).get_content()
    sign_in(client, person)
    page = client.get("/notifications/").text
    assert subject in page
    assert said in page


def test_a_moment_is_told_in_the_zone_of_the_reader(app: Flask, make: Any, mail_files: Mails) -> None:
    person = make.student(time_zone="Africa/Kigali")
    notify(app, Notice(person.user_id, "password_changed", {"at": AT}, "p:1"))
    deliver(app)
    assert "14:00" in mail_files(app)[0].get_body(("plain",)).get_content()


def test_an_unknown_zone_stops_no_mail(app: Flask, make: Any) -> None:
    person = make.student(time_zone="Atlantis/Capital")
    notify(app, Notice(person.user_id, "password_changed", {"at": AT}, "p:1"))
    assert deliver(app) == DeliveryCounts(sent=1)


def test_the_same_is_told_once(app: Flask, make: Any) -> None:
    person, other = make.student(), make.student()
    notice = Notice(person.user_id, "password_changed", {"at": AT}, "p:1")
    notify(app, notice)
    notify(app, notice, Notice(other.user_id, "password_changed", {"at": AT}, "p:1"))
    with app.app_context():
        assert db.session.query(Notification).count() == 2


def test_who_registered_already_is_told_by_mail_alone(
    app: Flask, client: Any, make: Any, sign_in: Any, mail_files: Mails
) -> None:
    person = make.student()
    notify(app, Notice(person.user_id, "already_registered", {}, "a:1"))
    deliver(app)
    assert mail_files(app)[0]["Subject"] == "You have an account already"
    sign_in(client, person)
    assert "You have an account already" not in client.get("/notifications/").text


def test_an_administrator_is_told_who_asks_for_deletion(
    app: Flask, client: Any, make: Any, sign_in: Any, mail_files: Mails
) -> None:
    admin, person = make.admin(), make.student(first_name="Zoé", last_name="O'Neill")
    notify(app, Notice(admin.user_id, "deletion_asked", {"user_id": person.user_id}, "d:1"))
    deliver(app)
    [message] = mail_files(app)
    plain, html = parts(message)
    address = f"{settings_of(app).address()}/admin/users/{person.user_id}"
    assert f"Zoé O'Neill, {person.email} {address} Open" in " ".join(plain.split())
    assert f'href="{address}"' in html
    sign_in(client, admin)
    assert person.email in client.get("/notifications/").text
    assert client.get(f"/admin/users/{person.user_id}").status_code == 200


def test_every_button_leads_to_a_page(app: Flask, client: Any, make: Any, sign_in: Any) -> None:
    sign_in(client, make.admin())
    for name in sorted({case[0] for case in CASES} | {"already_registered", "deletion_asked"}):
        kind = kind_of(name)
        assert kind is not None
        assert client.get(kind.path, follow_redirects=True).status_code == 200, name


def test_notices_that_share_a_mail_keep_their_titles(app: Flask, make: Any, mail_files: Mails) -> None:
    person = make.admin()
    notify(
        app,
        Notice(person.user_id, "role_changed", {"before": "manager", "after": "admin"}, "r:1"),
        Notice(person.user_id, "deletion_asked", {"user_id": person.user_id}, "d:1"),
    )
    assert deliver(app) == DeliveryCounts(sent=1)
    [message] = mail_files(app)
    assert message["Subject"] == "Someone asked for their account to be deleted"
    for part in parts(message):
        assert part.index(person.email) < part.index("Your role was changed") < part.index("Now: Administrator.")


def test_notices_that_urge_never_share_one(app: Flask, make: Any, mail_files: Mails) -> None:
    person = make.student()
    notify(
        app,
        Notice(person.user_id, "new_sign_in", SIGN_IN, "n:1"),
        Notice(person.user_id, "password_changed", {"at": AT}, "p:1"),
    )
    assert deliver(app) == DeliveryCounts(sent=2)
    subjects = {message["Subject"] for message in mail_files(app)}
    assert subjects == {"New sign-in to your account", "Your password was changed"}


def test_a_notice_that_urges_goes_to_the_account_and_another_where_the_person_wants_it(
    app: Flask, make: Any, mail_files: Mails
) -> None:
    person = make.student()
    with app.app_context():
        user = db.session.get(User, person.user_id)
        assert user is not None
        user.notification_email = "elsewhere@example.org"
        db.session.commit()
    notify(
        app,
        Notice(person.user_id, "new_sign_in", SIGN_IN, "n:1"),
        Notice(person.user_id, "role_changed", {"before": "student", "after": "manager"}, "r:1"),
    )
    deliver(app)
    to = {message["Subject"]: message["To"] for message in mail_files(app)}
    assert person.email in to["New sign-in to your account"]
    assert "elsewhere@example.org" in to["Your role was changed"]
