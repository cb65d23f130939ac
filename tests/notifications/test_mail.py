"""What a mail says, in whose words, and to whom it does not go."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.config import Settings
from portal.extensions import db
from portal.notifications import delivering
from portal.notifications.delivering import DeliveryCounts, deliver_pending
from portal.notifications.mail import write_test
from portal.notifications.models import DeliveryState
from portal.notifications.services import Fact, notify_many
from portal.tracker.models import ActivityLog
from portal.tracker.services.reminders import remind
from tests.support.mail import DEADLINE, ZONE, Mails, delivery, parts, settings_of, tell_and_deliver, written_to

pytestmark = pytest.mark.in_turn


def test_one_mail_lists_everything_overdue_first(app: Flask, owing: Any, mail_files: Mails) -> None:
    assert tell_and_deliver(app) == DeliveryCounts(sent=1)
    (mail,) = mail_files(app)
    assert mail["Subject"] == "3 weekly logs to submit"
    assert mail["To"] == f"Ada Okafor <{owing.email}>"
    for content in parts(mail):
        assert content.index("Overdue") < content.index("Weeks 1, 2") < content.index("Due soon")
        assert content.index("Due soon") < content.index("Week 3, due Monday 19 October 17:00")
        assert "the first was due Monday 5 October 17:00" in content
        assert "Hello Ada Okafor," in content
        assert "http://127.0.0.1:8000/tracker/" in content
        assert "no password" not in content


def test_a_mail_comes_from_a_machine_and_says_so(app: Flask, owing: Any, mail_files: Mails) -> None:
    tell_and_deliver(app)
    (mail,) = mail_files(app)
    assert mail["From"] == "Teaching portal <portal@localhost>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Content-Language"] == "en"
    assert mail["Message-ID"].startswith("<delivery.")
    assert mail["Message-ID"].endswith("@127.0.0.1>")
    assert mail["Date"].datetime == clock.now()


def test_the_sender_may_have_a_name_of_its_own(app: Flask, tmp_path: Path) -> None:
    settings = Settings(portal_data_dir=tmp_path, mail_from="Académie <office@example.org>")
    with app.app_context():
        sender = write_test("ada@example.org", settings)["From"].addresses[0]
    assert (sender.display_name, sender.addr_spec) == ("Académie", "office@example.org")


def test_a_mail_is_in_the_language_and_time_zone_of_its_reader(app: Flask, make: Any, frozen_time: Any) -> None:
    from portal.notifications import mail

    person = make.facilitator(locale="fr", time_zone="Africa/Kigali")
    make.log(make.offering(person), 3, due_at=DEADLINE)
    frozen_time.move_to(DEADLINE - timedelta(days=1))
    seen = []
    with app.app_context(), pytest.MonkeyPatch.context() as patched:
        write = mail.write_message
        patched.setattr(delivering, "write_message", lambda *given: seen.append(write(*given)) or seen[-1])
        remind(clock.now(), ZONE)
        deliver_pending(settings_of(app))
    (message,) = seen
    assert message["Content-Language"] == "fr"
    for content in parts(message):
        assert "lundi 19 octobre à 19:00" in content
        assert "Africa/Kigali" in content
    assert '<html lang="fr"' in parts(message)[1]


def test_what_a_mail_gathers_is_in_the_words_and_hours_of_its_reader(app: Flask, make: Any, mail_files: Mails) -> None:
    readers = [make.facilitator(locale="fr", time_zone="Africa/Kigali"), make.facilitator()]
    params = {"code": "FS 1", "module": "Food", "class": "", "week": 3, "reason": "Ill", "offering_id": 1, "log_id": 7}
    params |= {"due_at": DEADLINE.isoformat()}
    with app.app_context():
        for decision in ("log_reopened", "log_extended"):
            notify_many([
                Fact(person.user_id, decision, params | {"decision": decision}, f"{decision}:{person.user_id}")
                for person in readers
            ])  # fmt: skip
        db.session.commit()
        deliver_pending(settings_of(app))
    messages = mail_files(app)
    french, english = [parts(message)[0] for message in messages]
    assert "La semaine 3 a un délai supplémentaire, jusqu’au lundi 19 octobre à 19:00" in french
    assert "Week 3 has more time, until Monday 19 October 17:00" in english
    assert messages[1]["Subject"] == "1 decision about your weekly logs", "only the last word on a week counts"


def test_someone_without_a_password_is_told_how_to_get_in(app: Flask, make: Any, mail_files: Mails) -> None:
    person = make.facilitator()
    make.log(make.offering(person), 1)
    tell_and_deliver(app)
    (mail,) = mail_files(app)
    assert all("Ask your academic office for an invitation" in content for content in parts(mail))


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("Nguyễn", "Thị Minh Khai"),
        ("محمد", "الأحمد"),
        ("Zoë 🦉", "O’Brien-Ærø, Jr."),
        ("नरेन्द्र", "क्‍ष"),
        ("张伟", ""),
        ("A" * 100, "é" * 100),
        ('"Bob" <evil@example.org>', "\\"),
    ],
    ids=["Vietnamese", "Arabic", "emoji", "joiner", "Chinese", "long", "quotes"],
)
def test_names_of_any_script_arrive_whole(app: Flask, make: Any, mail_files: Mails, first: str, last: str) -> None:
    person = make.facilitator(first_name=first, last_name=last)
    make.log(make.offering(person), 1)
    assert tell_and_deliver(app).sent == 1
    name = f"{first} {last}".strip()
    assert written_to(app) == (name, person.email)
    assert name in parts(mail_files(app)[0])[0]


@pytest.mark.parametrize("evil", ["Eve\r\nBcc: all@example.org", "Eve\nSubject: won\n\nbody", "Eve\u2028X\x00", "\r\n"])
def test_a_name_cannot_add_a_header(app: Flask, make: Any, mail_files: Mails, evil: str, database: Any) -> None:
    if database.kind == "postgresql":
        evil = evil.replace("\x00", "\x01")  # it stores no NUL at all
    person = make.facilitator(first_name=evil, last_name="Smith")
    make.log(make.offering(person), 1)
    assert tell_and_deliver(app).sent == 1
    (mail,) = mail_files(app)
    assert mail["Bcc"] is None
    assert mail.get_all("Subject") == ["1 weekly log to submit"]
    assert [one.addr_spec for one in mail["To"].addresses] == [person.email]
    assert len(list(mail.iter_parts())) == 2


def test_markup_in_a_name_stays_text(app: Flask, make: Any, mail_files: Mails) -> None:
    person = make.facilitator(first_name="<img src=x>", last_name="{{ 7*7 }}")
    make.log(make.offering(person, title="<script>alert(1)</script>"), 1)
    tell_and_deliver(app)
    html = parts(mail_files(app)[0])[1]
    assert "<img" not in html
    assert "<script" not in html
    assert "{{ 7*7 }}" in html


def test_a_week_submitted_between_telling_and_sending_is_not_listed(app: Flask, owing: Any, mail_files: Mails) -> None:
    with app.app_context():
        remind(clock.now(), ZONE)
        db.session.execute(db.update(ActivityLog).where(ActivityLog.week_number == 1).values(submitted_at=clock.now()))
        db.session.commit()
        deliver_pending(settings_of(app))
    (mail,) = mail_files(app)
    assert mail["Subject"] == "2 weekly logs to submit"
    assert "Week 2, was due" in parts(mail)[0]


@pytest.mark.parametrize("change", [{"submitted_at": DEADLINE}, {"excused_at": DEADLINE}])
def test_whoever_owes_nothing_any_more_gets_no_mail(
    app: Flask, owing: Any, mail_files: Mails, change: dict[str, Any]
) -> None:
    with app.app_context():
        remind(clock.now(), ZONE)
        db.session.execute(db.update(ActivityLog).values(**change))
        db.session.commit()
        assert deliver_pending(settings_of(app)) == DeliveryCounts(suppressed=1)
        assert delivery().state is DeliveryState.SUPPRESSED
    assert mail_files(app) == []


def test_whoever_was_deactivated_or_replaced_gets_no_mail(app: Flask, owing: Any, make: Any, mail_files: Mails) -> None:
    left = make.facilitator()
    make.log(make.offering(left), 1)
    successor = make.facilitator()
    with app.app_context():
        remind(clock.now(), ZONE)
        db.session.execute(
            db.update(ActivityLog)
            .where(ActivityLog.facilitator_id == owing.profile_id)
            .values(facilitator_id=successor.profile_id)
        )
        db.session.execute(db.update(type(left.user)).where(type(left.user).id == left.user_id).values(is_active=False))
        db.session.commit()
        assert deliver_pending(settings_of(app)) == DeliveryCounts(suppressed=2)
    assert mail_files(app) == []
