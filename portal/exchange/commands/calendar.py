"""`flask calendar …`: the breaks of the teaching calendar. A change plans all weekly logs anew."""

from datetime import date, datetime

import click
from flask_babel import ngettext

from portal.accounts.commands import in_words
from portal.audit.services import System
from portal.catalogue import services
from portal.catalogue.calendar import rules_of
from portal.catalogue.services import BreakDraft
from portal.command_line import Commands
from portal.config.present import present_settings
from portal.extensions import db
from portal.tracker.services import plan_logs

calendar = Commands("calendar", help="Breaks of the teaching calendar.")
_DAY = click.DateTime(["%Y-%m-%d"])


@calendar.command("add-break")
@click.argument("name")
@click.argument("start", type=_DAY)
@click.argument("end", type=_DAY)
def add_break(name: str, start: datetime, end: datetime) -> None:
    """Add days without teaching, START and END included."""
    with in_words():
        services.add_break(BreakDraft(name.strip(), start.date(), end.date()), System())
        _plan_anew()


@calendar.command("list-breaks")
def list_breaks() -> None:
    """List all breaks, oldest first."""
    for one in services.list_named_breaks():
        click.echo(f"{one.start_date}  {one.end_date}  {one.name}")


@calendar.command("remove-break")
@click.argument("name")
@click.argument("start", type=_DAY, required=False)
def remove_break(name: str, start: datetime | None) -> None:
    """Take a break out of the calendar; START tells breaks of the same name apart."""
    first: date | None = start.date() if start else None
    with in_words():
        services.remove_break(services.find_break(name, first), System())
        _plan_anew()


def _plan_anew() -> None:
    counts = plan_logs(None, rules_of(present_settings()))
    db.session.commit()
    changed = counts.created + counts.changed + counts.deleted
    click.echo(ngettext("%(num)d weekly log was planned anew.", "%(num)d weekly logs were planned anew.", changed))
