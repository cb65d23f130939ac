"""`flask demo load`, `flask demo logins` and `flask demo clear`."""

import click

from portal.accounts.commands import in_words
from portal.audit.services import System
from portal.command_line import Commands, ask_first
from portal.config.present import present_settings
from portal.exchange.demo import people
from portal.exchange.demo.clear import clear_demo
from portal.exchange.demo.load import is_loaded, load_demo
from portal.exchange.seeding import note_demo
from portal.extensions import db

demo = Commands("demo", help="The demo institution, to try everything with.")


@demo.command("load")
def load() -> None:
    """Load it: one term around today, its people, courses and logs. Not in production."""
    with in_words():
        counts = load_demo(present_settings(), System())
    note_demo(is_in=True)
    db.session.commit()
    click.echo(
        f"Loaded {counts.courses} courses, {counts.facilitators} facilitators, {counts.students} students "
        f"and {counts.logs} weekly logs."
    )
    _say_logins()


@demo.command("logins")
def logins() -> None:
    """Say how to sign in to it; nothing where it is not loaded."""
    if is_loaded():
        _say_logins()


def _say_logins() -> None:
    click.echo(f"Demo accounts, all with the password {people.PASSWORD}:")
    for one in (people.ADMIN, people.HEAD, people.FACILITATORS[0], people.STUDENT):
        click.echo(f"  {one.email}")


@demo.command("clear")
@click.option("--yes", is_flag=True, help="Do not ask, at a terminal either.")
def clear(yes: bool) -> None:
    """Take it out again, and nothing else."""
    if is_loaded() and not yes:
        db.session.rollback()  # nobody waits for the answer with the database locked
        ask_first("Delete the demo institution with everything that was done in it?")
    with in_words():
        counts = clear_demo(present_settings(), System())
    note_demo(is_in=False)
    db.session.commit()
    click.echo(f"Removed {counts.courses} courses and {counts.people} people of the demo institution.")
    if counts.kept:
        click.echo(f"Kept, because your own courses use them: {', '.join(counts.kept)}")
