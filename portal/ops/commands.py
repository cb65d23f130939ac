"""`flask prepare`, `flask wait`, `flask assets …`, `flask reminders …`, `flask mail …`."""

import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import InterfaceError, OperationalError

from portal import clock
from portal.accounts.queries import count_users
from portal.command_line import Commands
from portal.config.present import present_settings
from portal.extensions import db
from portal.migrating import (
    ask_database,
    count_pending,
    find_revision,
    known_revisions,
    telling_how_to_go_on,
    wait_for_database,
)
from portal.notifications.bounces import MOST_BYTES, record_report
from portal.notifications.delivering import deliver_pending
from portal.notifications.mail import open_mail, write_test
from portal.notifications.queries import list_addressees
from portal.ops.models import REMINDERS
from portal.ops.services import record_pass
from portal.tracker.ladder import DUE, MISSING, TODAY, base_of
from portal.tracker.reminding import ranges
from portal.tracker.services.explaining import Reason, explain
from portal.tracker.services.reminders import remind
from portal.web.assets import build

assets = Commands("assets", help="Static files.")
reminders = Commands("reminders", help="Reminders of weekly logs.")
mail = Commands("mail", help="Mail.")
# EX_TEMPFAIL of sysexits.h: a mail server keeps what it pipes and tries again.
_TRY_LATER = 75


@click.command("prepare")
def prepare() -> None:
    """Bring the database up to date, and load the demo institution into an empty one while developing."""
    from flask_migrate import upgrade

    wait_for_database(present_settings().database_wait)
    with telling_how_to_go_on():
        upgrade()
    click.echo("The database is up to date.")
    build(current_app)
    if present_settings().in_production:
        return
    is_empty = not count_users()
    db.session.rollback()
    _run("demo", "load" if is_empty else "logins")


@click.command("wait")
@click.option("--seconds", type=click.IntRange(0, 86_400), default=600, show_default=True, help="For how long at most.")
@with_appcontext
def wait(seconds: int) -> None:
    """Wait until the database has the tables of this version, which another process brings up to date."""
    known_revisions()  # to read them takes longer than to ask the database, and is no time of its
    until, engine = time.monotonic() + seconds, db.engine.engine
    while pending := _pending(ask_database(lambda: find_revision(engine), until)):
        if time.monotonic() >= until:
            raise click.ClickException(f"{pending} migrations are pending. Run: flask --app wsgi db upgrade")
        time.sleep(0.5)
    click.echo("The tables are up to date.")


def _pending(present: str | None) -> int:
    pending = count_pending(present)
    if pending is None:
        raise click.ClickException(f"The tables are of revision {present}, which this version does not know.")
    return pending


@assets.command("build")
def build_assets() -> None:
    """Write static files under their hashed names and compressed, for WhiteNoise or a proxy to answer with."""
    click.echo(f"{build(current_app)} files are in {present_settings().static_folder()}.")


def _run(*path: str) -> None:
    """Run another command of the portal by its name: what it needs stands above this package."""
    command: click.Command = current_app.cli
    for name in path:
        if not isinstance(command, click.Group) or name not in command.commands:
            return
        command = command.commands[name]
    click.get_current_context().invoke(command)


class _Moment(click.ParamType):  # type: ignore[type-arg]  # generic for the type checker alone
    """An ISO 8601 time, with or without an offset."""

    name = "ISO-TIME"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The time as it was written."""
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not an ISO time such as 2026-11-23T08:00", param, ctx)


@reminders.command("run")
@click.option("--dry-run", is_flag=True, help="Only say who would be told what and why, and who would not and why.")
@click.option(
    "--at",
    type=_Moment(),
    help="The moment for which to ask who owes what, by the institution's clock unless it has an offset; default: now.",
)
def run(dry_run: bool, at: datetime | None) -> None:
    """Tell everyone which weekly logs they owe and were not told of yet, and send what waits to be sent."""
    if at and not at.tzinfo:
        at = at.replace(tzinfo=present_settings().zone)
    now = at or clock.now()
    if dry_run:
        _say_who_would_be_told(now)
        return
    told = remind(now, present_settings().zone)
    record_pass(REMINDERS, people=told.people, managers=told.managers)
    db.session.commit()
    click.echo(
        f"{told.people} people told: {told.missing} logs missing, {told.today} at their deadline, {told.due} due soon."
    )
    if told.managers:
        click.echo(f"{told.managers} told of {told.alerted} weeks that stay missing.")
    sent = deliver_pending(present_settings(), at=at)
    click.echo(f"{sent.sent} mails sent, {sent.suppressed} with nothing left to say, {sent.failed} failed.")
    if sent.deferred:
        click.echo(f"{sent.deferred} mails wait for the end of quiet hours or the next day.")
    if sent.released:
        raise click.ClickException("The mail server is away; the worker tries again.")


def _say_who_would_be_told(now: datetime) -> None:
    """Each person with what they would be told and why; then with what they would not, and why."""
    found = explain(now, present_settings().zone)
    told = [reason for reason in found.reasons if reason.stage]
    _say_each("Would be told", told)
    _say_each("Would not be told", [reason for reason in found.reasons if not reason.stage])
    for alert in found.alerts:
        for person in list_addressees(sorted(alert.shares)):
            weeks = len(alert.shares[person.user_id])
            click.echo(f"{person.full_name} <{person.email}>: of {weeks} weeks that stay missing, stage {alert.stage}")
    db.session.rollback()
    stages = Counter(base_of(reason.stage or "") for reason in told)
    people = len({reason.log.user_id for reason in told})
    click.echo(
        f"{people} people would be told: {stages[MISSING]} logs missing, {stages[TODAY]} at their deadline, "
        f"{stages[DUE]} due soon."
    )


def _say_each(title: str, reasons: Sequence[Reason]) -> None:
    if not reasons:
        return
    click.echo(f"{title}:")
    weeks: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for reason in reasons:
        weeks[f"{reason.log.full_name} <{reason.log.email}>", reason.log.course, reason.why].append(reason.log.week)
    for (person, course, why), numbers in weeks.items():
        click.echo(f"  {person}: {course} week {ranges(sorted(numbers))} ({why})")


@mail.command("test")
@click.argument("address")
def test(address: str) -> None:
    """Send one mail to ADDRESS, now."""
    settings = present_settings()
    try:
        with open_mail(settings.mail_address()) as post:
            post.send(write_test(address, settings), f"test-{clock.now():%Y%m%d-%H%M%S}")
    except Exception as error:
        raise click.ClickException(f"The mail was not sent: {error}") from None
    click.echo(f"A mail to {address} was handed over{_where(settings.mail_address())}.")


@mail.command("bounce")
@click.argument("file", type=click.File("rb"), default="-")
def bounce(file: BinaryIO) -> None:
    """Record for whom mail came back, from the delivery report in FILE (by default standard input).

    A mail server can pipe what comes back to it: an answer that is no report is nothing to it, and when the database is
    away it shall try again later (status 75, EX_TEMPFAIL).
    """
    try:
        count, why = record_report(file.read(MOST_BYTES))
        db.session.commit()
    except (OperationalError, InterfaceError):
        click.echo("The database is away; nothing was recorded.", err=True)
        raise SystemExit(_TRY_LATER) from None
    click.echo(f"Recorded for {count} address{'' if count == 1 else 'es'}." if count else f"Nothing recorded. {why}")


def _where(address: str) -> str:
    return f" as a file in {address.removeprefix('file:')}" if address.startswith("file:") else ""
