"""Mail that comes back: what a server reports is kept for whom it was, and nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal import clock
from portal.extensions import db
from portal.notifications.bounces import read_report
from portal.notifications.delivering import deliver_pending
from portal.notifications.models import Delivery, MailRefusal
from tests.support.mail import settings_of, tell_and_deliver

pytestmark = pytest.mark.in_turn

# As Postfix writes it (RFC 3464), shortened.
REPORT = """From: MAILER-DAEMON@mail.example.edu (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: portal@example.edu
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B/mail.example.edu"

--B/mail.example.edu
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--B/mail.example.edu
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.edu
Arrival-Date: Wed, 14 Oct 2026 12:00:00 +0000 (UTC)

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: {action}
Status: 5.1.1
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 <{address}>:
    User unknown in virtual mailbox table

--B/mail.example.edu
Content-Description: Undelivered Message
Content-Type: {returned}

From: Portal <portal@example.edu>
To: {address}
Subject: 1 weekly log to submit
Message-ID: {message_id}

--B/mail.example.edu--
"""


@pytest.fixture
def sent(app: Any, owing: Any, mail_files: Any) -> Any:
    """A mail that was handed over, to whoever owes weekly logs."""
    tell_and_deliver(app)
    return mail_files(app)[0]


def report(mail: Any, address: str, action: str = "failed", returned: str = "message/rfc822", **more: str) -> bytes:
    values = {"address": address, "action": action, "returned": returned, "message_id": mail["Message-ID"]} | more
    return REPORT.format(**values).encode()


def pipe(app: Any, content: bytes) -> Any:
    return app.test_cli_runner().invoke(args=["mail", "bounce"], input=content)


def refusals(app: Any) -> list[MailRefusal]:
    with app.app_context():
        return list(db.session.scalars(select(MailRefusal)))


@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_who_a_report_gives_up_on_is_kept_and_shown(
    app: Any, client: Any, make: Any, sign_in: Any, owing: Any, sent: Any, returned: str
) -> None:
    answer = pipe(app, report(sent, owing.email.upper(), returned=returned))
    assert (answer.exit_code, answer.output) == (0, "Recorded for 1 address.\n")
    [kept] = refusals(app)
    assert (kept.user_id, kept.address, kept.code, kept.is_bounce) == (owing.user_id, owing.email, "5.1.1", True)
    assert kept.said.endswith("User unknown in virtual mailbox table")
    pipe(app, report(sent, owing.email))
    assert refusals(app)[0].times == 2
    sign_in(client, make.manager())
    page = client.get("/admin/deliveries/").text
    assert "came back" in page
    assert "Came back: 5.1.1" in page


def test_a_report_from_a_file_is_read_too(app: Any, owing: Any, sent: Any, tmp_path: Any) -> None:
    path = tmp_path / "report.eml"
    path.write_bytes(report(sent, owing.email))
    answer = app.test_cli_runner().invoke(args=["mail", "bounce", str(path)])
    assert answer.output == "Recorded for 1 address.\n"


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"action": "delayed"}, "gives up on somebody"),
        ({"address": "else@example.org"}, "did not go to this address"),
        ({"message_id": "<delivery.1.1@localhost>"}, "not about a mail of this portal"),
        ({"message_id": "<delivery.99999999999999999999.1@localhost>"}, "not about a mail of this portal"),
        ({"message_id": "<something@else>"}, "not about a mail of this portal"),
    ],
)
def test_nobody_is_marked_by_what_is_no_report_of_our_mail(
    app: Any, owing: Any, sent: Any, more: dict[str, str], why: str
) -> None:
    answer = pipe(app, report(sent, **({"address": owing.email} | more)))  # type: ignore[arg-type]
    assert answer.exit_code == 0
    assert why in answer.output
    assert not refusals(app)


@pytest.mark.parametrize(
    "content", [b"", b"\0\xff\xfe", b"Subject: I am away\n\nUntil Monday.", b"Content-Type: multipart/report\n\n"]
)
def test_anything_else_is_nothing_to_it(app: Any, content: bytes) -> None:
    assert read_report(content) == ([], "")
    assert pipe(app, content).exit_code == 0


def test_what_came_back_is_believed_for_some_days_although_servers_take_the_next(
    app: Any, owing: Any, sent: Any, frozen_time: Any
) -> None:
    pipe(app, report(sent, owing.email))
    for days, left in ((2, 1), (11, 0)):
        with app.app_context():
            db.session.add(_another(owing.user_id, days, frozen_time))
            db.session.commit()
            deliver_pending(settings_of(app))
        assert len(refusals(app)) == left


def _another(user_id: int, days: int, frozen_time: Any) -> Delivery:
    """The mail of another day about the same weeks."""
    from portal.notifications.models import Notification

    frozen_time.move_to(clock.now() + timedelta(days=days))
    delivery = Delivery(recipient_id=user_id, next_attempt_at=clock.now())
    db.session.add(delivery)
    db.session.flush()
    for one in db.session.scalars(select(Notification).where(Notification.recipient_id == user_id)):
        one.delivery_id = delivery.id
    return delivery
