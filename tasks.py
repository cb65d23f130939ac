"""The worker's jobs: `huey_consumer.py tasks.huey`.

The queue only says "look again". What is to be done stands in the database, so a job may run twice,
on two workers at once, or be killed at any line.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from flask import Flask
from huey import crontab

from portal import clock, create_app
from portal.accounts.services.cleaning import delete_some_old
from portal.accounts.services.registration import delete_some_unconfirmed
from portal.allocations.services.by_calendar import follow_calendar
from portal.catalogue.calendar import rules_of
from portal.config import load_settings
from portal.exchange.services.runs import delete_old_files, delete_some_old_rows
from portal.extensions import db
from portal.jobs.running import run_waiting_jobs
from portal.learning.services.announcing import announce_due
from portal.learning.services.cleaning import delete_marked, mark_unkept
from portal.notifications.delivering import deliver_pending
from portal.notifications.models import Channel
from portal.ops.models import DELIVERIES, REMINDERS
from portal.ops.queue import new_queue
from portal.ops.services import record_pass
from portal.reflections.services.releasing import list_due, release
from portal.reflections.services.rounds import open_rounds
from portal.reflections.services.telling import tell_all
from portal.tracker.services.reminders import remind
from portal.tracker.services.weekly import tell_weekly
from portal.webhooks.delivering import deliver_messages
from portal.webhooks.sealing import box_of
from portal.webhooks.services import cleaning as old_messages
from portal.webhooks.services.counting import count_reflections

# A sweep ends after this long, so that no worker is kept from other jobs; the next one goes on.
SWEEP_SECONDS = 50

settings = load_settings()
huey = new_queue(settings)


@cache
def _app() -> Flask:
    return create_app(settings)


@contextmanager
def app_context() -> Iterator[Flask]:
    """The application, with a database session that ends with the job."""
    app = _app()
    with app.app_context():
        yield app


@huey.periodic_task(crontab(minute="*/15"), expires=600)
def send_due_reminders() -> None:
    """Tell everyone which weekly logs they owe, and have the mails sent."""
    with app_context():
        told = remind(clock.now(), settings.zone)
        db.session.commit()
        numbers = tell_weekly(clock.now(), rules_of(settings))
        record_pass(REMINDERS, people=told.people, managers=told.managers)
        db.session.commit()
    if told.people or told.managers or numbers:
        deliver()


@huey.periodic_task(crontab(minute="*"), expires=SWEEP_SECONDS)
def deliver() -> None:
    """Send what waits in the outbox; each minute, for what a lost job or a killed worker left there."""
    with app_context() as app:
        sent = deliver_pending(app.config["PORTAL"], seconds=SWEEP_SECONDS)
        record_pass(DELIVERIES, sent=sent.sent, failed=sent.failed)
        db.session.commit()


@huey.task(expires=SWEEP_SECONDS, priority=100)
def deliver_letters() -> None:
    """Send links and warnings before all else that waits: somebody looks for them."""
    with app_context() as app:
        deliver_pending(app.config["PORTAL"], seconds=SWEEP_SECONDS, channels=[Channel.LETTER])


@huey.periodic_task(crontab(minute="7,22,37,52"), expires=600)
def keep_reflections() -> None:
    """Open the reflections whose days have come, bring out the results of those that are over, and tell of both."""
    with app_context() as app:
        today = clock.today(app.config["PORTAL"].zone)
        open_rounds(today)
        db.session.commit()
        for round_id in list_due(today):
            release(round_id, today)
            db.session.commit()
        told = tell_all(today)
        db.session.commit()
    if told:
        deliver()


@huey.periodic_task(crontab(minute="4"), expires=1800)
def begin_and_complete_courses() -> None:
    """Let courses begin and end by their dates, soon after each midnight of the institution."""
    with app_context() as app:
        while follow_calendar(clock.today(app.config["PORTAL"].zone)):
            db.session.commit()
        db.session.commit()


@huey.periodic_task(crontab(minute="*"), expires=SWEEP_SECONDS)
def run_jobs() -> None:
    """Do the long work that people began; each minute, for what a lost wake-up or a killed worker left there."""
    with app_context():
        run_waiting_jobs(seconds=SWEEP_SECONDS)


@huey.periodic_task(crontab(minute="20", hour="2"), expires=3600)
def delete_old_sign_ins() -> None:
    """Delete what is kept of sign-ins, sessions and browsers once its time is over, a little at a time."""
    with app_context():
        while delete_some_old():
            db.session.commit()


@huey.periodic_task(crontab(minute="50", hour="2"), expires=3600)
def delete_old_imports() -> None:
    """Delete uploaded and exported files and the rows of their reports once their time is over."""
    with app_context() as app:
        delete_old_files(app.config["PORTAL"].portal_data_dir / "imports", clock.now())
        while delete_some_old_rows(clock.now()):
            db.session.commit()
        db.session.commit()


@huey.periodic_task(crontab(minute="40", hour="2"), expires=3600)
def delete_unconfirmed_accounts() -> None:
    """Delete accounts that were registered and never confirmed."""
    with app_context():
        while delete_some_unconfirmed():
            db.session.commit()


@huey.periodic_task(crontab(minute="*/5"), expires=240)
def announce_lessons() -> None:
    """Tell students of lessons whose moment has come."""
    with app_context():
        while announce_due(clock.now()):
            db.session.commit()


@huey.periodic_task(crontab(minute="30", hour="3"), expires=3600)
def delete_unkept_files() -> None:
    """Delete files that nobody keeps any more: first they are marked, then their content goes, then their rows."""
    with app_context() as app:
        while mark_unkept(clock.now()):
            db.session.commit()
        while delete_marked(app.extensions["portal_storage"]):
            db.session.commit()


@huey.periodic_task(crontab(minute="*"), expires=SWEEP_SECONDS)
def deliver_webhooks() -> None:
    """Send other systems what waits for them; each minute, for what a lost job or a killed worker left there."""
    with app_context() as app:
        deliver_messages(app.config["PORTAL"], box_of(app.config["SECRET_KEY"]), seconds=SWEEP_SECONDS)


@huey.periodic_task(crontab(minute="5", hour="*"), expires=600)
def count_responses() -> None:
    """Tell other systems how many took part in reflections until yesterday, and which results are out."""
    with app_context() as app:
        count_reflections(clock.today(app.config["PORTAL"].zone))
        db.session.commit()


@huey.periodic_task(crontab(minute="10", hour="3"), expires=3600)
def delete_old_messages() -> None:
    """Delete messages for other systems once their time is over."""
    with app_context():
        while old_messages.delete_some_old(clock.now()):
            db.session.commit()
