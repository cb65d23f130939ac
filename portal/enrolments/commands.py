"""`flask enrolments …`."""

import re

import click
from flask import Flask

from portal.audit.services import System
from portal.command_line import Commands
from portal.enrolments.queries import find_miscounts
from portal.enrolments.queries.rosters import list_running_in
from portal.enrolments.services import count_anew, enrol_cohort, settle
from portal.extensions import db

enrolments = Commands("enrolments", help="Rosters of courses.")
_TERM = re.compile(r"(\d{4})-([1-3])")


def init_commands(app: Flask) -> None:
    """Register the commands."""
    app.cli.add_command(enrolments)


@enrolments.command("check")
@click.option("--mend", is_flag=True, help="Count those anew that do not agree, and let students move up.")
def check(mend: bool) -> None:
    """Say which courses keep other counts than their rosters give; status 1 when there is one and it stays."""
    found = find_miscounts()
    for one in found:
        click.echo(
            f"Course {one.offering_id}: keeps {one.enrolled_count} enrolled and {one.waiting_count} waiting, "
            f"the roster has {one.enrolled} and {one.waiting}."
        )
    if not found:
        click.echo("All counts agree.")
    elif mend:
        count_anew(one.offering_id for one in found)
        settle((one.offering_id for one in found), System())
        db.session.commit()
        click.echo("Counted anew.")
    else:
        raise click.exceptions.Exit(1)


@enrolments.command("cohorts")
@click.argument("term")
def cohorts(term: str) -> None:
    """Enrol each cohort on its planned and running courses of a term, such as 2026-3."""
    said = _TERM.fullmatch(term)
    if said is None:
        raise click.BadParameter("write a term as year and trimester: 2026-3")
    enrolled = waiting = 0
    for offering_id in list_running_in(int(said[1]), int(said[2])):
        joined = enrol_cohort(offering_id, System())
        # Course by course: nobody waits for a whole term.
        db.session.commit()
        enrolled += len(joined.enrolled)
        waiting += len(joined.waiting)
    click.echo(f"Enrolled: {enrolled}. On waiting lists: {waiting}.")
