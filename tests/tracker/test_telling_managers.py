"""What managers see of reminders: a preview, who was told of a week; the week in numbers; changed allocations."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import Facilitator
from portal.allocations.services.assignment import assign_facilitator
from portal.audit.services import System
from portal.extensions import db
from portal.notifications.delivering import DeliveryCounts, deliver_pending
from portal.notifications.models import Notification
from portal.tracker.services.weekly import tell_weekly
from tests.support.mail import DEADLINE, parts, settings_of, tell_and_deliver
from tests.support.teaching import RULES

DAY = timedelta(days=1)


@pytest.fixture
def log(make, frozen_time):
    log = make.log(make.offering(make.facilitator(first_name="Ada", last_name="Okafor")), 3)
    make.log(make.offering(make.facilitator()), 3, submitted_at=DEADLINE - DAY)
    frozen_time.move_to(DEADLINE + 3 * DAY)
    return log


@pytest.mark.one_database
def test_a_preview_is_in_both_languages_and_sends_nothing(app, log, make, client, sign_in):
    sign_in(client, make.manager())
    text = client.post("/compliance/nudge/preview", data={"log": str(log.id)}).text
    for said in ("1 weekly log to submit", "1 journal hebdomadaire à remettre", "Ada Okafor", "Send to 1 person"):
        assert said in text
    with app.app_context():
        assert db.session.scalar(select(func.count(Notification.id))) == 0
    assert client.post("/compliance/nudge/preview", data={}).status_code == 303
    assert client.post("/compliance/nudge/preview", data={"log": ["😀", "99999999999"]}).status_code == 303


@pytest.mark.one_database
def test_the_preview_shows_the_mail_as_a_page_in_a_frame_where_nothing_works(app, log, make, client, sign_in):
    sign_in(client, make.manager())
    page = client.post("/compliance/nudge/preview", data={"log": str(log.id)})
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    with app.app_context():
        user_id = db.session.scalar(select(Facilitator.user_id).where(Facilitator.id == log.facilitator_id))
    for locale, said in (("en", "Hello Ada Okafor,"), ("fr", "Bonjour Ada Okafor,")):
        address = f"/compliance/nudge/preview/{user_id}/{locale}"
        assert f'<iframe sandbox src="{address}"' in page.text
        frame = client.get(address)
        assert said in frame.text
        assert "prefers-color-scheme: dark" in frame.text
        policy = frame.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline';")
        assert policy.endswith("frame-ancestors 'self'; sandbox")
        assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-src" not in client.get("/compliance/").headers["Content-Security-Policy"]
    assert client.get(f"/compliance/nudge/preview/{user_id + 500}/en").status_code == 404


@pytest.mark.one_database
def test_a_week_says_who_was_told_when(app, log, make, client, sign_in):
    manager = make.manager()
    tell_and_deliver(app)
    sign_in(client, manager)
    client.post("/compliance/nudge", data={"log": str(log.id)})
    text = client.get(f"/tracker/logs/{log.id}").text
    for said in ("Who was told of it", "that it is missing", "reminder by hand", "mail sent", "The managers"):
        assert said in text


@pytest.mark.one_database
def test_managers_hear_of_each_week_once_in_numbers(app, log, make, frozen_time, mail_files):
    make.manager()
    with app.app_context():
        frozen_time.move_to(DEADLINE + timedelta(hours=1))
        assert tell_weekly(clock.now(), RULES) == 0
        frozen_time.move_to(DEADLINE + timedelta(hours=14))
        assert [tell_weekly(clock.now(), RULES) for _ in range(2)] == [1, 0]
        db.session.commit()
        assert deliver_pending(settings_of(app)).sent == 1
    (mail,) = mail_files(app)
    assert mail["Subject"] == "50 % on time in the week of Monday 12 October 2026"
    assert "/compliance/?week=2026-10-12" in parts(mail)[1]


def test_who_gets_a_course_and_who_loses_it_is_told_and_taking_it_back_is_no_news(app, make, frozen_time, mail_files):
    first, second = make.facilitator(), make.facilitator()
    offering = make.offering(first)

    def hand(person):
        version = db.session.scalar(select(type(offering).version).where(type(offering).id == offering.id))
        assign_facilitator(offering.id, person.profile_id, version, System(), clock.now().date())
        db.session.commit()

    with app.app_context():
        hand(second)
        hand(first)
        assert deliver_pending(settings_of(app)) == DeliveryCounts(suppressed=2)
        hand(second)
        assert deliver_pending(settings_of(app)) == DeliveryCounts(sent=2)
    assert sorted(mail["Subject"] for mail in mail_files(app)) == [
        "A course is not yours any more",
        "A new course for you",
    ]
