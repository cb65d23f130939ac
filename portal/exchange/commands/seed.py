"""`flask seed up`, `flask seed down` and `flask seed status`."""

import click

from portal.accounts.commands import in_words
from portal.command_line import Commands, ask_first
from portal.config.present import present_settings
from portal.exchange import seeding
from portal.exchange.seeding import Seed
from portal.extensions import db
from portal.migrating import wait_for_database

seed = Commands("seed", help="Reference and demo data as numbered steps that go up and down.")


@seed.command("up")
@click.argument("number", required=False)
def up(number: str | None) -> None:
    """Bring in all steps, or those up to NUMBER; in production without the demo institution unless it is named."""
    before = _seeds()
    last = _find(before, number) if number else before[-1]
    missing = [one for one in before if one.number <= last.number and not one.is_in]
    with in_words():
        for one in missing:
            if _is_for_here(one) or (number and one is last):
                seeding.bring_in(one)
    db.session.commit()
    _say_changes(before)


@seed.command("down")
@click.argument("number", required=False)
@click.option("--yes", is_flag=True, help="Do not ask, at a terminal either.")
def down(number: str | None, yes: bool) -> None:
    """Take out the newest step, or NUMBER and those of its kind after it; refused while it is used."""
    before = _seeds()
    there = [one for one in before if one.is_in]
    if not there:
        click.echo("No seed is in.")
        return
    wanted = _find(before, number) if number else there[-1]
    if not wanted.is_in:
        raise click.ClickException(f"Seed {wanted.number} ({wanted.title}) is not in. Nothing was changed.")
    if not yes:
        ask_first(f"Take out seed {wanted.number} ({wanted.title}) with all that came of it?")
    with in_words():
        seeding.take_back(wanted)
    db.session.commit()
    _say_changes(before)


@seed.command("status")
def status() -> None:
    """List all steps with their state."""
    for one in _seeds():
        state = "in" if one.is_in else "out"
        since = f"since {one.since:%Y-%m-%d %H:%M} UTC" if one.since else ""
        click.echo(f"{one.number}  {one.branch:<10}{one.title:<30}{state:<5}{since}".rstrip())


def _seeds() -> list[Seed]:
    """All steps as they are; nobody waits for whoever reads the list."""
    wait_for_database(present_settings().database_wait)
    with in_words():
        found = seeding.list_seeds()
    db.session.rollback()
    return found


def _find(seeds: list[Seed], number: str) -> Seed:
    for one in seeds:
        if one.number == number.zfill(4):
            return one
    known = ", ".join(one.number for one in seeds)
    raise click.BadParameter(f"there is no seed {number}; there are {known}", param_hint="NUMBER")


def _is_for_here(one: Seed) -> bool:
    return one.branch != seeding.DEMO or not present_settings().in_production


def _say_changes(before: list[Seed]) -> None:
    was = {one.number: one.is_in for one in before}
    changed = [one for one in seeding.list_seeds() if one.is_in != was[one.number]]
    db.session.rollback()
    for one in changed:
        click.echo(f"{one.number}  {one.title}: {'in' if one.is_in else 'out'}")
    if not changed:
        click.echo("Nothing was to be done.")
