"""Users, sign-in and invitations."""

from flask import Flask

from portal.accounts import commands
from portal.accounts.routes import (
    address_links,
    invitations,
    password_change,
    passwords,
    profile,
    registration,
    sessions,
    sign_in,
)


def init_app(app: Flask) -> None:
    """Register pages and commands."""
    for pages in (sign_in, sessions, invitations, profile, address_links, registration, passwords, password_change):
        app.register_blueprint(pages.bp)
    app.cli.add_command(commands.users)
