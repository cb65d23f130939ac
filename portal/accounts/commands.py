"""`flask users …`: the first administrator, and invitations without a page."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app

from portal.accounts import queries, services
from portal.accounts.queries.directory import list_never_invited
from portal.accounts.services import UserDraft, deletion, invitations
from portal.accounts.strength import check_strength
from portal.audit.services import System
from portal.command_line import Commands
from portal.config.present import present_settings
from portal.errors import DomainError
from portal.extensions import db
from portal.roles import Role

users = Commands("users", help="Accounts and invitations.")


@contextmanager
def in_words() -> Iterator[None]:
    """Say a broken rule in one line and end with status 1."""
    try:
        yield
    except DomainError as error:
        db.session.rollback()
        raise click.ClickException(str(error)) from None


@users.command("add")
@click.argument("email")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--locale", default="en", type=click.Choice(["en", "fr"]))
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add(email: str, role: str, first_name: str, last_name: str, locale: str, password_stdin: bool) -> None:
    """Make an account. Without a password it waits for an invitation."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    draft = UserDraft(email, Role(role), first_name, last_name, locale)
    with in_words():
        if password is not None:
            check_strength(password, (email, first_name, last_name, present_settings().portal_name))
        user = services.create_user(draft, System(), password)
    db.session.commit()
    click.echo(f"{user.email} is {user.role.value} now.")
    if password is None:
        click.echo(f"No password yet. Next: flask --app wsgi users invite {user.email}")


@users.command("invite")
@click.argument("email", required=False)
@click.option("--waiting", is_flag=True, help="Everyone who was never invited, by mail.")
@click.option("--role", type=click.Choice([role.value for role in Role]), help="With --waiting: only this role.")
def invite(email: str | None, waiting: bool, role: str | None) -> None:
    """Print a link for an account's first password, or send one to all who wait; it works once, for seven days."""
    key = current_app.config["SECRET_KEY"]
    if waiting == bool(email):
        raise click.UsageError("Give an address, or --waiting.")
    if waiting:
        never = list_never_invited(Role(role) if role else None)
        sent = invitations.invite_people(never, Role.ADMIN, key, System(), renew=False)
        db.session.commit()
        click.echo("1 invitation is on its way." if sent == 1 else f"{sent} invitations are on their way.")
        return
    with in_words():
        issued = services.invite(email or "", key, System(), by_mail=False)
    db.session.commit()
    click.echo(f"{current_app.config['PORTAL'].address()}/invitations/{issued.token}")


@users.command("anonymise")
@click.argument("email")
@click.option("--yes", is_flag=True, help="Do not ask.")
def anonymise(email: str, yes: bool) -> None:
    """Delete an account for good: who it was is removed, what they did stays without a name."""
    found = queries.find_person_by_email(email)
    if found is None:
        raise click.ClickException(f"There is no account with the address {email}.")
    db.session.rollback()
    if not yes:
        click.confirm(f"Nobody can undo this. Delete the account of {email}?", abort=True)
    with in_words():
        deletion.anonymise(found[0].id, System())
    db.session.commit()
    click.echo(f"The account {found[0].id} is anonymous now.")
