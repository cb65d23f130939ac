"""`flask reflections export`."""

from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import current_app

from portal.accounts.commands import in_words
from portal.command_line import Commands
from portal.config.present import present_settings
from portal.errors import DomainError, lazy
from portal.reflections.site import files_of_site, write_site

reflections = Commands("reflections", help="Reflections.")


@reflections.command("export")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--portal", "address", help="The portal's address as browsers reach it; PUBLIC_URL unless given.")
def export(folder: Path, address: str | None) -> None:
    """Write the students' page into DIR, as plain files for a static host such as GitHub Pages."""
    settings = present_settings()
    with in_words():
        portal_url = _checked(address or settings.address())
        files = files_of_site(Path(current_app.static_folder or ""), portal_url, settings.portal_name)
        write_site(folder, files)
    click.echo(f"Wrote {len(files)} files to {folder}.")
    if settings.reflection_origins:
        click.echo(f"Pages of these origins may send: {settings.reflection_origins}")
    else:
        click.echo("No page may send yet: name the origin of the static host in REFLECTION_ORIGINS.", err=True)


def _checked(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise DomainError(lazy("Give the portal's address, such as https://teaching.example.org."))
    return address.rstrip("/")
